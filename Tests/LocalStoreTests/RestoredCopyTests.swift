// What the feed of a region is after the region was put back from an older copy.

import DiskIO
import Journal
import MetadataIndex
import NIOCore
import Replication
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

@Suite("A region that was put back from an older copy")
struct RestoredCopyTests {
    /// The state at the backup, what came after it and is lost, and the copy that was started.
    private struct Restored {
        var copy: DurableStore
        /// Where the feed was at the backup, and where it came to.
        var before: FeedPosition
        var lost: FeedRange
    }

    private static func restored(restartsBetween: Int = 0) async throws -> Restored {
        let region = SimulatedRegion()
        var store = try await region.open()
        try await store.makeLedgerBucket()
        for key in ["kept", "deleted later"] as [ObjectKey] {
            try await store.put(key, Scenario.small, Ledger())
        }
        let before = try await store.cursors()[store.region] ?? .start
        try await store.backUp(to: "/backup", Recorded())
        for round in 0...restartsBetween {
            if round > 0 {
                try await store.close()
                store = try await region.open()
            }
            try await store.put(ObjectKey("lost \(round)"), Scenario.small, Ledger())
        }
        try await store.delete("deleted later", Ledger())
        let lost = try await store.entries(of: store.region, after: before, limit: 100)
        try await store.close()
        region.clock.advance(milliseconds: 1000)
        let index = MemoryIndex()
        let copy = try await DurableStore.open(
            HeldDirectory(
                LocalStoreConfiguration(directory: "/backup", limits: testLimits()),
                disk: region.disk),
            index: IndexFactory(open: { _ in index }, destroy: { _ in }), clock: region.clock,
            random: numbers(seed: 99), logger: quiet)
        return Restored(copy: copy, before: before, lost: lost)
    }

    @Test(
        "tells where a place of the lost stretch parts from its feed, also when it has written as much since",
        arguments: [0, 2])
    func shared(restartsBetween: Int) async throws {
        let restored = try await Self.restored(restartsBetween: restartsBetween)
        let copy = restored.copy
        let places = restored.lost.entries.compactMap(\.object.position)
        #expect(places.count == restartsBetween + 2)
        for isAhead in [false, true] {
            if isAhead {
                for number in 0..<9 {
                    try await copy.put(ObjectKey("n\(number)"), Scenario.small, Ledger())
                }
            }
            for place in places {
                #expect(try await copy.shared(with: place) == restored.before, "\(place)")
                await #expect(throws: StorageError.self) {
                    try await copy.entries(of: copy.region, after: place, limit: 1)
                }
            }
            #expect(try await copy.shared(with: restored.before) == restored.before)
            #expect(try await copy.shared(with: .start) == .start)
            let now = try #require(try await copy.cursors()[copy.region])
            #expect(try await copy.shared(with: now) == now)
        }
        try await copy.close()
    }

    @Test("takes back what it lost with its stamps and at new places, once")
    func takesBack() async throws {
        let restored = try await Self.restored()
        let copy = restored.copy
        try await copy.put("written since", Scenario.other, Ledger())
        let since = try #require(try await copy.cursors()[copy.region])
        for _ in 0..<2 { try await copy.merge(restored.lost.entries) }
        let pending = try await copy.pending(after: nil, limit: 10)
        #expect(
            pending.map(\.version).sorted() == restored.lost.entries.map(\.object.version).sorted())
        try await copy.publish(
            pending.map(\.reference))
        #expect(try await copy.object(Ledger.name("deleted later")) == nil)
        #expect(try await copy.object(Ledger.name("lost 0")) != nil)
        #expect(try await copy.object(Ledger.name("written since")) != nil)
        let news = try await copy.entries(of: copy.region, after: since, limit: 100)
        #expect(news.entries.map(\.object.name) == restored.lost.entries.map(\.object.name))
        #expect(news.entries.allSatisfy { $0.object.position?.incarnation == copy.incarnation })
        #expect(news.through.number == since.number + 2)
        try await copy.close()
    }

    @Test("remembers through a restart what it has fetched back, and of which stretch")
    func recovered() async throws {
        let restored = try await Self.restored(restartsBetween: 1)
        let copy = restored.copy
        let places = restored.lost.entries.compactMap(\.object.position)
        let (first, last) = (try #require(places.first), try #require(places.last))
        let one = RegionRun(region: RegionID(71), incarnation: 5)
        let other = RegionRun(region: RegionID(72), incarnation: 5)
        let again = RegionRun(region: RegionID(71), incarnation: 6)
        func stretch(_ place: FeedPosition) async throws -> LostStretch {
            try #require(try await copy.lost(cursor: .start, seen: place))
        }
        func isRecovered(_ place: FeedPosition) async throws -> Bool {
            try await copy.isRecovered(stretch(place), from: one)
        }
        #expect(try await !isRecovered(first))
        try await copy.noteRecovered(stretch(first), from: one)
        #expect(try await isRecovered(first))
        #expect(try await !isRecovered(last))
        try await copy.noteRecovered(stretch(last), from: one)
        #expect(try await isRecovered(first))
        #expect(try await isRecovered(last))
        // Of what another region knows, or this one after it was started anew, nothing is said by that.
        for run in [other, again] {
            #expect(try await !copy.isRecovered(stretch(first), from: run))
        }
        let later = FeedPosition(incarnation: copy.incarnation + 1, number: last.number)
        #expect(try await !isRecovered(later))
        try await copy.close()
    }

    @Test(
        "another region goes back to the start, and takes the new numbers for what they are"
    )
    func rewound() async throws {
        let restored = try await Self.restored()
        let copy = restored.copy
        let origin = copy.region
        let follower = SimulatedRegion(seed: 50)
        var store = try await follower.open()
        let all = try await copy.entries(of: origin, after: .start, limit: 100)
        try await store.merge(all)
        try await store.merge(restored.lost)
        // Numbers of the lost stretch, given a second time, and what was lost at new ones.
        try await copy.put("written since", Scenario.other, Ledger())
        try await copy.merge(restored.lost.entries)
        #expect(try await store.cursors()[origin] == restored.lost.through)
        #expect(try await store.seen()[origin] == restored.lost.through)
        let head = try #require(try await copy.cursors()[origin])
        try await store.rewind(origin, to: .start, head: head)
        #expect(try await store.cursors()[origin] == nil)
        #expect(try await store.seen()[origin] == head)
        store = try await GenerationTests.expectRebuilt(follower, store, "moved back")
        let news = try await copy.entries(of: origin, after: .start, limit: 100)
        try await store.merge(news)
        #expect(try await store.cursors()[origin] == news.through)
        #expect(try await store.seen()[origin] == news.through)
        let relayed = try await store.entries(of: origin, after: .start, limit: 100)
        let again = try await copy.entries(of: origin, after: .start, limit: 100)
        #expect(relayed.entries.map(\.object.position) == again.entries.map(\.object.position))
        #expect(relayed.entries.map(\.object.name) == again.entries.map(\.object.name))
        store = try await GenerationTests.expectRebuilt(follower, store, "rebuilt")
        try await store.close()
        try await copy.close()
    }
}
