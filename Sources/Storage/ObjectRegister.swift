// All that a region knows of one name, and how two such states merge. An object is a register: the
// greatest version that was not purged wins. The merge is a union, so it is commutative, associative
// and idempotent; every store and the simulation decide by this one type.
//
// What a version supersedes is every older one of its own id (`VersionID`): in a bucket without versioning all
// that there was, in one with it nothing.

/// The versions of one object that a region holds.
package struct ObjectRegister: Hashable, Sendable {
    /// Newest first, by their order; no two with the same version; never a purge.
    package private(set) var versions: [ObjectVersion] = []
    /// Purges, newest first, each naming a version that is not in `versions`.
    package private(set) var purges: [ObjectVersion] = []

    package init() {}

    /// The greatest stamp known for this name, pending ones and purges included: a local write must be
    /// stamped above it.
    package var greatestStamp: HybridTimestamp? {
        let purge = purges.first?.version.stamp
        return versions.reduce(purge) { max($0 ?? $1.version.stamp, $1.version.stamp) }
    }

    /// What wins among the published versions; a tombstone may. History never wins again by itself.
    package var published: ObjectVersion? {
        versions.first { $0.state == .published && !$0.isHistory }
    }

    /// What reads and lists show under the `complete` policy.
    package var visible: ObjectVersion? { published.flatMap { $0.isPut ? $0 : nil } }

    /// Versions that wait for their closure, newest first.
    package var pending: [ObjectVersion] {
        versions.filter { $0.state == .pending && !$0.isHistory }
    }

    /// Of those that wait, the ones that would show once they are published, newest first.
    package var successors: [ObjectVersion] {
        versions.prefix { $0.state == .pending || $0.isHistory }.filter { !$0.isHistory }
    }

    /// Superseded versions that are kept, newest first.
    package var history: [ObjectVersion] { versions.filter(\.isHistory) }

    /// Takes in one version. Taking the same one twice changes nothing, except that `published`
    /// replaces `pending`, that history is kept until the later of two times, and that the later of two
    /// places in the feed counts. Returns whether anything changed.
    @discardableResult
    package mutating func insert(_ version: ObjectVersion) -> Bool {
        if case .purge = version.kind {
            guard Self.insert(version, into: &purges) else { return false }
            versions.removeAll(where: version.purges)
            return true
        }
        let isPurged = purges.contains { $0.purges(version) }
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

    /// Removes and returns what no read can show any more and nothing keeps: everything of the id of a published
    /// version that is older than that, and is not history.
    package mutating func dropSuperseded() -> [ObjectVersion] {
        guard versions.count > 1 else { return [] }
        var winners: [Version?: Version] = [:]
        for version in versions where version.state == .published && !version.isHistory {
            let id = version.versionID.stamp
            winners[id] = max(winners[id] ?? version.version, version.version)
        }
        let isDropped = { (version: ObjectVersion) in
            guard !version.isHistory, let winner = winners[version.versionID.stamp] else {
                return false
            }
            return version.version < winner
        }
        let dropped = versions.filter(isDropped)
        if !dropped.isEmpty { versions.removeAll(where: isDropped) }
        return dropped
    }

    /// Puts that wait, of which this one, which waits too and is of the same region, takes the place: nobody will tell of
    /// them any more.
    package func overtaken(by version: Version) -> [ObjectVersion] {
        guard let new = pending.first(where: { $0.version == version }), new.isPut else {
            return []
        }
        return pending.filter { $0.isOvertaken(by: new) }
    }

    package func isOvertaken(_ version: Version) -> Bool {
        guard let old = pending.first(where: { $0.version == version }) else { return false }
        return pending.contains { old.isOvertaken(by: $0) }
    }

    /// Lets go of a version that is history, of a put that is overtaken, or of a purge. Returns whether it was here.
    @discardableResult
    package mutating func expire(_ version: Version) -> Bool {
        if let index = purges.firstIndex(where: { $0.version == version }) {
            purges.remove(at: index)
            return true
        }
        guard let index = versions.firstIndex(where: { $0.version == version }),
            versions[index].isHistory || isOvertaken(version)
        else { return false }
        versions.remove(at: index)
        return true
    }

    private static func insert(_ entry: ObjectVersion, into list: inout [ObjectVersion]) -> Bool {
        let index = index(of: entry.place, in: list)
        guard index < list.count, list[index].version == entry.version else {
            list.insert(entry, at: index)
            return true
        }
        return list[index].join(entry)
    }

    /// Of the first that does not come before the place. By halves: a name may have very many versions.
    private static func index(of place: (Version, Version), in list: [ObjectVersion]) -> Int {
        var (from, to) = (0, list.count)
        while from < to {
            let middle = from + (to - from) / 2
            if list[middle].place <= place { to = middle } else { from = middle + 1 }
        }
        return from
    }
}

extension ObjectVersion {
    /// Of those of one id, the one that was said last comes first. Purges stand by their own stamps.
    fileprivate var place: (Version, Version) {
        if case .purge = kind { (version, version) } else { (order, version) }
    }

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

extension ObjectVersion {
    fileprivate func isOvertaken(by other: ObjectVersion) -> Bool {
        isPut && other.isPut && other.version > version && other.version.region == version.region
            && versionID.names(other.versionID)
    }
}
