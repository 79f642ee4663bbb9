// How far other regions know this region's feed: what they asked behind. A region that asks for what comes
// after a position has everything up to it, durably. Kept in memory: after a start it is known again as soon
// as each has asked once, and until then nothing counts as confirmed.

package import Storage
internal import Synchronization

package final class ConfirmedPositions: Sendable {
    private struct Confirmed {
        var number: UInt64
        var milliseconds: Int64
        /// The last number that had stood for the settling time when this one came.
        var settled: UInt64 = 0
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
            guard let last = state[region] else {
                state[region] = Confirmed(number: position.number, milliseconds: now)
                return
            }
            guard position.number > last.number else { return }
            state[region] = Confirmed(
                number: position.number, milliseconds: now,
                settled: Self.settled(last, now))
        }
    }

    /// Up to which number of this region's feed every region that is known has it. Known are the peers, the
    /// origins of what is here, and whoever has asked since the start. Zero while a peer has never been
    /// met or is not connected: nobody can say what it knows, or wrote. The greatest number of all where
    /// no other region is known.
    package func number(
        peers: [PeerStatus], origins: some Sequence<RegionID>, own: RegionID
    ) -> UInt64 {
        guard peers.allSatisfy({ $0.isConnected && $0.region != nil }) else { return 0 }
        let now = clock.milliseconds()
        return state.withLock { state in
            let known = Set(peers.compactMap(\.region)).union(origins).union(state.keys)
            return known.subtracting([own]).map { region in
                state[region].map { Self.settled($0, now) } ?? 0
            }.min() ?? .max
        }
    }

    private static func settled(_ last: Confirmed, _ now: Int64) -> UInt64 {
        now - last.milliseconds >= settlingMilliseconds ? last.number : last.settled
    }
}
