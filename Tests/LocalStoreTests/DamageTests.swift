// Damage is about chunks: what is recorded of it, what is still served, and what ends it.

import ChunkFiles
import DiskIO
import Journal
import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

/// A store whose bodies have several chunks, over a disk that a test spoils.
struct DamagedRegion {
    static let chunkBytes: UInt64 = 64 << 10

    let region = SimulatedRegion()
    let ledger = Ledger()

    static func limits(verifyInterval: Duration = .zero) -> LocalStoreLimits {
        var limits = testLimits()
        limits.ingest.chunkBytes = Int(chunkBytes)
        limits.ingest.inlineBytes = 1 << 10
        limits.reads.verifyInterval = verifyInterval
        return limits
    }

    func open(verifyInterval: Duration = .zero) async throws -> DurableStore {
        let store = try await region.open(limits: Self.limits(verifyInterval: verifyInterval))
        do {
            try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        } catch let error as StorageError where error.code == .bucketExists {}
        return store
    }

    func put(_ key: ObjectKey, _ bytes: ByteBuffer, in store: DurableStore) async throws -> BlobID {
        try await store.put(key, bytes, ledger)
        return try #require(try await store.object(Ledger.name(key))?.content?.blob)
    }

    func chunks(of blob: BlobID, in store: DurableStore) async throws -> [ChunkRecord] {
        guard case .chunks(let chunks)? = try await store.entry(of: blob)?.record.bytes else {
            return []
        }
        return chunks
    }

    static func path(_ file: UInt64) -> String { "/data/chunks/" + ChunkFormat.name(of: file) }

    /// Changes a bit of a chunk's payload, also in memory.
    func rot(_ chunk: ChunkRecord) {
        region.disk.flip(Self.path(chunk.file), at: chunk.offsetBytes + 64 + 100)
    }
}

func bytes(
    of blob: BlobID, _ range: Range<UInt64>, in store: some BlobStore
) async throws -> ByteBuffer {
    var result = ByteBuffer()
    let source = try await store.read(blob, range: range)
    while let segment = try await source.next() { try segment.append(to: &result) }
    return result
}

@Suite("Damage")
struct DamageTests {
    private static let large = pattern(300_000, seed: 21)

    private static func code(_ body: () async throws -> Void) async -> StorageError.Code? {
        do {
            try await body()
            return nil
        } catch let error as StorageError {
            return error.code
        } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    @Test("of one chunk refuses what touches it and serves the rest, also after a rebuild")
    func byChunk() async throws {
        let damaged = DamagedRegion()
        var store = try await damaged.open()
        let blob = try await damaged.put("large", Self.large, in: store)
        damaged.rot(try await damaged.chunks(of: blob, in: store)[2])
        #expect(
            await Self.code { _ = try await bytes(of: blob, 0..<300_000, in: store) } == .damaged)
        for round in 0..<2 {
            let info = try await store.stat(blob)
            #expect(info?.isDamaged == true, "recorded before the read said so, round \(round)")
            let list = try await store.damage(after: nil, limit: 10)
            #expect(list.map(\.blob) == [blob])
            #expect(list.first?.sizeBytes == 300_000)
            #expect(list.first?.reason.contains("checksum") == true)
            #expect(try await store.damage(after: blob, limit: 10).isEmpty)
            let before: Range<UInt64> = 0..<2 * DamagedRegion.chunkBytes
            let behind: Range<UInt64> = 3 * DamagedRegion.chunkBytes..<300_000
            for range in [before, behind] {
                let expected = Self.large.getSlice(at: Int(range.lowerBound), length: range.count)
                #expect(try await bytes(of: blob, range, in: store) == expected)
            }
            let touching = before.upperBound..<before.upperBound + 1
            let error = await #expect(throws: StorageError.self) {
                _ = try await bytes(of: blob, touching, in: store)
            }
            #expect(error?.code == .damaged)
            #expect(error?.message.contains(blob.description) == true)
            try await store.close()
            damaged.region.dropIndex()
            store = try await damaged.open()
        }
        // A push of the same bytes ends it.
        _ = try await damaged.put("again", Self.large, in: store)
        #expect(try await store.stat(blob)?.isDamaged == false)
        #expect(try await store.damage(after: nil, limit: 10).isEmpty)
        try await damaged.ledger.check(store, "healed")
        try await store.close()
    }

    @Test("reported late, of chunks that were replaced meanwhile, marks nothing")
    func lateReport() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open()
        let blob = try await damaged.put("large", Self.large, in: store)
        let old = try await damaged.chunks(of: blob, in: store)
        damaged.rot(old[0])
        #expect(await Self.code { _ = try await bytes(of: blob, 0..<1, in: store) } == .damaged)
        _ = try await damaged.put("again", Self.large, in: store)
        let late = MarkDamaged(
            blob: blob, finding: .chunks([StoredChunk(old[0].reference)]), reason: "late")
        #expect(try await store.committer.queue.submit(late) == false)
        let whole = MarkDamaged(blob: blob, finding: .whole(.chunks(old)), reason: "late")
        #expect(try await store.committer.queue.submit(whole) == false)
        #expect(try await store.stat(blob)?.isDamaged == false)
        let elsewhere = StoredChunk(
            try await damaged.chunks(of: blob, in: store)[0].reference,
            at: ChunkPlace(file: 99, offsetBytes: 64))
        let moved = MarkDamaged(blob: blob, finding: .chunks([elsewhere]), reason: "moved")
        #expect(try await store.committer.queue.submit(moved) == false)
        try await store.close()
    }

    @Test("a blob with very many damaged chunks is damaged wholly")
    func manyChunks() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open()
        let size = (MarkDamaged.chunkLimit + 2) * Int(DamagedRegion.chunkBytes)
        let blob = try await damaged.put("large", pattern(size, seed: 5), in: store)
        let chunks = try await damaged.chunks(of: blob, in: store)
        for chunk in chunks.dropLast() {
            let mark = MarkDamaged(
                blob: blob, finding: .chunks([StoredChunk(chunk.reference)]), reason: "rot")
            #expect(try await store.committer.queue.submit(mark))
        }
        let last = UInt64(size) - DamagedRegion.chunkBytes..<UInt64(size)
        #expect(await Self.code { _ = try await bytes(of: blob, last, in: store) } == .damaged)
        try await store.close()
    }

    @Test("a chunk that the disk cannot read is damage, unless the second attempt succeeds")
    func unreadable() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open()
        let blob = try await damaged.put("large", Self.large, in: store)
        let chunk = try await damaged.chunks(of: blob, in: store)[1]
        let range = chunk.offsetBytes + 5000..<chunk.offsetBytes + 5001
        damaged.region.disk.makeUnreadable(DamagedRegion.path(chunk.file), range, times: 1)
        #expect(try await bytes(of: blob, 0..<300_000, in: store) == Self.large)
        damaged.region.disk.makeUnreadable(DamagedRegion.path(chunk.file), range)
        #expect(
            await Self.code { _ = try await bytes(of: blob, 0..<300_000, in: store) } == .damaged)
        #expect(try await store.stat(blob)?.isDamaged == true)
        let intact = try await bytes(of: blob, 0..<DamagedRegion.chunkBytes, in: store)
        #expect(intact == Self.large.getSlice(at: 0, length: Int(DamagedRegion.chunkBytes)))
        try await store.close()
    }

    @Test("found through one blob is not served through another on the word of an earlier check")
    func sharedChunk() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open(verifyInterval: .seconds(3600))
        let one = pattern(Int(DamagedRegion.chunkBytes), seed: 8)
        let blob = try await damaged.put("one", one, in: store)
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("two"), initiatedMilliseconds: 0))
        var parts: [CompletedPart] = []
        for number in 1...2 {
            let part = try await store.copyPart(
                upload.id, of: upload.name, number: number, blob: blob,
                range: 0..<DamagedRegion.chunkBytes)
            parts.append(CompletedPart(number: number, etag: part.etag))
        }
        let two = try await store.complete(
            upload.id, of: upload.name, Completion(parts: parts, leastPartBytes: 1))
        let other = try #require(two.content?.blob)
        let chunk = try await damaged.chunks(of: other, in: store)[0]
        #expect(try await damaged.chunks(of: blob, in: store) == [chunk])
        _ = try await bytes(of: other, 0..<DamagedRegion.chunkBytes, in: store)
        damaged.rot(chunk)
        let file = try damaged.region.disk.open(DamagedRegion.path(chunk.file), .read)
        file.evict(0..<(try file.sizeBytes()))
        #expect(await Self.code { _ = try await bytes(of: blob, 0..<10, in: store) } == .damaged)
        #expect(await Self.code { _ = try await bytes(of: other, 0..<10, in: store) } == .damaged)
        try await store.close()
    }
}
