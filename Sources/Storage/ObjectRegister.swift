// All that a region knows of one name, and how two such states merge. An object is a register: the
// greatest version that was not purged wins. The merge is a union, so it is commutative, associative
// and idempotent; every store and the simulation decide by this one type.

/// The versions of one object that a region holds.
package struct ObjectRegister: Hashable, Sendable {
    /// Newest first; no two with the same version; never a purge.
    package private(set) var versions: [ObjectVersion] = []
    /// Purges, newest first, each naming a version that is not in `versions`.
    package private(set) var purges: [ObjectVersion] = []

    package init() {}

    /// The greatest stamp known for this name, pending ones and purges included: a local write must be
    /// stamped above it.
    package var greatestStamp: HybridTimestamp? {
        [versions.first, purges.first].compactMap { $0?.version.stamp }.max()
    }

    /// What wins among the published versions; a tombstone may.
    package var published: ObjectVersion? { versions.first { $0.state == .published } }

    /// What reads and lists show under the `complete` policy.
    package var visible: ObjectVersion? { published.flatMap { $0.content == nil ? nil : $0 } }

    /// Versions that wait for their closure and would win once published, newest first.
    package var pending: ArraySlice<ObjectVersion> {
        versions.prefix { $0.state == .pending }
    }

    /// Takes in one version. Taking the same one twice changes nothing, except that `published`
    /// replaces `pending`. Returns whether anything changed.
    @discardableResult
    package mutating func insert(_ version: ObjectVersion) -> Bool {
        if case .purge(let target) = version.kind {
            guard Self.insert(version, into: &purges) else { return false }
            versions.removeAll { $0.version == target }
            return true
        }
        let isPurged = purges.contains { $0.kind == .purge(version.version) }
        return isPurged ? false : Self.insert(version, into: &versions)
    }

    /// Takes in everything another region holds of the same name.
    package mutating func merge(_ other: ObjectRegister) {
        for purge in other.purges { insert(purge) }
        for version in other.versions { insert(version) }
    }

    /// Marks a pending version as published. Returns whether it was pending here.
    @discardableResult
    package mutating func publish(_ version: Version) -> Bool {
        guard let index = versions.firstIndex(where: { $0.version == version }),
            versions[index].state == .pending
        else { return false }
        versions[index].state = .published
        return true
    }

    /// Removes and returns what no read can show any more and no retention keeps: everything older than
    /// the published version, beyond the newest `keeping` of them.
    package mutating func dropSuperseded(keeping: Int = 0) -> [ObjectVersion] {
        guard let winner = versions.firstIndex(where: { $0.state == .published }) else { return [] }
        let first = min(versions.count, winner + 1 + keeping)
        let dropped = Array(versions[first...])
        versions.removeSubrange(first...)
        return dropped
    }

    private static func insert(_ entry: ObjectVersion, into list: inout [ObjectVersion]) -> Bool {
        guard let index = list.firstIndex(where: { $0.version <= entry.version }) else {
            list.append(entry)
            return true
        }
        guard list[index].version == entry.version else {
            list.insert(entry, at: index)
            return true
        }
        guard list[index].state == .pending, entry.state == .published else { return false }
        list[index].state = .published
        return true
    }
}
