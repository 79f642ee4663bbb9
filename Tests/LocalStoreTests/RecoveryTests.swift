// What a start makes of what it finds.

import Journal
import NIOCore
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

@Suite("Recovery")
struct RecoveryTests {
    /// A region in which every kind of thing has happened.
    static func eventful() async throws -> (SimulatedRegion, DurableStore, Ledger) {
        let region = SimulatedRegion()
        let store = try await region.open()
        let ledger = Ledger()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        try await store.put("source", Scenario.other, ledger)
        for scenario in Scenario.all {
            try await scenario.prepare(store, ledger)
            try await scenario.run(store, ledger)
        }
        let open = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("open"), initiatedMilliseconds: 0))
        let staged = try await store.stage(bytes: Scenario.large)
        _ = try await store.putPart(open.id, of: open.name, number: 1, staged: staged)
        try await store.merge([
            FeedEntry(
                object: ObjectVersion(
                    name: Ledger.name("foreign"),
                    version: Version(
                        stamp: HybridTimestamp(milliseconds: 1 << 41), region: RegionID(7)),
                    position: FeedPosition(incarnation: 1, number: 1),
                    kind: .put(
                        ObjectContent(
                            blob: try #require(staged.blob), sizeBytes: 5,
                            lastModifiedMilliseconds: 1, etag: "e")), state: .pending))
        ])
        return (region, store, ledger)
    }

    @Test("an index rebuilt from the journal is the one that was followed")
    func rebuild() async throws {
        let (region, store, ledger) = try await Self.eventful()
        let followed = try region.indexEntries()
        let head = store.committer.head
        try await store.close()
        region.dropIndex()
        let again = try await region.open()
        try await ledger.check(again, "rebuilt")
        var rebuilt = try region.indexEntries()
        // The new start is one more incarnation.
        rebuilt = rebuilt.filter { followed[$0.key] != nil || $0.key.first != UInt8(ascii: "i") }
        #expect(rebuilt == followed)
        let headAgain = again.committer.head
        #expect(headAgain.blobs == head.blobs)
        #expect(headAgain.uploads == head.uploads)
        #expect(headAgain.feedPosition == head.feedPosition)
        #expect(headAgain.clock == head.clock)
        #expect(headAgain.lastChunkFile == head.lastChunkFile)
        try await again.close()
    }

    @Test("a second store on a data directory is refused, until the first is closed")
    func inUse() async throws {
        let directory = try TemporaryDirectory()
        let store = try await openReal(directory)
        do {
            _ = try await openReal(directory)
            Issue.record("the second one opened")
        } catch let error as StorageError {
            #expect(error.code == .refusedToOpen)
        }
        try await store.close()
        try await openReal(directory).close()
    }

    @Test("an index that is ahead of the journal is discarded")
    func restoredJournal() async throws {
        let (region, store, _) = try await Self.eventful()
        let before = region.disk.paths.filter { $0.hasSuffix(".journal") }
        try await store.close()
        let second = try await region.open()
        try await second.put("late", Scenario.small, Ledger())
        try await second.close()
        // The journal of an older copy: without the file of the second start.
        for path in region.disk.paths where path.hasSuffix(".journal") && !before.contains(path) {
            try region.disk.remove(path)
        }
        let third = try await region.open()
        #expect(try await third.object(Ledger.name("late")) == nil)
        #expect(try await third.object(Ledger.name("source")) != nil)
        try await third.close()
    }

    @Test("a damaged manifest, and journal files without one, are refused")
    func manifest() async throws {
        let (region, store, _) = try await Self.eventful()
        try await store.close()
        region.disk.flip("/data/journal/manifest", at: 20)
        await Self.expectRefusal { _ = try await region.open() }
        try region.disk.remove("/data/journal/manifest")
        await Self.expectRefusal { _ = try await region.open() }
        // Nor does a directory that has lost its whole journal begin anew beside the old data.
        for path in region.disk.paths where path.hasPrefix("/data/journal/") {
            try region.disk.remove(path)
        }
        await Self.expectRefusal { _ = try await region.open() }
    }

    @Test("damage in the journal loses what it says and nothing else")
    func damagedJournal() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for key: ObjectKey in ["a", "b", "c"] { try await store.put(key, Scenario.small, ledger) }
        try await store.close()
        region.dropIndex()
        let journal = try #require(region.disk.paths.first { $0.hasSuffix("1-1.journal") })
        let bytes = try #require(region.disk.content(of: journal))
        // The only "b" that stands between field heads: the key of the second object.
        let place = try #require(bytes.firstRange(of: [2 << 1 | 1, 1, UInt8(ascii: "b")]))
        region.disk.flip(journal, at: UInt64(place.lowerBound + 2))
        let again = try await region.open()
        #expect(try await again.object(Ledger.name("a")) != nil)
        #expect(try await again.object(Ledger.name("b")) == nil)
        #expect(try await again.object(Ledger.name("c")) != nil)
        try await again.close()
    }

    @Test(
        "a last file of the journal that is cut off loses what stood behind the cut, and no more",
        arguments: [false, true])
    func truncated(isIndexLost: Bool) async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for key: ObjectKey in ["a", "b"] { try await store.put(key, Scenario.small, ledger) }
        let journal = try #require(region.disk.paths.last { $0.hasSuffix(".journal") })
        let end = try #require(region.disk.content(of: journal)?.count)
        try await store.put("c", Scenario.small, Ledger())
        try await store.close()
        region.disk.cut(journal, to: UInt64(end + 50))
        if isIndexLost { region.dropIndex() }
        let again = try await region.open()
        try await ledger.check(again, "cut off")
        // Only who had followed the journal further can tell that something is missing.
        #expect(again.lostRecords.isEmpty == isIndexLost)
        try await again.put("d", Scenario.large, ledger)
        try await again.close()
        region.dropIndex()
        let third = try await region.open()
        try await ledger.check(third, "after one more start")
        try await third.close()
    }

    @Test("a replay holds as many bytes of changes as it may, whatever their number")
    func replayBytes() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        for number in 0..<40 {
            try await store.put(
                ObjectKey("\(number)"), pattern(8000, seed: UInt64(number)), ledger)
        }
        try await store.close()
        region.dropIndex()
        var limits = testLimits()
        limits.replayBytes = 64 << 10
        let measured = Mutex<FailingIndex?>(nil)
        let again = try await region.open(
            limits: limits,
            index: { index in
                let failing = FailingIndex(index, failures: 0)
                measured.withLock { $0 = failing }
                return failing
            })
        let largest = try #require(measured.withLock { $0 }).largestBatchBytes
        // One batch of the journal may be beyond it.
        #expect(largest > 32 << 10 && largest < 80 << 10)
        try await ledger.check(again, "replayed")
        try await again.close()
    }

    @Test("positions go on through starts, and tell which start issued them")
    func positions() async throws {
        let region = SimulatedRegion()
        var store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        var issued: [FeedPosition] = []
        for round in 0..<4 {
            for _ in 0..<round {
                try await store.put("key", Scenario.small, Ledger())
                issued.append(try #require(try await store.cursors()[store.region]))
            }
            try await store.close()
            store = try await region.open()
        }
        #expect(issued.map(\.number) == (2...7).map { UInt64($0) })
        #expect(Set(issued.map(\.incarnation)).count == 3)
        for position in issued {
            _ = try await store.entries(of: store.region, after: position, limit: 10)
            let forged = FeedPosition(
                incarnation: position.incarnation + 1, number: position.number)
            await #expect(throws: StorageError.self) {
                try await store.entries(of: store.region, after: forged, limit: 10)
            }
        }
        let range = try await store.entries(of: store.region, after: .start, limit: 100)
        #expect(range.through == issued.last)
        // The bucket, and the last version of the key; the others were superseded.
        #expect(range.entries.count == 2)
        try await store.close()
    }

    @Test("completing an upload again answers the same, also after a start")
    func completedTwice() async throws {
        let region = SimulatedRegion()
        var store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        let staged = try await store.stage(bytes: Scenario.large)
        let part = try await store.putPart(upload.id, of: upload.name, number: 1, staged: staged)
        let completion = Completion(parts: [CompletedPart(number: 1, etag: part.etag)])
        let first = try await store.complete(upload.id, of: upload.name, completion)
        #expect(try await store.complete(upload.id, of: upload.name, completion) == first)
        try await store.close()
        region.dropIndex()
        store = try await region.open()
        #expect(try await store.complete(upload.id, of: upload.name, completion) == first)
        var other = completion
        other.parts[0].etag = "another"
        await #expect(throws: StorageError.self) {
            try await store.complete(upload.id, of: upload.name, other)
        }
        try await store.close()
    }

    private static func expectRefusal(_ body: () async throws -> Void) async {
        do {
            try await body()
            Issue.record("it opened")
        } catch let error as StorageError {
            #expect(error.code == .refusedToOpen)
        } catch {
            Issue.record("\(error)")
        }
    }
}
