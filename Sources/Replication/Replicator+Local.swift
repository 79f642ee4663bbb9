// Watching this region's own writes while entries wait: a local push may bring what they wait for, and
// a local write of the same name supersedes them.

internal import Storage

extension Replicator {
    mutating func pumpWatch() {
        guard pending.count > 0 || hasWithheld else {
            if !isWatching { localCursor = nil }
            return
        }
        // Once begun it goes on until nothing is pending: entries that are examined again do not end it.
        guard !isWatching, !isWatchResting,
            localCursor != nil || pending.waitingCount > 0 || hasWithheld
        else { return }
        isWatching = true
        directives.append(.watchLocal(after: localCursor))
    }

    mutating func localChanged(_ names: [ObjectName]?, through: FeedPosition) {
        isWatching = false
        localCursor = through
        guard let names else {
            if hasWithheld { return reread() }
            for ordinal in pending.waiting { requeue(ordinal) }
            return
        }
        if names.contains(where: RulesInForce.depend) { reread() }
        guard pending.count > 0 else { return }
        for name in names {
            wake(name)
            for ordinal in pending.ordinals(of: name) { requeue(ordinal) }
        }
    }
}
