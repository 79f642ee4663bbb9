// The contract of history: what a name showed before, for as long as its bucket keeps it.
//
// A version becomes history when a newer one is published here. It shows nowhere by itself again: only a
// new version with the same content brings it back. History is each region's own: no feed carries it, and
// its end in one region says nothing to another (a purge does). A version in history refers to its blob
// like any other, so the bytes stay as long as it does.

/// What is known of a name.
package struct HistoryPage: Sendable, Hashable {
    /// Newest first: versions that wait, the one that shows, and history.
    package var versions: [ObjectVersion]
    /// What reads show, if anything; it may be on another page.
    package var visible: Version?
    /// Older versions follow.
    package var isTruncated: Bool

    package init(versions: [ObjectVersion], visible: Version?, isTruncated: Bool) {
        self.versions = versions
        self.visible = visible
        self.isTruncated = isTruncated
    }
}

/// A place in the order in which history ends: by its end, then by name and version.
package struct HistoryMark: Sendable, Hashable {
    package var keptUntilMilliseconds: Int64
    package var reference: VersionReference

    package init(keptUntilMilliseconds: Int64, reference: VersionReference) {
        self.keptUntilMilliseconds = keptUntilMilliseconds
        self.reference = reference
    }
}

package protocol ObjectHistory: Sendable {
    /// Versions of a name that are older than `before`, at most `limit`. Throws `noSuchBucket`.
    func versions(
        of name: ObjectName, before: Version?, limit: Int
    ) async throws -> HistoryPage

    /// One version, history or not; its bytes are read by the blob that its content names. Throws
    /// `noSuchKey` where it is not known, or not kept any more.
    func version(_ reference: VersionReference) async throws -> ObjectVersion

    /// History in the order in which it ends, behind `after`, at most `limit`.
    func history(after: HistoryMark?, limit: Int) async throws -> [HistoryMark]

    /// Lets go of history, all in one durable group. What is not history (any more) is passed over.
    func expire(_ references: [VersionReference]) async throws
}

extension ObjectHistory {
    /// Lets go of what was kept long enough, at most `limit` versions; returns how many. Fewer than the
    /// limit means that nothing is left to do now.
    package func expireHistory(nowMilliseconds: Int64, limit: Int) async throws -> Int {
        let ended = try await history(after: nil, limit: limit)
            .prefix { $0.keptUntilMilliseconds <= nowMilliseconds }
        if !ended.isEmpty { try await expire(ended.map(\.reference)) }
        return ended.count
    }
}

extension HistoryPage {
    /// The page of a register.
    package init(_ register: ObjectRegister, before: Version?, limit: Int) {
        let all = register.versions[...]
        let older =
            if let before {
                if let place = all.firstIndex(where: { $0.version == before }) {
                    all[(place + 1)...]
                } else {
                    all.drop { $0.order >= before }
                }
            } else {
                all
            }
        self.init(
            versions: Array(older.prefix(limit)), visible: register.visible?.version,
            isTruncated: older.count > limit)
    }
}

extension ObjectRegister {
    /// Throws `noSuchKey`.
    package func version(_ reference: VersionReference) throws(StorageError) -> ObjectVersion {
        guard let found = versions.first(where: { $0.version == reference.version }) else {
            throw StorageError(
                .noSuchKey, "\(reference.name) has no version \(reference.version) here")
        }
        return found
    }
}

extension HistoryMark: Comparable {
    /// `nil` for a version that is not history.
    package init?(_ version: ObjectVersion) {
        guard let until = version.keptUntilMilliseconds else { return nil }
        self.init(
            keptUntilMilliseconds: until,
            reference: version.reference)
    }

    package static func < (left: HistoryMark, right: HistoryMark) -> Bool {
        (left.keptUntilMilliseconds, left.reference.name, left.reference.version)
            < (right.keptUntilMilliseconds, right.reference.name, right.reference.version)
    }
}
