// Each interleaving that the head of CollectGarbage.swift names, replayed: one by one, by its number there.

import ChunkFiles
import DiskIO
import Glibc
import Journal
import NIOCore
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

@Suite("Collecting garbage while other things happen")
struct CollectInterleavingTests {
    private static let bytes = Scenario.large

    private static func dead(_ blob: BlobID) -> DropBlobs {
        DropBlobs(candidates: [DeadBlob(blob: blob, sizeBytes: 0)], grace: .zero)
    }

    private static func store(
        _ region: SimulatedRegion, on disk: (any Disk)? = nil
    ) async throws -> DurableStore {
        let store = try await region.open(limits: collectLimits(), on: disk)
        try await store.makeLedgerBucket()
        return store
    }

    @Test("1: a blob that gained a name since it was proposed stays, also within one group")
    func named() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await Self.store(region, on: disk)
        let blob = try await store.keep(store.stage(bytes: Self.bytes)).blob
        let link: @Sendable () async throws -> [DeadBlob] = {
            try await store.link(blob, "k")
            return []
        }
        let drop: @Sendable () async throws -> [DeadBlob] = {
            try await store.committer.queue.submit(Self.dead(blob))
        }
        let results = try await store.inOneGroup(disk, [link, drop])
        #expect(results == [[], []])
        #expect(try await store.stat(blob) != nil)
        try await store.close()
    }

    @Test("2: a look-up before the decision keeps the blob; one after it does not see the blob")
    func lookedUp() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await Self.store(region, on: disk)
        let blob = try await store.keep(store.stage(bytes: Self.bytes)).blob
        var lease = store.use.lease(blob)
        #expect(lease != nil)
        #expect(try await store.committer.queue.submit(Self.dead(blob)).isEmpty)
        lease = nil
        let used = DropBlobs(
            candidates: [DeadBlob(blob: blob, sizeBytes: 0)], grace: .seconds(1))
        #expect(try await store.committer.queue.submit(used).isEmpty)
        try await store.whileDropping(blob, disk) {
            let info = try await store.stat(blob)
            #expect(info == nil)
            await #expect(throws: StorageError.self) {
                _ = try await store.read(blob, range: 0..<1)
            }
        }
        #expect(try await store.stat(blob) == nil)
        try await store.close()
    }

    @Test("3: a digest that is pushed while its blob is dropped is here afterwards")
    func pushed() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await Self.store(region, on: disk)
        let ledger = Ledger()
        let blob = try await store.keep(store.stage(bytes: Self.bytes)).blob
        let staged = try await store.stage(bytes: Self.bytes)
        try await store.whileDropping(
            blob, disk,
            then: {
                _ = try await store.keep(staged)
                try await store.put("pushed", Self.bytes, ledger)
            })
        #expect(try await store.stat(blob) != nil)
        try await store.collect()
        try await ledger.check(store, "pushed while dropped")
        try await store.close()
    }

    @Test("4: a link and a part copy that are decided after the drop are refused")
    func linked() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await Self.store(region, on: disk)
        let info = try await store.keep(store.stage(bytes: Self.bytes))
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        let content = ObjectContent(
            blob: info.blob, sizeBytes: info.sizeBytes, lastModifiedMilliseconds: 0, etag: "e")
        let refusals = Mutex(0)
        try await store.whileDropping(
            info.blob, disk,
            then: {
                do {
                    try await store.commit(.link(Ledger.name("k"), content, .none))
                } catch let error as StorageError where error.code == .noSuchBlob {
                    refusals.withLock { $0 += 1 }
                }
                do {
                    _ = try await store.copyPart(
                        upload.id, of: upload.name, number: 1, blob: info.blob, range: 0..<1)
                } catch let error as StorageError where error.code == .noSuchBlob {
                    refusals.withLock { $0 += 1 }
                }
            })
        #expect(refusals.withLock { $0 } == 2)
        #expect(try await store.object(Ledger.name("k")) == nil)
        try await store.close()
    }

    @Test("5: who read a name before it was removed finds the blob for the grace period")
    func removedName() async throws {
        let region = SimulatedRegion()
        let uptime = TestUptime()
        let store = try await region.open(limits: collectLimits(), uptime: uptime.elapsed)
        try await store.makeLedgerBucket()
        try await store.put("k", Self.bytes, Ledger())
        uptime.advance(.seconds(1000))
        let blob = try await store.blob(at: "k")
        try await store.commit(.delete(Ledger.name("k"), .none))
        #expect(
            try await store.collect(GarbageOptions(grace: .seconds(60))).figures["removed_blobs"]
                == nil)
        #expect(try await store.content(of: blob, limitBytes: 1 << 20) == Self.bytes)
        try await store.close()
    }

    @Test("6: a completed body never names chunks of a blob that was dropped and pushed again")
    func pushedAgain() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let blob = try await store.keep(store.stage(bytes: Self.bytes)).blob
        let old = try #require(try await store.entry(of: blob)).record.bytes
        #expect(try await store.committer.queue.submit(Self.dead(blob)).count == 1)
        _ = try await store.keep(store.stage(bytes: Self.bytes))
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        let part = try await store.copyPart(
            upload.id, of: upload.name, number: 1, blob: blob, range: 0..<100)
        let records = try await store.partRecords(of: upload.id, after: 0, limit: 1)
        let commit = CommitUpload(
            upload: upload, parts: records,
            body: AssembledBody(form: .stored(old), sizeBytes: 100, sources: [blob: old]),
            record: nil, blob: blob, conditions: .none,
            list: PartList.identity([CompletedPart(number: 1, etag: part.etag)]), asObject: true)
        #expect(try await store.committer.queue.submit(commit) == nil)
        try await store.close()
    }

    @Test("7: what is staged, and what a body has written so far, is not taken for dead")
    func staged() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let ledger = Ledger()
        let staged = try await store.stage(bytes: Self.bytes)
        let staging = try await store.stage(HashPlan(md5: true), expectedBytes: nil)
        let halves = (
            try #require(Scenario.other.getSlice(at: 0, length: 65_000)),
            try #require(Scenario.other.getSlice(at: 65_000, length: 65_000))
        )
        try await staging.write(halves.0)
        try await store.collect()
        try await store.collect()
        try await staging.write(halves.1)
        let second = try await staging.finish(BodyPromise())
        try await store.collect()
        for (key, body, bytes) in [("a", staged, Self.bytes), ("b", second, Scenario.other)] {
            try await ledger.change(ObjectKey(key), to: bytes) {
                try await store.commit(
                    .put(Ledger.name(ObjectKey(key)), store.content(of: body), body, .none))
            }
        }
        try await store.collect()
        try await ledger.check(store, "staged meanwhile")
        try await store.close()
    }

    @Test("8: chunks that go from a part to a blob behind the walk stay")
    func behindTheWalk() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let ledger = Ledger()
        let name = Ledger.name("whole")
        let upload = try await store.create(
            Upload(id: UploadID(""), name: name, initiatedMilliseconds: 0))
        let part = try await store.putPart(
            upload.id, of: name, number: 1, staged: store.stage(bytes: Self.bytes))
        store.chunks.appender.seal(Set(try store.chunks.reader.files()))
        let files = try store.chunks.reader.files()
        #expect(!files.contains { store.chunks.appender.isHeld($0) })
        let steps = Mutex(0)
        let blobs = store.committer.head.blobs
        // The walk is through with the blobs when it comes to its last step, the parts.
        let marking = MarkLiveChunks(
            store: store, stepEntries: Int(blobs) + 1, limit: 1000,
            pause: {
                let step = steps.withLock { steps in
                    steps += 1
                    return steps
                }
                guard step == 2 else { return }
                let completion = Completion(
                    parts: [CompletedPart(number: 1, etag: part.etag)], leastPartBytes: 1)
                try await ledger.change("whole", to: Self.bytes) {
                    _ = try await store.complete(upload.id, of: name, completion)
                }
            })
        let live = try #require(try await marking.run(files[...]))
        let marked = files.reduce(0) { $0 + live.take($1).count }
        #expect(marked == 13, "every chunk of the part")
        try await store.close()
    }

    @Test("9: bytes stay until the look-ups that may have found them have ended")
    func openLookup() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let ledger = Ledger()
        try await store.put("kept", pattern(20_000, seed: 7), ledger)
        try await store.put("gone", Self.bytes, ledger)
        let blob = try await store.blob(at: "gone")
        let before = try store.physicalBytes()
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (found, finder) = AsyncStream.makeStream(of: Void.self)
        async let read: [UInt8] = store.lookups.during {
            let entry = try #require(try await store.entry(of: blob))
            finder.finish()
            for await _ in gate {}
            let source = try await store.source(
                entry.record.bytes, 0..<entry.record.sizeBytes, of: blob)
            return try await source.collect()
        }
        for await _ in found {}
        try await store.delete("gone", ledger)
        async let report = store.collect()
        try await eventually("the collection waits for look-ups") { store.lookups.isAwaited }
        #expect(try store.physicalBytes() == before)
        opener.finish()
        #expect(try await read == Array(Self.bytes.readableBytesView))
        _ = try await report
        try await store.collect()
        #expect(try store.physicalBytes() < before)
        try await ledger.check(store, "after the collection")
        try await store.close()
    }

    @Test("10: a read goes on to its last byte, whatever is collected")
    func pinned() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let ledger = Ledger()
        for number in 0..<6 {
            try await store.put(
                ObjectKey("\(number)"), pattern(90_000, seed: UInt64(number + 1)), ledger)
        }
        let blob = try await store.blob(at: "3")
        let whole = try await store.content(of: blob, limitBytes: 1 << 20)
        var source: (any SegmentSource)? = try await store.read(blob, range: 0..<90_000)
        let segment = try await source?.next()
        guard case .bytes(var read)? = segment else {
            Issue.record("a simulated disk yields bytes")
            return
        }
        for number in 0..<6 where number != 1 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        let first = try await store.collect()
        #expect(first.figures["removed_blobs"] == 4, "all but the one that is read")
        try await store.dropWhatever(blob)
        try await store.collect()
        while let next = try await source?.next() { try next.append(to: &read) }
        #expect(read == whole)
        source = nil
        try await store.collect()
        try await ledger.check(store, "after the collection")
        let live = try await store.liveBytes()
        #expect(try store.physicalBytes() * 10 <= live * 13)
        try await store.close()
    }

    @Test("11: a chunk whose blob went while it was copied on is not moved")
    func goneWhileCopied() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let info = try await store.keep(store.stage(bytes: Self.bytes))
        let record = try #require(try await store.entry(of: info.blob)).record
        let stored = StoredChunk(try #require(record.bytes.chunkRecords.first).reference)
        let chunk = LiveChunk(stored: stored, owner: .blob(info.blob))
        let move = ChunkMove(chunk: chunk, to: ChunkPlace(file: 900, offsetBytes: 64))
        let elsewhere = LiveChunk(
            stored: StoredChunk(stored.reference, at: ChunkPlace(file: 800, offsetBytes: 64)),
            owner: .blob(info.blob))
        let stale = ChunkMove(chunk: elsewhere, to: ChunkPlace(file: 900, offsetBytes: 64))
        #expect(try await store.committer.queue.submit(MoveChunks(moves: [stale], copies: [])) == 0)
        #expect(try await store.committer.queue.submit(Self.dead(info.blob)).count == 1)
        #expect(try await store.committer.queue.submit(MoveChunks(moves: [move], copies: [])) == 0)
        #expect(store.committer.head.movedChunks == 0)
        try await store.close()
    }

    @Test("12: a chunk that rots before it is copied on is not moved, and its file stays")
    func rotten() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let ledger = Ledger()
        for number in 0..<6 {
            try await store.put(
                ObjectKey("\(number)"), pattern(60_000, seed: UInt64(number + 1)), ledger)
        }
        let blob = try await store.blob(at: "1")
        let record = try #require(try await store.entry(of: blob)).record
        let chunk = try #require(record.bytes.chunkRecords.first)
        for number in 0..<6 where number != 1 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        let path = "/data/chunks/" + ChunkFormat.name(of: chunk.file)
        region.disk.flip(path, at: chunk.offsetBytes + 100)
        let report = try await store.collect()
        #expect(report.findings.contains { $0.outcome == .kept && $0.reason.contains("damaged") })
        #expect(region.disk.paths.contains(path))
        try await eventually("the damage is recorded") {
            try await store.stat(blob)?.isDamaged == true
        }
        region.disk.flip(path, at: chunk.offsetBytes + 100)
        // The push mends it; its old chunks are dead then.
        try await store.put("1", pattern(60_000, seed: 2), ledger)
        try await store.collect()
        try await ledger.check(store, "mended")
        #expect(!region.disk.paths.contains(path))
        try await store.close()
    }

    @Test("14: after a commit that could not be written nothing is reclaimed before the next one")
    func failedWrite() async throws {
        let region = SimulatedRegion()
        let store = try await Self.store(region)
        let staged = try await store.stage(bytes: Self.bytes)
        region.disk.fail(every: .write, with: EIO)
        await #expect(throws: StorageError.self) { _ = try await store.keep(staged) }
        region.disk.fail(every: .write, with: nil)
        #expect(!store.committer.isSettled)
        let report = try await store.collect()
        guard case .failed = report.state else {
            Issue.record("it was reclaimed")
            return
        }
        try await store.put("next", Scenario.small, Ledger())
        #expect(store.committer.isSettled)
        #expect(try await store.collect().state == .done)
        try await store.close()
    }
}

extension DurableStore {
    /// Runs commits so that one group decides all of them, in this order.
    func inOneGroup<Answer: Sendable>(
        _ disk: HeldDisk, _ commits: [@Sendable () async throws -> Answer]
    ) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: (Int, Answer?).self) { group in
            try await disk.holding { isHeld in
                group.addTask { [self] in
                    try await put("held", pattern(9), Ledger())
                    return (-1, nil)
                }
                try await isHeld()
                for (number, commit) in commits.enumerated() {
                    group.addTask { (number, try await commit()) }
                    try await eventually("commit \(number) waits for the committer") {
                        committer.queue.waitingCount >= number + 1
                    }
                }
            }
            var answers: [Int: Answer] = [:]
            for try await (number, answer) in group { answers[number] = answer }
            return answers.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Drops a blob, runs `meanwhile` between the decision and the sync of its record, and begins `then` at
    /// that time as well.
    func whileDropping(
        _ blob: BlobID, _ disk: HeldDisk,
        _ meanwhile: @Sendable () async throws -> Void = {},
        then: @escaping @Sendable () async throws -> Void = {}
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await disk.holding { isHeld in
                group.addTask { [self] in
                    let drop = DropBlobs(
                        candidates: [DeadBlob(blob: blob, sizeBytes: 0)], grace: .zero)
                    let dropped = try await committer.queue.submit(drop)
                    #expect(dropped.map(\.blob) == [blob])
                }
                try await isHeld()
                try await meanwhile()
                group.addTask { try await then() }
            }
            try await group.waitForAll()
        }
    }

    /// Drops a blob that is leased, as no collection does.
    func dropWhatever(_ blob: BlobID) async throws {
        try await committer.queue.submit(DropWhatever(blob: blob))
    }
}

private struct DropWhatever: Decision {
    let blob: BlobID

    func decide(_ context: inout CommitContext) throws(StorageError) {
        try context.record(.blobState(BlobStateRecord(blob: blob, change: .dropped)))
    }
}
