// What follows when a region was put back from an older copy of its data directory. Its feed then goes on from an
// earlier place, in a new incarnation, and gives numbers a second time.
//
// The region itself learns of it in a handshake: a peer knows of a place of its feed that it never issued: its cursor
// is there, a version that came by its name was, or the feed ended there when a range of it was made. The region
// asks that peer for everything behind the last place that both have, merges it (each version keeps its stamp
// and takes a new place, so that whoever follows hears of it), and when all of that is durable says so,
// durably. Until then the peer's own requests are refused.
//
// Whoever follows it is then answered with a range from the start of the feed, and moves its cursor back to there:
// what was lost had taken the place of older versions that show again, and of those it was not told. What it knew of
// the lost stretch it keeps.
//
// So nothing that one of the two has is lost, whichever of them is asked first: the stretch is not forgotten
// by the one before the other has it.

internal import DequeModule
internal import Storage

extension Replicator {
    mutating func lost(_ stretch: LostStretch?, to peer: String, in run: RegionRun) {
        let known = peers[peer]?.lost
        guard stretch != known?.stretch || run != known?.run else { return }
        peers[peer]?.lost = stretch.map { LostFeed($0, knownTo: run) }
        if let stretch { report(.recovering(peer: peer, stretch)) }
    }

    mutating func pumpLost(_ peer: String) {
        guard let lost = peers[peer]?.lost, !lost.isAsked, !lost.isComplete, isLoaded,
            merges.count < limits.queuedMerges, hasRoom(for: region)
        else { return }
        peers[peer]?.lost?.isAsked = true
        directives.append(.askLost(peer: peer, after: lost.next))
    }

    mutating func returned(by peer: String, _ range: FeedRange) {
        guard let lost = peers[peer]?.lost, lost.isAsked else { return }
        peers[peer]?.lost?.isAsked = false
        // An answer to what was asked before the store failed is asked for again.
        guard range.after == lost.next else { return }
        let isLast = range.through.number >= lost.stretch.through.number
        guard range.origin == region, range.isSound, range.after.precedes(range.through),
            isLast || !range.entries.isEmpty
        else {
            let message = "no stretch of this region's feed behind \(lost.next)"
            report(.malformedAnswer(peer: peer, message: message))
            return disconnected(peer, message)
        }
        merges.append(Merge(peer: peer, content: .named(range.entries)))
        peers[peer]?.lost?.next = range.through
        guard isLast else { return }
        peers[peer]?.lost?.isComplete = true
        merges.append(Merge(peer: peer, content: .recovered(lost.stretch, from: lost.run)))
    }

    /// What was not merged has to come once more.
    mutating func loseReturned() {
        for peer in peerNames {
            guard let lost = peers[peer]?.lost else { continue }
            peers[peer]?.lost?.next = lost.stretch.after
            peers[peer]?.lost?.isComplete = false
        }
    }

    /// Whether a peer's answer says that it goes on from an earlier place than was asked, or, where it has nothing to tell,
    /// that it ends earlier than was seen.
    func isRewound(_ range: FeedRange, from asked: FeedPosition, by peer: String) -> Bool {
        guard range.origin == pins[peer], range.after.number <= asked.number else { return false }
        return range.after != asked && asked != .start || range.through == range.after
    }

    mutating func rewind(_ peer: String, _ range: FeedRange) {
        report(.rewound(peer: peer, to: range.after))
        merges.append(
            Merge(
                peer: peer, content: .rewind(range.origin, to: range.after, head: range.head)))
        received[range.origin] = range.after
    }

    /// Until the cursor has moved back, a poll would say of the origin's feed what does not hold any more.
    func isRewinding(_ origin: RegionID) -> Bool {
        mergeInFlight?.rewound == origin || merges.contains { $0.rewound == origin }
    }

    /// Nothing that waits is merged, but that feeds are read again from an earlier place: of the one under way nobody
    /// knows whether the cursor is there already.
    mutating func loseMerges() {
        if let merge = mergeInFlight { merges.prepend(merge) }
        mergeInFlight = nil
        merges.removeAll { $0.rewound == nil }
        received = cursors
        for case .rewind(let origin, let position, _) in merges.map(\.content) {
            received[origin] = position
        }
    }
}
