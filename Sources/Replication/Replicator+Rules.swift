// What the rules of a bucket withhold is not waited for: nothing is remembered of it here, so it counts as no lag, takes
// no room and holds nothing back. In the store it waits as before; when rules change, all that waits is read once
// more, as after a start, and decided anew. So it is now and then in any case: what is withheld because of something
// else (a put that needs it, a name that stays) may not be any more.

internal import Storage

extension Replicator {
    mutating func withhold(_ ordinal: Int) {
        guard let tracked = pending[ordinal] else { return }
        if !hasWithheld {
            hasWithheld = true
            setTimer(.rules, inMilliseconds: limits.withheldRestMilliseconds)
        }
        // The rules may have changed since it was examined.
        if tracked.isStale {
            pending[ordinal]?.phase = .waiting
            return requeue(ordinal)
        }
        forget(ordinal)
        wake(tracked.entry.name)
    }

    /// Has all that waits read again and decided anew.
    mutating func reread() {
        for ordinal in pending.waiting + examining { requeue(ordinal) }
        rereadWaiting()
    }

    mutating func rereadInTime() {
        reread()
        setTimer(.rules, inMilliseconds: limits.withheldRestMilliseconds)
    }
}
