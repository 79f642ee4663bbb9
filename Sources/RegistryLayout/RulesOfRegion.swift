// The replication rules of a bucket that hold in one region, asked key by key.

package import Storage

package struct RulesOfRegion: Sendable, Hashable {
    package enum Verdict: Sendable, Hashable {
        case taken
        case withheld
        /// Bytes that a registry's repositories share. No rule is asked: they come with the links to them, so that
        /// what only excluded repositories have is not fetched, and what any other needs is.
        case withLinks(RegistryRoot, ContentDigest)
    }

    private let rules: [ReplicationRule]
    private let hasRegistry: Bool
    private let excludesWrites: Bool

    /// `nil` where they withhold nothing. `region` is the name of the region that they are asked in.
    package init?(_ settings: BucketSettings, in region: String) {
        rules = settings.replication.rules.filter { $0.holds(in: region) }
        excludesWrites = rules.contains { $0.action == .exclude }
        hasRegistry = settings.layout == .distribution
        guard excludesWrites || rules.contains(where: { !$0.takesDeletes }) else { return nil }
    }

    /// What becomes of a write, or a delete, of another region at this key. What deletes shared bytes is taken: only
    /// what reaches them can tell whether they must stay.
    package func verdict(_ key: ObjectKey, isDelete: Bool) -> Verdict {
        let path = hasRegistry ? LayoutPath(key) : nil
        if case .blobData(let root, let digest) = path {
            return excludesWrites && !isDelete ? .withLinks(root, digest) : .taken
        }
        guard let rule = rules.first(where: { $0.matches(key, path) }) else { return .taken }
        let isTaken = isDelete ? rule.takesDeletes : rule.action == .include
        return isTaken ? .taken : .withheld
    }
}

extension ReplicationRule {
    fileprivate func matches(_ key: ObjectKey, _ path: LayoutPath?) -> Bool {
        if let prefix, !key.bytes.starts(with: prefix.utf8) { return false }
        if let repository {
            guard let name = path?.repository?.name, repository.matches(name) else { return false }
        }
        if let tag {
            guard let name = path?.tag, tag.matches(name) else { return false }
        }
        return true
    }
}
