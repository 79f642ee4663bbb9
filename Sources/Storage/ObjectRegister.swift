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

    /// What wins among the published versions; a tombstone may. History never wins again by itself.
    package var published: ObjectVersion? {
        versions.first { $0.state == .published && !$0.isHistory }
    }

    /// What reads and lists show under the `complete` policy.
    package var visible: ObjectVersion? { published.flatMap { $0.isPut ? $0 : nil } }

    /// Versions that wait for their closure and would win once published, newest first.
    package var pending: [ObjectVersion] {
        versions.prefix { $0.state == .pending || $0.isHistory }.filter { !$0.isHistory }
    }

    /// Superseded versions that are kept, newest first.
    package var history: [ObjectVersion] { versions.filter(\.isHistory) }

    /// Takes in one version. Taking the same one twice changes nothing, except that `published`
    /// replaces `pending`, that history is kept until the later of two times, and that the later of two
    /// places in the feed counts. Returns whether anything changed.
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

    /// Whether the version is here, as what it is, as history, or as a purge.
    package func holds(_ version: Version) -> Bool {
        versions.contains { $0.version == version } || purges.contains { $0.version == version }
    }

    /// Takes in everything another region holds of the same name.
    package mutating func merge(_ other: ObjectRegister) {
        for purge in other.purges { insert(purge) }
        for version in other.versions { insert(version) }
    }

    /// Removes and returns what no read can show any more and nothing keeps: everything older than the
    /// published version that is not history.
    package mutating func dropSuperseded() -> [ObjectVersion] {
        guard let winner = published?.version else { return [] }
        let isDropped = { (version: ObjectVersion) in
            version.version < winner && !version.isHistory
        }
        let dropped = versions.filter(isDropped)
        if !dropped.isEmpty { versions.removeAll(where: isDropped) }
        return dropped
    }

    /// Lets go of a version that is history. Returns whether it was here.
    @discardableResult
    package mutating func expire(_ version: Version) -> Bool {
        guard let index = versions.firstIndex(where: { $0.version == version && $0.isHistory })
        else { return false }
        versions.remove(at: index)
        return true
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
        return list[index].join(entry)
    }
}

extension ObjectVersion {
    /// Takes on what else is known of the same version: the later of its states, of its ends and of its
    /// places (its origin gives it another where it had lost it). Returns whether that changed anything.
    fileprivate mutating func join(_ other: ObjectVersion) -> Bool {
        let before = self
        if state == .pending, other.state == .published { state = .published }
        if let until = other.keptUntilMilliseconds, until > keptUntilMilliseconds ?? .min {
            keptUntilMilliseconds = until
        }
        if let place = other.position, position?.isEarlier(than: place) ?? true { position = place }
        return self != before
    }
}
