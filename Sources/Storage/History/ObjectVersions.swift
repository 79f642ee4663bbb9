// The contract of versions as clients know them: what a bucket with versioning keeps of each name. Every
// published version that no other of its id took the place of is there, deletions among them, until it is purged.

/// Where a list of versions goes on.
package struct VersionMarker: Sendable, Hashable {
    package var key: ObjectKey
    /// Behind this version of the key; behind all that begins with it where `nil`.
    package var id: VersionID?

    package init(key: ObjectKey, id: VersionID? = nil) {
        self.key = key
        self.id = id
    }
}

/// What to list. An entry is a version, or a common prefix (see `ListRequest`).
package struct VersionListRequest: Sendable, Hashable {
    package var bucket: String
    package var prefix: ObjectKey
    package var delimiter: [UInt8]?
    package var after: VersionMarker?
    package var limit: Int

    package init(
        bucket: String, prefix: ObjectKey = "", delimiter: [UInt8]? = nil,
        after: VersionMarker? = nil, limit: Int = 1000
    ) {
        self.bucket = bucket
        self.prefix = prefix
        self.delimiter = delimiter
        self.after = after
        self.limit = limit
    }
}

package enum VersionListEntry: Sendable, Hashable {
    /// A put, or a tombstone that is a delete marker.
    case version(ObjectVersion, isLatest: Bool)
    case commonPrefix(ObjectKey)

    package var key: ObjectKey {
        switch self {
        case .version(let version, _): version.name.key
        case .commonPrefix(let prefix): prefix
        }
    }

    /// What the next page takes.
    package var marker: VersionMarker {
        switch self {
        case .version(let version, _):
            VersionMarker(key: version.name.key, id: version.versionID)
        case .commonPrefix(let prefix): VersionMarker(key: prefix)
        }
    }
}

package struct VersionListPage: Sendable, Hashable {
    /// By key, then newest first.
    package var entries: [VersionListEntry]
    package var isTruncated: Bool

    package init(entries: [VersionListEntry], isTruncated: Bool) {
        self.entries = entries
        self.isTruncated = isTruncated
    }
}

package protocol ObjectVersions: Sendable {
    /// The version of a name that has this id; without one, the latest. A put, or a delete marker; `nil` where
    /// there is none. Throws `noSuchBucket`. A put in quarantine is taken out first where it is the one that
    /// shows, as by `ObjectStore.object`.
    func version(of name: ObjectName, id: VersionID?) async throws -> ObjectVersion?

    /// The cost of a page is proportional to the page. Where the version that `after` names is gone, the list
    /// goes on behind its place. Throws `noSuchBucket`.
    func list(_ request: VersionListRequest) async throws -> VersionListPage
}

extension ObjectRegister {
    /// The versions that clients know of, newest first: the first is the latest. A deletion from before the
    /// bucket had versioning is none, unless it hides one that is.
    package var listed: [ObjectVersion] {
        let published = versions.filter { $0.state == .published && !$0.isHistory }
        let known = published.filter { $0.content != nil || $0.versionID != .unversioned }
        guard let latest = published.first, latest != known.first, !known.isEmpty else {
            return known
        }
        return [latest] + known
    }

    /// The listed version of an id; without one, the latest.
    package func listed(id: VersionID?) -> ObjectVersion? {
        guard let id else { return listed.first }
        return listed.first { $0.versionID.names(id) }
    }

    /// The listed versions behind the one of an id; all of them where a null version was that, and is gone.
    package func listed(after id: VersionID) -> ArraySlice<ObjectVersion> {
        let all = listed
        if let place = all.firstIndex(where: { $0.versionID.names(id) }) {
            return all[(place + 1)...]
        }
        guard let stamp = id.stamp else { return all[...] }
        return all.drop { $0.order >= stamp }
    }
}
