// Generations of the journal: what is live goes on, what is dead is gone, and a rebuild tells no difference.

import Glibc
import Journal
import MetadataIndex
import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

@Suite("Generations of the journal")
struct GenerationTests {
    /// Entries, and the head as it must be again: its replay point is of the files, and each start is an
    /// incarnation of its own.
    struct State: Equatable {
        var entries: [[UInt8]: [UInt8]]
        var head: IndexHead

        init(_ store: DurableStore) throws {
            entries = try store.index.read { (index) throws(IndexError) in
                let cursor = try index.cursor(from: [0], to: [.max])
                try cursor.seek(to: [0])
                var entries: [[UInt8]: [UInt8]] = [:]
                while let key = cursor.key {
                    if key != KeySchema.head { entries[key] = cursor.value }
                    try cursor.next()
                }
                return entries
            }
            head = store.committer.head
            head.replay = ReplayPoint(generation: 0, file: 0, offsetBytes: 0, nextSequence: 0)
        }

        /// Without the starts after `number` of them.
        func asAfter(_ other: State) -> State {
            var state = self
            state.entries = entries.filter {
                other.entries[$0.key] != nil || $0.key.first != KeySchema.Space.incarnation
            }
            state.head.incarnation = other.head.incarnation
            return state
        }
    }

    static func expectRebuilt(
        _ region: SimulatedRegion, _ store: DurableStore, _ context: String
    ) async throws -> DurableStore {
        let followed = try State(store)
        try await store.close()
        region.dropIndex()
        let again = try await region.open()
        let rebuilt = try State(again).asAfter(followed)
        for key in Set(followed.entries.keys).symmetricDifference(rebuilt.entries.keys) {
            Issue.record("\(context): \(key.prefix(60)) is in one only")
        }
        for (key, value) in followed.entries where rebuilt.entries[key] != value {
            Issue.record("\(context): \(key.prefix(60)) differs")
        }
        #expect(rebuilt.head == followed.head, "\(context)")
        return again
    }

    @Test("what was live is there, also after a rebuild, and numbers go on without gaps")
    func renewed() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        let before = try State(store)
        let sequence = store.committer.head.replay.nextSequence
        let position = try await store.cursors()[store.region]
        try await store.renewJournal()
        #expect(try State(store).entries == before.entries)
        #expect(store.committer.manifest.generation == 2)
        #expect(store.committer.manifest.firstSequence == sequence)
        try await ledger.check(store, "renewed")
        let names = region.disk.paths.filter { $0.hasSuffix(".journal") }
        #expect(names.allSatisfy { $0.hasPrefix("/data/journal/2-") })
        #expect(try await store.cursors()[store.region] == position)
        try await store.put("more", Scenario.small, ledger)
        #expect(
            try await store.object(Ledger.name("more"))?.position?.number
                == (position?.number ?? 0) + 1)
        let again = try await Self.expectRebuilt(region, store, "one generation")
        try await ledger.check(again, "rebuilt")
        try await again.renewJournal()
        try await again.put("yet more", Scenario.small, ledger)
        let third = try await Self.expectRebuilt(region, again, "two generations")
        try await ledger.check(third, "rebuilt again")
        try await third.close()
    }

    @Test("what is committed while a generation is written is in it", arguments: [false, true])
    func meanwhile(isCrashing: Bool) async throws {
        var limits = testLimits()
        limits.generations.batchBytes = 200
        limits.generations.tailBytes = 2 << 10
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for number in 0..<40 {
            try await store.put(ObjectKey("old-\(number)"), pattern(number), ledger)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<60 {
                        let key = ObjectKey("\(writer)-\(number % 7)")
                        try await store.put(key, pattern(number), ledger)
                    }
                }
            }
            for _ in 0..<3 { group.addTask { try await store.renewJournal() } }
            try await group.waitForAll()
        }
        #expect(store.committer.manifest.generation == 4)
        if isCrashing {
            region.losePower(.everything)
            try? await store.close()
            let again = try await region.open()
            try await ledger.check(again, "after the crash")
            try await again.close()
            return
        }
        let again = try await Self.expectRebuilt(region, store, "meanwhile")
        try await ledger.check(again, "meanwhile")
        try await again.close()
    }

    @Test("what the index shows before the committer has said so is no rest to carry over")
    func indexGoesFirst() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        // The committer's head as it still is while the index shows the next batch.
        let head = store.committer.head.replay
        try await store.put("next", Scenario.small, ledger)
        let live = try store.index.read { (index) throws(IndexError) in try LiveRecords(index) }
        #expect(live.head.replay.nextSequence > head.nextSequence)
        let directory = JournalDirectory(disk: region.disk, path: "/data/journal")
        var generation = try WriteGeneration(
            directory, after: store.committer.manifest, live.head, salt: 7, testLimits())
        #expect(generation.bytesLeft(before: head) == 0)
        try generation.carry(before: head.nextSequence)
        #expect(generation.carried == live.head.replay)
        try await store.close()
    }

    @Test(
        "what is committed between the last round and the switch is carried over by the committer")
    func lastMoment() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        let directory = JournalDirectory(disk: region.disk, path: "/data/journal")
        let live = try store.index.read { (index) throws(IndexError) in try LiveRecords(index) }
        try await store.put("meanwhile", Scenario.large, ledger)
        var generation = try WriteGeneration(
            directory, after: store.committer.manifest, live.head, salt: 7, testLimits())
        try live.read { try generation.append($0) }
        let here = try generation.endLive()
        try generation.carry(before: store.committer.head.replay.nextSequence)
        try await store.put("at the last moment", Scenario.small, ledger)
        try await store.commit(.delete(Ledger.name("meanwhile"), .none))
        try await ledger.change("meanwhile", to: nil) {}
        let (committer, written) = (store.committer, generation)
        try await store.pool.run {
            try committer.queue.waitBetweenGroups {
                Result { () throws(StorageError) in
                    try committer.adopt(written, liveBefore: here, in: directory)
                }
            }
        }
        #expect(store.committer.manifest.generation == 2)
        let again = try await Self.expectRebuilt(region, store, "at the last moment")
        try await ledger.check(again, "at the last moment")
        try await again.close()
    }

    @Test("a journal that is mostly dead is renewed of its own accord, and stays small")
    func ofItsOwnAccord() async throws {
        var limits = testLimits()
        limits.generations.leastBytes = 20 << 10
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for number in 0..<400 {
            try await store.put("again", pattern(number % 10), ledger)
        }
        try await eventually("a generation is written") { store.renewal.renewals > 0 }
        try await ledger.check(store, "renewed")
        try await store.renewJournal()
        let figures = try await store.figures()
        // Whole blocks of few files; all that was written is many times as much.
        #expect(figures.journalBytes < 16 << 10)
        #expect(try #require(figures.details["journal_live_bytes"]) <= figures.journalBytes)
        #expect(figures.details["journal_generation"] ?? 0 > 2)
        let again = try await Self.expectRebuilt(region, store, "of its own accord")
        try await again.close()
    }

    /// Writes one name until so much of the journal means nothing any more.
    private static func overwrite(
        _ store: DurableStore, untilDead percent: UInt64, _ ledger: Ledger
    ) async throws {
        var number = 0
        while store.committer.figures.journal.deadBytes * 100
            < store.committer.figures.journal.bytes * percent
        {
            try await store.put("again", pattern(number % 2), ledger)
            number += 1
        }
    }

    @Test(
        "while garbage is dropped a generation waits for the end of it, or for the journal to double"
    )
    func postponed() async throws {
        var limits = testLimits()
        limits.generations.leastBytes = 20 << 10
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for number in 0..<100 {
            try await store.put(ObjectKey("\(number)"), pattern(number), ledger)
        }
        try await Self.overwrite(store, untilDead: 45, ledger)
        try await store.renewal.postponed(on: store.background) {
            try await Self.overwrite(store, untilDead: 60, ledger)
            #expect(store.renewal.renewals == 0)
        }
        // Nothing is committed any more.
        try await eventually("a generation is written") { store.renewal.renewals == 1 }

        try await store.renewal.postponed(on: store.background) {
            let bytes = store.committer.figures.journal.bytes
            while store.committer.figures.journal.bytes < 2 * bytes + limits.generations.leastBytes
            {
                guard store.renewal.renewals == 1 else { break }
                try await store.put("again", pattern(1), ledger)
            }
            try await eventually("another one is written") { store.renewal.renewals > 1 }
        }
        try await ledger.check(store, "renewed")
        let again = try await Self.expectRebuilt(region, store, "postponed")
        try await again.close()
    }

    @Test("while garbage is dropped a generation does not wait where the disk is at its reserve")
    func postponedIntoReserve() async throws {
        var limits = testLimits()
        limits.generations.leastBytes = 20 << 10
        limits.generations.syncBytes = 1 << 20
        limits.reserveBytes = 64 << 20
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for number in 0..<60 { try await store.put(ObjectKey("\(number)"), pattern(900), ledger) }
        try await Self.overwrite(store, untilDead: 45, ledger)
        try await store.renewal.postponed(on: store.background) {
            try await Self.overwrite(store, untilDead: 60, ledger)
            #expect(store.renewal.renewals == 0)
            region.disk.availableBytes = 32 << 20
            try await store.delete("again", ledger)
            try await eventually("a generation is written") { store.renewal.renewals > 0 }
        }
        try await ledger.check(store, "in the reserve")
        try await store.close()
    }

    /// What a store may hear for years on end, of which only the last counts.
    struct Chatter: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var say: @Sendable (DurableStore, _ number: UInt64) async throws -> Void

        private static let other = RegionID(7)

        static let all = [
            Chatter(testDescription: "cursors") { store, number in
                let known = try await store.cursors()[other] ?? .start
                let through = FeedPosition(incarnation: 1, number: number)
                try await store.merge(
                    FeedRange(origin: other, after: known, through: through, entries: []))
            },
            Chatter(testDescription: "uploads that are given up") { store, _ in
                let upload = try await store.create(
                    Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
                try await store.abort(upload.id, of: upload.name)
            },
        ]
    }

    @Test(
        "a journal of short records that mean nothing any more is renewed", arguments: Chatter.all)
    func chatter(_ chatter: Chatter) async throws {
        var limits = testLimits()
        limits.generations.leastBytes = 20 << 10
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        for number in 1...600 { try await chatter.say(store, UInt64(number)) }
        try await eventually("a generation is written") { store.renewal.renewals > 0 }
        let again = try await Self.expectRebuilt(region, store, chatter.testDescription)
        try await again.close()
    }

    @Test("a generation leaves what commits need, and goes into the reserve for the rest")
    func reserve() async throws {
        var limits = testLimits()
        limits.reserveBytes = 64 << 20
        limits.generations.syncBytes = 1 << 20
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for number in 0..<20 { try await store.put(ObjectKey("\(number)"), pattern(900), ledger) }
        let floor: UInt64 = 24 << 20
        let step = limits.generations.syncBytes + limits.generations.tailBytes
        region.disk.availableBytes = floor + step - 1
        let calls = region.disk.calls.filter { $0.operation == .write }.count
        let error = await #expect(throws: StorageError.self) { try await store.renewJournal() }
        #expect(error?.code == .insufficientStorage)
        // No more than the header of a file.
        #expect(region.disk.calls.filter { $0.operation == .write }.count <= calls + 1)
        region.disk.availableBytes = floor + step + 4096
        try await store.renewJournal()
        #expect(region.disk.availableBytes >= floor)
        try await ledger.check(store, "in a full disk")
        try await store.close()
    }

    @Test("a journal of which all is live is left alone, however large")
    func allLive() async throws {
        var limits = testLimits()
        limits.generations.leastBytes = 1 << 10
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for number in 0..<50 {
            try await store.put(ObjectKey("\(number)"), pattern(number), ledger)
        }
        let size = store.committer.figures.journal
        #expect(size.bytes > 10 << 10)
        #expect(size.deadBytes < size.bytes / 10)
        #expect(store.renewal.renewals == 0)
        try await store.close()
    }

    @Test("an index from before the switch goes on in the new generation")
    func followedThroughTheSwitch() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        try region.flushIndex()
        try await store.put("behind the flush", Scenario.small, ledger)
        try await store.renewJournal()
        try await store.put("late", Scenario.small, ledger)
        // The index was flushed before the switch, behind what is live, and not since.
        region.kill()
        try? await store.close()
        #expect(region.isIndexKept)
        let again = try await region.open()
        #expect(region.isIndexKept, "it was not rebuilt")
        try await ledger.check(again, "followed")
        let third = try await Self.expectRebuilt(region, again, "followed")
        try await third.close()
    }

    @Test("where the switch itself fails, the store stops and a start finds one generation whole")
    func failedSwitch() async throws {
        for operation in [SimulatedDisk.Operation.rename, .syncDirectory] {
            let (region, store, ledger) = try await RecoveryTests.eventful()
            let calls = region.disk.calls.count
            try await store.renewJournal()
            let switched = region.disk.calls[calls...].lastIndex { $0.operation == .rename }
            let first = try #require(switched) - calls
            try await store.close()

            let (second, other, otherLedger) = try await RecoveryTests.eventful()
            let number = second.disk.calls.count + first + (operation == .rename ? 1 : 2)
            second.disk.fail(call: number, with: EIO)
            await #expect(throws: StorageError.self) { try await other.renewJournal() }
            #expect(second.disk.calls[number - 1].operation == operation)
            #expect(other.refusal != nil)
            await #expect(throws: StorageError.self) {
                try await other.put("refused", Scenario.small, Ledger())
            }
            try await otherLedger.check(other, "reads go on")
            second.losePower(.random(seed: 3))
            try? await other.close()
            let again = try await second.open()
            try await otherLedger.check(again, "after \(operation)")
            try await again.close()
            _ = (region, ledger)
        }
    }

    @Test("a generation that cannot be written leaves the old one and nothing else")
    func diskFull() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        let space = region.disk.availableBytes
        region.disk.availableBytes = 400
        await #expect(throws: StorageError.self) { try await store.renewJournal() }
        region.disk.availableBytes = space
        let names = region.disk.paths.filter { $0.hasSuffix(".journal") }
        #expect(names.allSatisfy { $0.hasPrefix("/data/journal/1-") })
        #expect(store.refusal == nil)
        try await store.put("after", Scenario.small, ledger)
        try await store.renewJournal()
        let again = try await Self.expectRebuilt(region, store, "after a full disk")
        try await ledger.check(again, "after a full disk")
        try await again.close()
    }

    @Test("a batch that the index has and that rotted is mended by a new generation")
    func mended() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        region.disk.flip("/data/journal/1-1.journal", at: 700)
        try await store.renewJournal()
        let again = try await Self.expectRebuilt(region, store, "mended")
        #expect(again.journalDamage.isEmpty)
        try await ledger.check(again, "mended")
        try await again.close()
    }

    @Test("how an upload ended is forgotten when it is old, with all that follows from it")
    func endedUploads() async throws {
        let (region, store, _) = try await RecoveryTests.eventful()
        let ended = { try region.indexEntries().keys.filter { $0[0] == KeySchema.Space.ended } }
        #expect(try ended().count == 1)
        try await store.renewJournal()
        #expect(try ended().count == 1)
        region.clock.advance(milliseconds: LocalStoreLimits().generations.endedUploadMilliseconds)
        region.clock.advance(milliseconds: 1)
        try await store.renewJournal()
        #expect(try ended().isEmpty)
        let again = try await Self.expectRebuilt(region, store, "forgotten")
        try await again.close()
    }
}
