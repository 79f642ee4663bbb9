// Following feeds: ranges come in, are merged one at a time, and move a cursor only over a stretch that
// continues it. A peer is polled again while its last answer is still being merged.

internal import DequeModule
internal import RegistryLayout
internal import Storage

extension Replicator {
    /// An answer that came sooner than this, and is empty, did not wait for news.
    private static let atOnceMilliseconds: Int64 = 20
    private static let emptyRestMilliseconds: Int64 = 50

    mutating func fed(by peer: String, _ ranges: [FeedRange], held: HeldEntry?) {
        guard let polled = peers[peer]?.polled else { return }
        peers[peer]?.polled = nil
        peers[peer]?.attempts = 0
        if peers[peer]?.isFeedRefused == true {
            peers[peer]?.isFeedRefused = false
            peers[peer]?.lastError = nil
        }
        peers[peer]?.heardMilliseconds = nowMilliseconds
        for range in ranges {
            let asked = polled[range.origin] ?? .start
            guard range.after.number <= asked.number, range.isSound else {
                let message =
                    "a range of \(range.origin) behind \(range.after), asked was \(asked)"
                report(.malformedAnswer(peer: peer, message: message))
                return disconnected(peer, message)
            }
            if isRewound(range, from: asked, by: peer) {
                rewind(peer, range)
            }
            take(range, from: peer)
        }
        noteHeld(held, of: peer)
        let elapsed = nowMilliseconds - (peers[peer]?.pollStartedMilliseconds ?? 0)
        if let held {
            // Again when its time has come; now and then before, as clocks are set right.
            let early = held.aheadMilliseconds - limits.skewMilliseconds
            restPoll(
                peer, max(Self.emptyRestMilliseconds, min(early, limits.lastRetryMilliseconds)))
        } else if ranges.isEmpty, elapsed < Self.atOnceMilliseconds {
            restPoll(peer, Self.emptyRestMilliseconds)
        }
    }

    mutating func restPoll(_ peer: String, _ milliseconds: Int64) {
        peers[peer]?.isPollResting = true
        setTimer(.poll(peer: peer), inMilliseconds: milliseconds)
    }

    /// Alarms once for each entry, not at each attempt.
    private mutating func noteHeld(_ held: HeldEntry?, of peer: String) {
        if let held, held.reference != peers[peer]?.held?.reference {
            report(.held(peer: peer, held))
        }
        peers[peer]?.held = held
    }

    /// What begins behind the received position is left for the next poll: a failed merge has moved that
    /// position back. What ends before it came from another peer already.
    private mutating func take(_ range: FeedRange, from peer: String) {
        let known = received[range.origin] ?? .start
        guard range.origin != region, range.after.number <= known.number,
            range.through.number > known.number
        else { return }
        received[range.origin] = range.through
        merges.append(Merge(peer: peer, content: .range(range)))
    }

    mutating func pumpMerges() {
        guard mergeInFlight == nil, !isStoreResting, let merge = merges.popFirst() else { return }
        mergeInFlight = merge
        switch merge.content {
        case .range(let range): directives.append(.merge(range))
        case .named(let entries): directives.append(.mergeNamed(entries))
        case .rewind(let origin, let position, let head):
            directives.append(.rewind(origin, to: position, head: head))
        case .recovered(let stretch, let other):
            directives.append(.noteRecovered(stretch, from: other))
        }
    }

    mutating func merged(wrongInline: [BlobID]) {
        guard let merge = mergeInFlight else { return }
        mergeInFlight = nil
        storeFailures = 0
        if isMergeUncertain {
            // What failed may be durable all the same, and whoever told of it was put back to an older copy since.
            isMergeUncertain = false
            rereadWaiting()
        }
        for blob in wrongInline {
            refuseSource(merge.peer, blob, "the bytes beside an entry do not have its digest")
        }
        switch merge.content {
        case .range(let range):
            cursors[range.origin] = range.through
            for entry in range.entries { took(entry, from: merge.peer) }
        case .named(let entries):
            for entry in entries { took(entry, from: merge.peer) }
        case .rewind(let origin, let position, _):
            cursors[origin] = position
        case .recovered:
            peers[merge.peer]?.lost = nil
            report(.recovered(peer: merge.peer))
        }
    }

    private mutating func took(_ entry: FeedEntry, from peer: String) {
        if case .purge(let version) = entry.object.kind {
            let purged = VersionReference(name: entry.object.name, version: version)
            if let ordinal = pending.ordinal(of: purged) { forget(ordinal) }
            // What else it took out is found not to wait any more.
            for ordinal in pending.ordinals(of: entry.object.name) { requeue(ordinal) }
            wake(entry.object.name)
        } else if let entry = PendingEntry(entry.object) {
            track(entry, fedBy: peer)
        }
    }

    /// The store may have rested in the middle of anything: what was under way is done again.
    mutating func storeFailed(_ call: StoreStep, _ message: String) {
        report(.storeFailed(call, message: message))
        storeFailures += 1
        let rest = restMilliseconds(after: storeFailures, last: limits.lastReconnectMilliseconds)
        switch call {
        case .loadPending:
            isLoading = false
        case .merge:
            loseMerges()
            loseReturned()
            isMergeUncertain = true
        case .examine:
            toExamine.prepend(contentsOf: examining)
            for ordinal in examining { pending[ordinal]?.phase = .queued }
            examining = []
        case .publish:
            unpublish()
        case .fetch:
            break
        case .watch:
            isWatching = false
            isWatchResting = true
            return setTimer(.watch, inMilliseconds: rest)
        }
        isStoreResting = true
        setTimer(.store, inMilliseconds: rest)
    }
}

extension FeedRange {
    /// Entries ascend, lie within the range, are its origin's, and are none that stay in a region.
    var isSound: Bool {
        var last = after
        for entry in entries {
            guard let position = entry.object.position, last.precedes(position),
                entry.object.version.region == origin, !KeyRules.isRegionLocal(entry.object.name)
            else { return false }
            last = position
        }
        return last.number <= through.number && through.number <= head.number
    }
}
