// How much may wait of each origin: one that never gets on stops no other.

import Replication
import Storage
import Testing

@Suite("Room for what waits")
struct RoomTests {
    private static let gone = RegionID(9)
    private var machine: Replicator

    init() {
        var limits = ReplicationLimits()
        limits.trackedEntries = 8
        machine = Replicator(region: RegionID(1), name: "a", peers: ["b", "c"], limits: limits)
    }

    @discardableResult
    private mutating func on(_ kind: ReplicationEvent.Kind) -> [ReplicationDirective] {
        machine.on(ReplicationEvent(nowMilliseconds: 0, random: 0, kind: kind))
    }

    private mutating func connect() {
        on(.started(cursors: [:], pins: ["b": RegionID(2), "c": RegionID(3)]))
        on(.pendingLoaded([], next: nil))
        for (peer, region) in [("b", RegionID(2)), ("c", RegionID(3))] {
            let hello = Hello(
                region: region, name: peer, incarnation: 1, clockMilliseconds: 0)
            on(.greeted(peer: peer, hello, clockMilliseconds: 0))
        }
    }

    /// A stretch of an origin’s feed, of which nothing can be completed.
    private func range(of origin: RegionID, after: UInt64, through: UInt64) throws -> FeedRange {
        let position = { (number: UInt64) in
            number == 0 ? FeedPosition.start : FeedPosition(incarnation: 1, number: number)
        }
        let entries = try (after + 1...through).map { number in
            let content = ObjectContent(
                blob: try blobID(of: bytes(Int(number))), sizeBytes: 5_000_000,
                lastModifiedMilliseconds: 0, etag: "")
            return FeedEntry(
                object: ObjectVersion(
                    name: ObjectName(bucket: "plain", key: ObjectKey("\(origin)-\(number)")),
                    version: Version(stamp: HybridTimestamp(rawValue: number), region: origin),
                    position: position(number), kind: .put(content), state: .published))
        }
        return FeedRange(
            origin: origin, after: position(after), through: position(through), entries: entries)
    }

    /// Feeds a range, merges it, and tells of each entry that its blob is missing.
    private mutating func feed(_ peer: String, _ range: FeedRange) -> [ReplicationDirective] {
        var directives = on(.fed(peer: peer, [range]))
        directives += on(.merged(wrongInline: []))
        directives += on(
            .examined(
                range.entries.map { entry in
                    Examination(
                        reference: entry.object.reference,
                        finding: .put(
                            isBlobMissing: true, missingNames: [], isClosureKnown: true))
                }))
        return directives
    }

    private func polls(_ directives: [ReplicationDirective]) -> [String] {
        directives.compactMap { directive in
            if case .poll(let peer, _) = directive { peer } else { nil }
        }
    }

    @Test("an origin that fills its share is not followed on; the others are")
    func shares() throws {
        var test = self
        test.connect()
        let first = test.feed("b", try range(of: RegionID(2), after: 0, through: 3))
        #expect(polls(first) == ["b"])
        let full = test.feed("b", try range(of: RegionID(2), after: 3, through: 30))
        // Asked again before the answer was merged, and no more since.
        #expect(polls(full) == ["b"])
        #expect(polls(test.on(.fed(peer: "b", []))).isEmpty)
        let other = test.feed("c", try range(of: RegionID(3), after: 0, through: 2))
        #expect(polls(other) == ["c"])
        #expect(polls(test.on(.fed(peer: "c", []))).isEmpty, "it rests")
    }

    @Test("what a region that was removed left behind stops nobody who hands it on")
    func inherited() throws {
        var test = self
        test.connect()
        test.on(.removed([Self.gone]))
        _ = test.feed("b", try range(of: Self.gone, after: 0, through: 30))
        let next = test.on(.fed(peer: "b", [try range(of: RegionID(2), after: 0, through: 1)]))
        guard case .poll("b", let cursors)? = next.first(where: { polls([$0]) == ["b"] }) else {
            Issue.record("b is not asked any more")
            return
        }
        #expect(cursors[Self.gone]?.number == .max)
        #expect(cursors[RegionID(2)]?.number == 1)
    }
}
