import Replication
import Storage
import Synchronization
import Testing

private final class HandClock: WallClock {
    private let now = Mutex<Int64>(1_000_000)

    func milliseconds() -> Int64 { now.withLock { $0 } }

    func advance(_ milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}

@Suite("What other regions have confirmed")
struct ConfirmedPositionsTests {
    private static let own = RegionID(1)
    private static let settling = ConfirmedPositions.settlingMilliseconds

    private static func peer(_ id: UInt64?, isConnected: Bool = true) -> PeerStatus {
        PeerStatus(
            name: "p\(id ?? 0)", url: "", region: id.map { RegionID($0) }, isConnected: isConnected)
    }

    private static func position(_ number: UInt64) -> FeedPosition {
        FeedPosition(incarnation: 1, number: number)
    }

    @Test("with no other region everything is confirmed")
    func alone() {
        let confirmed = ConfirmedPositions(clock: HandClock())
        #expect(confirmed.number(peers: [], origins: [Self.own], own: Self.own) == .max)
    }

    @Test("it is what the last of all known regions has, once it has stood for a while")
    func least() {
        let clock = HandClock()
        let confirmed = ConfirmedPositions(clock: clock)
        let peers = [Self.peer(2), Self.peer(3)]
        func number() -> UInt64 {
            confirmed.number(peers: peers, origins: [Self.own], own: Self.own)
        }
        confirmed.note(RegionID(2), Self.position(9))
        clock.advance(Self.settling)
        #expect(number() == 0)
        confirmed.note(RegionID(3), Self.position(5))
        #expect(number() == 0)
        clock.advance(Self.settling)
        #expect(number() == 5)
        confirmed.note(RegionID(3), Self.position(8))
        #expect(number() == 5)
        clock.advance(Self.settling - 1)
        #expect(number() == 5)
        clock.advance(1)
        #expect(number() == 8)
        confirmed.note(RegionID(3), Self.position(4))
        #expect(number() == 8)
    }

    @Test(
        "a region that was removed is waited for no more, whether it is still in the settings or not"
    )
    func removed() {
        let clock = HandClock()
        let confirmed = ConfirmedPositions(clock: clock)
        confirmed.note(RegionID(2), Self.position(9))
        confirmed.note(RegionID(3), Self.position(4))
        clock.advance(Self.settling)
        func number(_ peers: [PeerStatus], removed: Set<RegionID>) -> UInt64 {
            confirmed.number(
                peers: peers, origins: [RegionID(2), RegionID(3)], own: Self.own, removed: removed)
        }
        let gone = Self.peer(3, isConnected: false)
        #expect(number([Self.peer(2), gone], removed: []) == 0)
        #expect(number([Self.peer(2)], removed: []) == 4)
        #expect(number([Self.peer(2), gone], removed: [RegionID(3)]) == 9)
        #expect(number([Self.peer(2)], removed: [RegionID(3)]) == 9)
        #expect(number([Self.peer(2), Self.peer(nil)], removed: [RegionID(3)]) == 0)
        confirmed.forget(RegionID(2))
        #expect(number([Self.peer(2)], removed: [RegionID(3)]) == 0)
    }

    @Test("it moves on while the feed never rests, never past what has stood for a while")
    func busy() {
        let clock = HandClock()
        let confirmed = ConfirmedPositions(clock: clock)
        let step: Int64 = 100
        let settling = UInt64(Self.settling / step)
        for number in 1...10 * settling {
            confirmed.note(RegionID(2), Self.position(number))
            let settled = confirmed.number(peers: [Self.peer(2)], origins: [], own: Self.own)
            #expect(settled + settling <= number || settled == 0)
            #expect(number <= 2 * settling || number <= settled + 2 * settling)
            clock.advance(step)
        }
    }

    @Test("a handshake that names less than before, or what was never issued, counts")
    func begins() {
        let clock = HandClock()
        let confirmed = ConfirmedPositions(clock: clock)
        func number() -> UInt64 {
            confirmed.number(peers: [Self.peer(2)], origins: [Self.own], own: Self.own)
        }
        confirmed.note(RegionID(2), Self.position(9))
        clock.advance(Self.settling)
        confirmed.begin(RegionID(2), at: Self.position(12))
        #expect(number() == 9)
        confirmed.begin(RegionID(2), at: Self.position(4))
        #expect(number() == 4)
        confirmed.note(RegionID(2), Self.position(6))
        #expect(number() == 4)
        clock.advance(Self.settling)
        #expect(number() == 6)
        confirmed.begin(RegionID(2), at: nil)
        clock.advance(Self.settling)
        #expect(number() == 0)
    }

    @Test("a region that is not heard, was never met, or is only an origin holds everything back")
    func unknown() {
        let clock = HandClock()
        let confirmed = ConfirmedPositions(clock: clock)
        confirmed.note(RegionID(2), Self.position(9))
        clock.advance(Self.settling)
        func number(_ peers: [PeerStatus], _ origins: [RegionID] = []) -> UInt64 {
            confirmed.number(peers: peers, origins: origins, own: Self.own)
        }
        #expect(number([Self.peer(2)]) == 9)
        #expect(number([Self.peer(2, isConnected: false)]) == 0)
        #expect(number([Self.peer(2), Self.peer(nil)]) == 0)
        #expect(number([Self.peer(2)], [RegionID(7)]) == 0)
        #expect(number([]) == 9)
    }
}
