// What a client calls a version of an object (Amazon S3 User Guide, "How S3 Versioning works").
//
// A version that was written while its bucket had versioning enabled has an id of its own: its stamp, which is
// the same in every region. All others are `null`. Of one id there is one version in the end: of the null ones
// the newest, as in a bucket that never had versioning; of an id of its own the last that was said of it (its tags
// may change, its bytes never do). What has an id of its own is superseded by nothing but that: it stays until it
// is purged. So whether a version is kept follows from the version itself, and every region, whatever it has
// heard by then of the bucket's setting, decides alike.

package enum VersionID: Hashable, Sendable {
    /// `null`, of a bucket that never had versioning.
    case unversioned
    /// `null`, of a bucket whose versioning was suspended.
    case null
    /// The stamp of the write that made it.
    case stamp(Version)

    /// The stamp; `nil` for what is `null`.
    package var stamp: Version? {
        if case .stamp(let version) = self { version } else { nil }
    }

    /// Whether both are the same to a client.
    package func names(_ other: VersionID) -> Bool { stamp == other.stamp }
}

extension VersionID: CustomStringConvertible {
    package var description: String { stamp?.description ?? "null" }

    /// Parses what `description` writes, and nothing else.
    package init?(_ text: String) {
        if text == "null" {
            self = .null
        } else if let version = Version(text), version.description == text {
            self = .stamp(version)
        } else {
            return nil
        }
    }
}

/// A bucket's setting; one that was never made is not there.
package enum BucketVersioning: String, Sendable, Hashable, CaseIterable {
    case enabled
    case suspended

    /// The document that the setting is stored as.
    package var document: String { "{\"format\":1,\"versioning\":\"\(rawValue)\"}\n" }

    /// What a document says. One that is none of these was written by a later version: then everything is kept.
    package init(document: some Collection<UInt8>) {
        let known = Self.allCases.first { $0.document.utf8.elementsEqual(document) }
        self = known ?? .enabled
    }

    /// The id of a version that is written now.
    package func id(of version: Version) -> VersionID {
        switch self {
        case .enabled: .stamp(version)
        case .suspended: .null
        }
    }
}
