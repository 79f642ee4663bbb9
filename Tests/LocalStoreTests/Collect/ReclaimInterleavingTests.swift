// The interleavings 7 and 11 to 14 of CollectGarbage.swift: what comes between the mark and the end of a file. A crash
// at every call (13) is for PowerLossTests.

import ChunkFiles
import DiskIO
import Glibc
import Journal
import MetadataIndex
import NIOCore
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

@Suite("Reclaiming space while other things happen")
struct ReclaimInterleavingTests {
    @Test("7: what is staged, and what a body has written so far, is not taken for dead")
    func staged() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let ledger = Ledger()
        let staged = try await store.stage(bytes: Scenario.large)
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
        for (key, body, bytes) in [("a", staged, Scenario.large), ("b", second, Scenario.other)] {
            try await ledger.change(ObjectKey(key), to: bytes) {
                try await store.commit(
                    .put(Ledger.name(ObjectKey(key)), store.content(of: body), body, .none))
            }
        }
        try await store.collect()
        try await ledger.check(store, "staged meanwhile")
        try await store.close()
    }

    @Test("11: a chunk whose blob went while it was copied on is not moved")
    func goneWhileCopied() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let info = try await store.keep(store.stage(bytes: Scenario.large))
        let record = try #require(try await store.entry(of: info.blob)).record
        let stored = StoredChunk(try #require(record.bytes.chunkRecords.first).reference)
        let chunk = LiveChunk(stored: stored, owner: .blob(info.blob))
        let move = ChunkMove(chunk: chunk, to: ChunkPlace(file: 900, offsetBytes: 64))
        let elsewhere = LiveChunk(
            stored: StoredChunk(stored.reference, at: ChunkPlace(file: 800, offsetBytes: 64)),
            owner: .blob(info.blob))
        let stale = ChunkMove(chunk: elsewhere, to: ChunkPlace(file: 900, offsetBytes: 64))
        let unowned = ChunkMove(chunk: LiveChunk(stored: stored), to: move.to)
        for refused in [stale, unowned] {
            let decision = MoveChunks(moves: [refused], copies: [])
            #expect(try await store.committer.queue.submit(decision) == [false])
        }
        #expect(try await store.committer.queue.submit(DropBlobs.of(info.blob)).count == 1)
        let decision = MoveChunks(moves: [move], copies: [])
        #expect(try await store.committer.queue.submit(decision) == [false])
        #expect(store.committer.head.movedChunks == 0)
        try await store.close()
    }

    @Test("11: where a chunk stands now is not forgotten for where it stood before")
    func forgottenTooLate() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let ledger = Ledger()
        let blobs = try await store.mostlyDead(ledger)
        try await store.collectAll()
        let moved = store.committer.head.movedChunks
        #expect(moved > 0)
        let chunk = try #require(try await store.entry(of: blobs.kept)).record.bytes.chunkRecords[0]
        let before = StoredChunk(chunk.reference, at: ChunkPlace(file: 900, offsetBytes: 64))
        try await store.committer.queue.submit(ForgetMoves(chunks: [before]))
        #expect(store.committer.head.movedChunks == moved)
        try await ledger.check(store, "nothing was forgotten")
        try await store.close()
    }

    @Test("12: a chunk that rots before it is copied on is not moved, and its file stays")
    func rotten() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
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

    /// What the disk makes of a copy.
    enum Rot: CaseIterable {
        case everywhere
        /// What is in memory is well.
        case onlyOnDisk
    }

    @Test(
        "12: a copy that rots on its way to the disk does not stand for the chunk",
        arguments: Rot.allCases)
    func rottenCopy(_ rot: Rot) async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let ledger = Ledger()
        _ = try await store.mostlyDead(ledger)
        let files = region.disk.paths
        disk.afterSync { path in
            guard path.hasSuffix(".chunk"), !files.contains(path) else { return }
            guard let size = region.disk.content(of: path)?.count, size > 200 else { return }
            region.disk.flip(path, at: UInt64(size - 100), onlyOnDisk: rot == .onlyOnDisk)
        }
        let report = try await store.collect()
        disk.afterSync(nil)
        #expect(report.findings.contains { $0.outcome == .kept })
        #expect(store.committer.head.movedChunks == 0)
        region.disk.evictAll()
        try await ledger.check(store, "the copy rotted")
        try await store.collectAll()
        try await ledger.check(store, "copied on another time")
        try await store.close()
    }

    @Test("13: that a file is retired is durable before it goes: its id is not used again")
    func retired() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        var staged: StagedBlob? = try await store.stage(bytes: Scenario.large)
        let last = try #require(try store.chunks.reader.files().last)
        // No record ever names what was given up.
        #expect(store.committer.head.lastChunkFile < last)
        store.chunks.appender.seal(Set(try store.chunks.reader.files()))
        #expect(staged != nil)
        staged = nil
        try await eventually("the body is let go of") { !store.chunks.appender.isHeld(last) }
        try await store.collectAll()
        #expect(try store.chunks.reader.files().isEmpty)
        #expect(store.committer.head.lastChunkFile == last)
        region.losePower(.everything)
        try? await store.close()
        let again = try await region.open(limits: collectLimits())
        let ledger = Ledger()
        try await again.put("k", Scenario.large, ledger)
        #expect(try again.chunks.reader.files().allSatisfy { $0 > last })
        try await ledger.check(again, "after the start")
        try await again.close()
    }

    @Test("14: after a commit that could not be written nothing is reclaimed before the next one")
    func failedWrite() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let staged = try await store.stage(bytes: Scenario.large)
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

    @Test("14: after a sync that failed nothing is reclaimed any more")
    func failedSync() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let ledger = Ledger()
        _ = try await store.mostlyDead(ledger)
        let staged = try await store.stage(bytes: Scenario.small)
        region.disk.fail(every: .sync, with: EIO)
        await #expect(throws: StorageError.self) { _ = try await store.keep(staged) }
        region.disk.fail(every: .sync, with: nil)
        #expect(!store.committer.isSettled)
        let before = try store.physicalBytes()
        let report = try await store.collect()
        guard case .failed = report.state else {
            Issue.record("it was reclaimed")
            return
        }
        #expect(try store.physicalBytes() == before)
        try await ledger.check(store, "reads go on")
        try await store.close()
    }
}
