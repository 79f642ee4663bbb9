// How far other regions know this region's feed: what they asked behind. A region that asks for what comes
// after a position has received everything up to it. Kept in memory: after a start it is known again as soon
// as each has asked once, and until then nothing counts as confirmed. What they have durably they say in the
// handshake, and that is written down (`ChangeFeed.confirm`).

package import Storage
internal import Synchronization

package final class ConfirmedPositions: Sendable {
    /// A number and when it was confirmed.
    private struct Mark {
        var number: UInt64
        var milliseconds: Int64
    }

    /// Of one region. While a region confirms one number after the other, one of them is waited for, and
    /// those that come meanwhile are not: so the settled one moves on however busy the feed is.
    private struct Confirmed {
        private var settled: UInt64 = 0
        /// What settles next, and the latest.
        private var next: Mark
        private var latest: Mark

        init(_ first: Mark) { (next, latest) = (first, first) }

        /// It has less than it said: what settled of that stays so.
        mutating func begin(again mark: Mark) {
            let settled = settled(at: mark.milliseconds)
            self = Confirmed(mark)
            self.settled = min(settled, mark.number)
        }

        var latestNumber: UInt64 { latest.number }

        mutating func note(_ mark: Mark) {
            guard mark.number > latest.number else { return }
            let settled = settled(at: mark.milliseconds)
            latest = mark
            if next.number <= settled { next = mark }
        }

        /// The last number that has stood for the settling time.
        mutating func settled(at now: Int64) -> UInt64 {
            for mark in [next, latest]
            where now - mark.milliseconds >= ConfirmedPositions.settlingMilliseconds {
                settled = max(settled, mark.number)
            }
            if next.number <= settled { next = latest }
            return settled
        }
    }

    /// A confirmation counts when it is this old: whatever that region wrote before it confirmed has
    /// arrived here since, over a connection that is up.
    package static let settlingMilliseconds: Int64 = 10_000

    private let clock: any WallClock
    private let state = Mutex<[RegionID: Confirmed]>([:])

    package init(clock: any WallClock) { self.clock = clock }

    package func note(_ region: RegionID, _ position: FeedPosition) {
        let now = clock.milliseconds()
        state.withLock { state in
            let mark = Mark(number: position.number, milliseconds: now)
            state[region, default: Confirmed(mark)].note(mark)
        }
    }

    /// In a handshake a region says what it has durably, whatever it asked behind before: one that was put back from an
    /// older copy has less. `nil` where it names a place that this region never issued.
    package func begin(_ region: RegionID, at position: FeedPosition?) {
        let mark = Mark(number: position?.number ?? 0, milliseconds: clock.milliseconds())
        state.withLock { state in
            guard let known = state[region], known.latestNumber > mark.number else { return }
            state[region]?.begin(again: mark)
        }
    }

    /// What the region said last; `nil` where it has said nothing since the start.
    func latest(of region: RegionID) -> UInt64? {
        state.withLock { $0[region]?.latestNumber }
    }

    /// Nothing is waited for that this region would confirm.
    package func forget(_ region: RegionID) { state.withLock { $0[region] = nil } }

    /// Up to which number of this region's feed every region that is known and not `removed` has it. Known are
    /// the peers, the origins of what is here, and whoever has asked since the start. Zero while a peer has never been
    /// met or is not connected: nobody can say what it knows, or wrote. The greatest number of all where
    /// no other region is known.
    package func number(
        peers: [PeerStatus], origins: some Sequence<RegionID>, own: RegionID,
        removed: Set<RegionID> = []
    ) -> UInt64 {
        let peers = peers.filter { peer in peer.region.map { !removed.contains($0) } ?? true }
        guard peers.allSatisfy({ $0.isConnected && $0.region != nil }) else { return 0 }
        let now = clock.milliseconds()
        return state.withLock { state in
            let known = Set(peers.compactMap(\.region)).union(origins).union(state.keys)
            return known.subtracting(removed).subtracting([own]).map { region in
                state[region]?.settled(at: now) ?? 0
            }.min() ?? .max
        }
    }
}
