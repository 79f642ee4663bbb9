// What follows when a region was put back from an older copy of its data directory. Its feed then goes on from an
// earlier place, in a new incarnation, and gives numbers a second time.
//
// The region itself learns of it in a handshake: a peer knows its feed through a place that it never issued.
// It asks that peer for everything behind the last place that both have, merges it (each version keeps its stamp
// and takes a new place, so that whoever follows hears of it), and when all of that is durable says so,
// durably. Until then the peer's own requests behind that place are refused.
//
// Whoever follows it is then answered with a range that begins earlier than it asked, and moves its cursor back
// to there. What it knew of the lost stretch it keeps; what was written since comes by the feed.
//
// So nothing that one of the two has is lost, whichever of them is asked first: the stretch is not forgotten
// by the one before the other has it.

internal import DequeModule
internal import Storage

extension Replicator {
    mutating func lost(_ stretch: LostStretch?, to peer: String) {
        guard stretch != peers[peer]?.lost?.stretch else { return }
        peers[peer]?.lost = stretch.map(LostFeed.init)
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
        guard range.origin == region, range.isSound, range.through.number > range.after.number
        else {
            let message = "no stretch of this region's feed behind \(lost.next)"
            report(.malformedAnswer(peer: peer, message: message))
            return disconnected(peer, message)
        }
        merges.append(Merge(peer: peer, content: .named(range.entries)))
        peers[peer]?.lost?.next = range.through
        guard range.through.number >= lost.stretch.through.number else { return }
        peers[peer]?.lost?.isComplete = true
        merges.append(Merge(peer: peer, content: .recovered(through: lost.stretch.through)))
    }

    /// What was not merged has to come once more.
    mutating func loseReturned() {
        for peer in peerNames {
            guard let lost = peers[peer]?.lost else { continue }
            peers[peer]?.lost?.next = lost.stretch.after
            peers[peer]?.lost?.isComplete = false
        }
    }

    /// Whether a peer's answer says that it goes on from an earlier place than was asked.
    func isRewound(_ range: FeedRange, from asked: FeedPosition, by peer: String) -> Bool {
        range.origin == pins[peer] && range.after != asked
            && range.after.number <= asked.number && asked != .start
    }

    mutating func rewind(_ peer: String, _ origin: RegionID, to position: FeedPosition) {
        report(.rewound(peer: peer, to: position))
        merges.append(Merge(peer: peer, content: .rewind(origin, to: position)))
        received[origin] = position
    }
}
