// When a tombstone or a purge may be forgotten: old, confirmed by every region, and needed by nothing else.

import Journal
import MetadataIndex
import NIOCore
import Replication
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

/// Records whatever a test wants to have happened.
struct RecordAll: Decision {
    let records: [JournalRecord]

    func decide(_ context: inout CommitContext) throws(StorageError) {
        for record in records { try context.record(record) }
    }
}

@Suite("Deletions that have served their purpose")
struct ForgetDeletionsTests {
    private static let east = RegionID(0xea57)
    private static let north = RegionID(0x4074)
    private static let name = Ledger.name("gone")

    /// A name that is deleted, beside one that is not.
    private static func deleted() async throws -> (SimulatedRegion, DurableStore) {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        try await store.put("stays", Scenario.small, Ledger())
        try await store.put("gone", Scenario.small, Ledger())
        try await store.commit(.delete(name, .none))
        return (region, store)
    }

    private static func receipt(
        from region: RegionID, of store: DurableStore, through number: UInt64
    ) -> JournalRecord {
        .receipt(
            ReceiptRecord(
                region: region, origin: store.region,
                through: FeedPosition(incarnation: store.incarnation, number: number),
                atMilliseconds: 1))
    }

    /// Whether renewing the journal, `isOld` later, forgets the tombstone once these were recorded.
    private static func isForgotten(
        isOld: Bool = true, _ records: (DurableStore, UInt64) -> [JournalRecord]
    ) async throws -> Bool {
        let (region, store) = try await deleted()
        let tombstone = try #require(try await store.registers(of: [name])[0].versions.first)
        let number = try #require(tombstone.position).number
        try await store.committer.queue.submit(RecordAll(records: records(store, number)))
        if isOld {
            region.clock.advance(
                milliseconds: store.configuration.limits.generations.tombstoneMilliseconds + 1)
        }
        try await store.renewJournal()
        let isForgotten = try await store.registers(of: [name])[0] == ObjectRegister()
        #expect(try await store.object(Ledger.name("stays")) != nil)
        let again = try await GenerationTests.expectRebuilt(region, store, "rebuilt")
        #expect(try await (again.registers(of: [name])[0] == ObjectRegister()) == isForgotten)
        #expect(try await again.object(name) == nil)
        try await again.put("gone", Scenario.small, Ledger())
        #expect(try #require(try await again.object(name)).version > tombstone.version)
        try await again.close()
        return isForgotten
    }

    @Test("it goes when it is old and every region that is known has confirmed it")
    func forgotten() async throws {
        #expect(
            try await Self.isForgotten { store, number in
                [
                    Self.receipt(from: Self.east, of: store, through: number),
                    Self.receipt(from: Self.north, of: store, through: number + 9),
                ]
            })
    }

    @Test("one that stands just above what it removes is as old as its recording")
    func madeByARule() async throws {
        let (region, store) = try await Self.deleted()
        let old = try #require(try await store.object(Ledger.name("stays")))
        let age = store.configuration.limits.generations.tombstoneMilliseconds + 1
        region.clock.advance(milliseconds: age)
        let tombstone = try #require(try await store.commit(.expire(old.name, old.version)))
        #expect(tombstone.version.stamp == old.version.stamp.successor)
        let number = try #require(tombstone.position).number
        try await store.committer.queue.submit(
            RecordAll(records: [Self.receipt(from: Self.east, of: store, through: number)]))
        try await store.renewJournal()
        #expect(try await store.registers(of: [old.name])[0].versions == [tombstone])
        let again = try await GenerationTests.expectRebuilt(region, store, "rebuilt")
        region.clock.advance(milliseconds: age)
        try await again.renewJournal()
        #expect(try await again.registers(of: [old.name])[0] == ObjectRegister())
        try await again.close()
    }

    @Test(
        "it goes by what the regions say in their handshakes, and a region that was away is waited for"
    )
    func handshakes() async throws {
        let (region, store) = try await Self.deleted()
        let answers = RegionAnswers(name: "west", feed: store, blobs: store, clock: region.clock)
        let through = try #require(try await store.cursors()[store.region])
        func handshake(_ other: RegionID, _ position: FeedPosition?) async throws {
            let cursors = position.map { [store.region: $0] } ?? [:]
            _ = try await answers.handshake(
                Hello(
                    region: other, name: "\(other)", incarnation: 1, clockMilliseconds: 0,
                    cursors: cursors))
        }
        func isKept() async throws -> Bool {
            try await store.renewJournal()
            return try await store.registers(of: [Self.name])[0] != ObjectRegister()
        }
        let number = through.number
        region.clock.advance(
            milliseconds: store.configuration.limits.generations.tombstoneMilliseconds + 1)
        #expect(try await isKept(), "nobody said anything")
        try await handshake(Self.east, through)
        try await handshake(Self.north, nil)
        #expect(try await isKept(), "north has nothing")
        let before = FeedPosition(incarnation: through.incarnation, number: number - 1)
        try await handshake(Self.north, before)
        #expect(try await isKept(), "north was away when it was deleted")
        try await handshake(Self.north, through)
        try await handshake(Self.east, before)
        #expect(try await isKept(), "east was put back from an older copy")
        try await handshake(Self.east, FeedPosition(incarnation: 77, number: number + 5))
        try await handshake(
            Self.north, FeedPosition(incarnation: through.incarnation - 1, number: number + 5))
        #expect(try await isKept(), "what was never issued confirms nothing")
        try await handshake(Self.east, through)
        try await handshake(Self.north, through)
        let again = try await GenerationTests.expectRebuilt(region, store, "with receipts")
        try await again.renewJournal()
        #expect(try await again.registers(of: [Self.name])[0] == ObjectRegister())
        #expect(try await again.object(Ledger.name("stays")) != nil)
        try await again.close()
    }

    @Test("it stays while it is young")
    func young() async throws {
        #expect(
            try await !Self.isForgotten(isOld: false) { store, number in
                [Self.receipt(from: Self.east, of: store, through: number)]
            })
    }

    @Test("it stays where nobody confirms anything")
    func nobody() async throws {
        #expect(try await !Self.isForgotten { _, _ in [] })
    }

    @Test(
        "it goes when the region that lacks it is removed, and nothing of what that one confirmed is left",
        arguments: [true, false], [true, false])
    func removed(isOther: Bool, isFollowed: Bool) async throws {
        let (region, store) = try await Self.deleted()
        let through = try #require(try await store.cursors()[store.region])
        if isOther { try await store.confirm([store.region: through], by: Self.east) }
        try await store.confirm([:], by: Self.north)
        if isFollowed {
            let cursor = CursorRecord(origin: Self.north, position: .first, seen: .first)
            try await store.committer.queue.submit(RecordAll(records: [.cursor(cursor)]))
        }
        region.clock.advance(
            milliseconds: store.configuration.limits.generations.tombstoneMilliseconds + 1)
        try await store.renewJournal()
        #expect(try await store.registers(of: [Self.name])[0] != ObjectRegister())
        try await Settings(objects: store, blobs: store).write(
            ByteBuffer(string: "north"), to: Settings.removedRegion(Self.north))
        try await store.forget(Self.north)
        #expect(try await store.confirming() == (isOther ? [Self.east] : []))
        let again = try await GenerationTests.expectRebuilt(region, store, "north is removed")
        #expect(try await again.confirming() == (isOther ? [Self.east] : []))
        try await again.renewJournal()
        #expect(try await again.registers(of: [Self.name])[0] == ObjectRegister())
        try await again.close()
    }

    @Test("it stays while one region lacks it")
    func oneLacks() async throws {
        #expect(
            try await !Self.isForgotten { store, number in
                [
                    Self.receipt(from: Self.east, of: store, through: number),
                    Self.receipt(from: Self.north, of: store, through: number - 1),
                ]
            })
    }

    @Test("it stays while a region that is followed has confirmed nothing")
    func followedOnly() async throws {
        #expect(
            try await !Self.isForgotten { store, number in
                [
                    Self.receipt(from: Self.east, of: store, through: number),
                    .cursor(
                        CursorRecord(origin: Self.north, position: .first, seen: .first)),
                ]
            })
    }

    @Test("it stays while something waits above it")
    func pendingAbove() async throws {
        let (region, store) = try await Self.deleted()
        let tombstone = try #require(try await store.registers(of: [Self.name])[0].versions.first)
        let number = try #require(tombstone.position).number
        var waiting = tombstone
        waiting = ObjectVersion(
            name: Self.name,
            version: Version(stamp: tombstone.version.stamp.successor, region: Self.east),
            position: FeedPosition(incarnation: 1, number: 1), kind: .tombstone, state: .pending)
        try await store.committer.queue.submit(
            RecordAll(records: [
                Self.receipt(from: Self.east, of: store, through: number), .object(waiting),
            ]))
        region.clock.advance(
            milliseconds: store.configuration.limits.generations.tombstoneMilliseconds + 1)
        try await store.renewJournal()
        #expect(try await store.registers(of: [Self.name])[0].versions.count == 2)
        try await store.close()
    }

    @Test("a purge goes alike, and what it named stays gone until then and after")
    func purges() async throws {
        let (region, store) = try await Self.deleted()
        let put = try #require(try await store.object(Ledger.name("stays")))
        let purge = ObjectVersion(
            name: put.name,
            version: Version(stamp: put.version.stamp.successor, region: Self.east),
            position: FeedPosition(incarnation: 1, number: 1), kind: .purge(put.version),
            state: .published)
        try await store.merge([FeedEntry(object: purge)])
        #expect(try await store.object(put.name) == nil)
        try await store.renewJournal()
        var again = try await GenerationTests.expectRebuilt(region, store, "kept")
        try await again.merge([FeedEntry(object: put)])
        #expect(try await again.registers(of: [put.name])[0].purges.count == 1)
        #expect(try await again.registers(of: [put.name])[0].versions.isEmpty)
        // East has what it wrote; west is this region.
        try await again.committer.queue.submit(
            RecordAll(records: [
                .cursor(
                    CursorRecord(origin: Self.east, position: .first, seen: .first))
            ]))
        region.clock.advance(
            milliseconds: again.configuration.limits.generations.tombstoneMilliseconds + 1)
        try await again.renewJournal()
        #expect(try await again.registers(of: [put.name])[0] == ObjectRegister())
        again = try await GenerationTests.expectRebuilt(region, again, "forgotten")
        #expect(try await again.object(put.name) == nil)
        try await again.close()
    }
}

extension FeedPosition {
    fileprivate static let first = FeedPosition(incarnation: 1, number: 1)
}
