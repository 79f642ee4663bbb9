// Puts that wait and will hardly ever be published, as far as can be told here: no tombstone waits for them. The
// rule is in `OrderOfDeletes`.

internal import Storage

extension Replicator {
    /// Looked for where tombstones are examined; most often there is none.
    func hopelessPuts() -> Set<VersionReference> {
        var hopeless: Set<Int> = []
        var next: [Int] = []
        for (ordinal, tracked) in pending.entriesByOrdinal
        where tracked.isPut && isHopeless(tracked) {
            hopeless.insert(ordinal)
            next.append(ordinal)
        }
        // What needs a name of which every put is without hope is so too.
        while let ordinal = next.popLast() {
            guard let name = pending[ordinal]?.entry.name else { continue }
            let puts = pending.ordinals(of: name).filter { pending[$0]?.isPut == true }
            guard puts.allSatisfy(hopeless.contains) else { continue }
            for waiter in pending.waiters(for: name)
            where pending[waiter]?.isPut == true && hopeless.insert(waiter).inserted {
                next.append(waiter)
            }
        }
        return Set(hopeless.compactMap { pending[$0]?.entry.reference })
    }

    /// Whether a put of this name is without hope by itself.
    func isHopeless(_ name: ObjectName) -> Bool {
        pending.ordinals(of: name).contains { pending[$0].map(isHopeless) == true }
    }

    private func isHopeless(_ tracked: TrackedEntry) -> Bool {
        if tracked.trouble != nil || tracked.missing.contains(where: isNowhere) { return true }
        guard tracked.isBlobMissing, let blob = tracked.entry.blob else { return false }
        return fetches.jobs[blob].map(isNowhere) ?? false
    }

    func isNowhere(_ job: FetchJob) -> Bool { job.roundsAbsent >= limits.roundsWithoutBlob }

    /// A round is over: whether everyone who could have the blob said that it does not.
    mutating func countAbsence(of job: FetchJob) {
        let isAbsent = peerNames.allSatisfy { peer in
            isRemoved(peer) || job.absent.contains(peer)
                || refusals[SourceOfBlob(blob: job.blob, peer: peer)]?.isAbsent == true
        }
        let wasNowhere = isNowhere(job)
        let rounds = isAbsent ? job.roundsAbsent + 1 : 0
        // With nobody left to ask there is no other round.
        let isLast = peerNames.allSatisfy(isRemoved)
        fetches.noteAbsent(job.blob, rounds: isLast ? limits.roundsWithoutBlob : rounds)
        if !wasNowhere, fetches.jobs[job.blob].map(isNowhere) == true { areDeletesStale = true }
    }

    func isRemoved(_ peer: String) -> Bool { pins[peer].map(removed.contains) ?? false }

    /// Has the tombstones that wait examined again, since some of what they wait for may be without hope.
    mutating func requeueDeletes() {
        guard areDeletesStale else { return }
        areDeletesStale = false
        for ordinal in pending.waiting where pending[ordinal]?.isPut == false { requeue(ordinal) }
    }
}
