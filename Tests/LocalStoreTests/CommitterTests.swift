// The committer: groups, and what it does when disk or index refuse.

import Glibc
import MetadataIndex
import NIOCore
import RegistryLayout
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

@Suite("The committer")
struct CommitterTests {
    private static func code(_ body: () async throws -> Void) async -> StorageError.Code? {
        do {
            try await body()
            return nil
        } catch let error as StorageError {
            return error.code
        } catch {
            return .inputOutput
        }
    }

    private static func withBucket(_ region: SimulatedRegion) async throws -> DurableStore {
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        return store
    }

    @Test("everyone who waits while a group is synced shares the next sync")
    func groups() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await region.open(on: disk)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let before = store.committer.figures
        let syncs = disk.journalSyncs
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await disk.holding { isHeld in
                group.addTask { try await store.put("first", pattern(9), Ledger()) }
                try await isHeld()
                for number in 0..<64 {
                    group.addTask {
                        try await store.put(ObjectKey("\(number)"), pattern(9), Ledger())
                    }
                }
                try await eventually("all wait for the committer") {
                    store.committer.queue.waitingCount >= 64
                }
            }
            try await group.waitForAll()
        }
        let after = store.committer.figures
        #expect(after.groups - before.groups == 2)
        #expect(after.batches - before.batches == 65)
        #expect(disk.journalSyncs - syncs == 2)
        try await store.close()
    }

    @Test("commits of one group see each other")
    func withinAGroup() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await region.open(on: disk)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let staged = try await store.stage(bytes: pattern(10))
        let content = try store.content(of: staged)
        let none: ObjectVersion? = nil
        let written = try await withThrowingTaskGroup(of: ObjectVersion?.self) { group in
            try await disk.holding { isHeld in
                group.addTask {
                    try await store.put("first", pattern(9), Ledger())
                    return none
                }
                try await isHeld()
                for _ in 0..<10 {
                    group.addTask {
                        let once = Preconditions(ifNoneMatch: .any)
                        let put = ObjectMutation.put(Ledger.name("once"), content, staged, once)
                        return (try? await store.commit(put)) ?? none
                    }
                }
                try await eventually("all wait for the committer") {
                    store.committer.queue.waitingCount >= 10
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 == nil ? 0 : 1 }
        }
        #expect(written == 1)
        try await store.close()
    }

    @Test("who comes when too many wait is told to come again")
    func fullQueue() async throws {
        let queue = CommitQueue(limit: 1)
        queue.post(MergeEntries(entries: [], range: nil)) { _ in }
        let code = await Self.code {
            try await queue.submit(MergeEntries(entries: [], range: nil))
        }
        #expect(code == .unavailable)
    }

    @Test("a bucket that goes within a group is gone for what follows in it")
    func bucketWithinAGroup() async throws {
        let store = try await Self.withBucket(SimulatedRegion())
        let staged = try await store.stage(bytes: pattern(10))
        let content = try store.content(of: staged)
        let empty = Preconditions(emptyBucket: Ledger.bucket)
        let results = await store.commit([
            .put(Ledger.name("a"), content, staged, .none), .delete(Ledger.name("a"), .none),
            .delete(Buckets.name(of: Ledger.bucket), empty),
            .put(Ledger.name("b"), content, staged, .none),
        ])
        let codes: [StorageError.Code?] = results.map { result in
            guard case .failure(let error) = result else { return nil }
            return error.code
        }
        #expect(codes == [nil, nil, nil, .noSuchBucket])
        try await store.close()
    }

    @Test("after a sync that failed nothing is acknowledged, and reads go on")
    func failedSync() async throws {
        let region = SimulatedRegion()
        let store = try await Self.withBucket(region)
        let ledger = Ledger()
        try await store.put("before", Scenario.small, ledger)
        region.disk.fail(every: .sync, with: EIO)
        #expect(
            await Self.code { try await store.put("during", Scenario.small, Ledger()) }
                == .unavailable)
        region.disk.fail(every: .sync, with: nil)
        #expect(
            await Self.code { try await store.put("later", Scenario.small, Ledger()) }
                == .unavailable)
        #expect(store.refusal?.code == .unavailable)
        try await ledger.check(store, "reads go on")
        region.kill()
        try? await store.close()
        let again = try await region.open()
        try await ledger.check(again, "after the restart")
        #expect(try await again.object(Ledger.name("during")) == nil)
        #expect(again.refusal == nil)
        try await again.close()
    }

    @Test("a full disk is an error of the write, and nothing of it is left")
    func diskFull() async throws {
        let region = SimulatedRegion()
        let store = try await Self.withBucket(region)
        let ledger = Ledger()
        try await store.put("before", Scenario.small, ledger)
        let space = region.disk.availableBytes
        region.disk.availableBytes = 20
        for bytes in [Scenario.small, Scenario.large] {
            #expect(
                await Self.code { try await store.put("during", bytes, Ledger()) }
                    == .insufficientStorage)
        }
        region.disk.availableBytes = space
        try await store.put("after", Scenario.large, ledger)
        try await ledger.check(store, "in place")
        region.losePower(.everything)
        try? await store.close()
        let again = try await region.open()
        try await ledger.check(again, "after the restart")
        try await again.close()
    }

    @Test("below the reserve only deletes are taken")
    func reserve() async throws {
        let region = SimulatedRegion()
        let store = try await Self.withBucket(region)
        let ledger = Ledger()
        try await store.put("a", Scenario.small, ledger)
        try await store.close()
        var limits = testLimits()
        limits.reserveBytes = region.disk.availableBytes + 1
        let full = try await region.open(limits: limits)
        #expect(
            await Self.code { try await full.put("b", Scenario.small, Ledger()) }
                == .insufficientStorage)
        try await full.commit(.delete(Ledger.name("a"), .none))
        #expect(try await full.object(Ledger.name("a")) == nil)
        try await full.close()
    }

    @Test("an index batch that fails is made good from the journal, and the store stays up")
    func failedIndex() async throws {
        let region = SimulatedRegion()
        let opened = Mutex<FailingIndex?>(nil)
        let store = try await region.open(index: { index in
            let failing = FailingIndex(index, failures: 0)
            opened.withLock { $0 = failing }
            return failing
        })
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        opened.withLock { $0 }?.fail(1)
        #expect(
            await Self.code { try await store.put("during", Scenario.small, Ledger()) }
                == .inputOutput)
        #expect(try await store.object(Ledger.name("during")) != nil)
        try await store.put("after", Scenario.small, Ledger())
        #expect(try await store.object(Ledger.name("after")) != nil)
        #expect(store.refusal == nil)
        try await store.close()
    }

    @Test(
        "an index that cannot be opened again is tried until it can, and nobody is lied to meanwhile"
    )
    func lostIndex() async throws {
        let region = SimulatedRegion()
        let first = Mutex<FailingIndex?>(nil)
        let mayOpen = Atomic(true)
        let store = try await region.open(index: { index in
            // It fails while the journal is replayed into it.
            let isGood = mayOpen.load(ordering: .sequentiallyConsistent)
            let failing = FailingIndex(index, failures: isGood ? 0 : 1)
            first.withLock { $0 = $0 ?? failing }
            return failing
        })
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        try await store.put("before", Scenario.large, ledger)
        mayOpen.store(false, ordering: .sequentiallyConsistent)
        first.withLock { $0 }?.fail(1)
        #expect(
            await Self.code { try await store.put("during", Scenario.small, Ledger()) }
                == .unavailable)
        #expect(store.refusal?.code == .unavailable)
        #expect(
            await Self.code { _ = try await store.object(Ledger.name("before")) } == .unavailable)
        mayOpen.store(true, ordering: .sequentiallyConsistent)
        try await eventually("the index is open again") { store.refusal == nil }
        try await store.put("after", Scenario.small, ledger)
        #expect(try await store.object(Ledger.name("during")) != nil)
        try await store.close()
    }

    @Test("a chunk that rotted is not served, and a new push of its blob heals it")
    func damagedChunk() async throws {
        var limits = testLimits()
        limits.reads.verifyInterval = .zero
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        try await store.put("rotten", Scenario.large, ledger)
        let chunks = try #require(region.disk.paths.first { $0.hasPrefix("/data/chunks/") })
        let size = try #require(region.disk.content(of: chunks)?.count)
        region.disk.flip(chunks, at: UInt64(size / 2))
        let blob = try #require(try await store.object(Ledger.name("rotten"))?.content?.blob)
        let read = { _ = try await store.content(of: blob, limitBytes: 1 << 20) }
        #expect(await Self.code(read) == .damaged)
        try await eventually("the damage is recorded") {
            try await store.stat(blob)?.isDamaged == true
        }
        #expect(await Self.code(read) == .damaged)
        try await store.put("again", Scenario.large, ledger)
        #expect(try await store.stat(blob)?.isDamaged == false)
        try await ledger.check(store, "healed")
        try await store.close()
    }

    @Test("what stays in its region is in no feed, and a deleted one leaves nothing")
    func regionLocal() async throws {
        let region = SimulatedRegion()
        let store = try await Self.withBucket(region)
        let key: ObjectKey = "docker/registry/v2/repositories/r/_uploads/1/data"
        let before = try await store.cursors()
        let ledger = Ledger()
        try await store.put(key, Scenario.small, ledger)
        #expect(try await store.object(Ledger.name(key))?.position == nil)
        try await store.commit(.delete(Ledger.name(key), .none))
        #expect(try await store.cursors() == before)
        #expect(try await store.registers(of: [Ledger.name(key)]) == [ObjectRegister()])
        #expect(try region.indexEntries()[KeySchema.register(Ledger.name(key))] == nil)
        try await store.close()
    }

    @Test("the bytes of a blob that is here are not kept twice")
    func deduplicated() async throws {
        let region = SimulatedRegion()
        let store = try await Self.withBucket(region)
        let ledger = Ledger()
        try await store.put("one", Scenario.large, ledger)
        let first = try await store.stat(try #require(BlobID(bytes: sha256(Scenario.large))))
        let entry = try region.indexEntries()[KeySchema.blob(try #require(first).blob)]
        try await store.put("two", Scenario.large, ledger)
        #expect(try region.indexEntries()[KeySchema.blob(try #require(first).blob)] == entry)
        #expect(try await store.figures().blobs == 2, "the bucket's document, and the blob")
        try await store.close()
    }

    @Test("parts that cover a whole blob in order are that blob, and no byte is written")
    func copyByReference() async throws {
        let region = SimulatedRegion()
        let store = try await Self.withBucket(region)
        let ledger = Ledger()
        try await store.put("source", Scenario.large, ledger)
        let source = try #require(try await store.object(Ledger.name("source"))?.content)
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("copy"), initiatedMilliseconds: 0))
        var parts: [CompletedPart] = []
        for (number, start) in stride(from: UInt64(0), to: source.sizeBytes, by: 70_000)
            .enumerated()
        {
            let part = try await store.copyPart(
                upload.id, of: upload.name, number: number + 1, blob: source.blob,
                range: start..<min(start + 70_000, source.sizeBytes))
            parts.append(CompletedPart(number: part.number, etag: part.etag))
        }
        let calls = region.disk.calls.count
        let version = try await store.complete(
            upload.id, of: upload.name, Completion(parts: parts, leastPartBytes: 1))
        #expect(version.content?.blob == source.blob)
        let written = region.disk.calls[calls...].filter { $0.path.contains("chunks") }
        #expect(written.isEmpty)
        try await store.close()
    }
}

private func sha256(_ bytes: ByteBuffer) -> [UInt8] {
    HashedBody(bytes, plan: HashPlan()).blob?.bytes ?? []
}
