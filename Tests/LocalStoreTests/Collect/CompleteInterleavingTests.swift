// Interleavings 6 and 8 of CollectGarbage.swift, and what else can happen while an upload is completed: between
// the look at its parts and the decision that makes them a body.

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

@Suite("Completing an upload while garbage is collected")
struct CompleteInterleavingTests {
    /// An upload with one part that is copied from a blob.
    private static func copying(
        _ store: DurableStore, _ range: Range<UInt64>
    ) async throws -> (upload: Upload, blob: BlobID, completion: Completion) {
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        let part = try await store.copyPart(
            upload.id, of: upload.name, number: 1, blob: blob, range: range)
        return (upload, blob, completing(part))
    }

    private static func completing(_ part: UploadPart) -> Completion {
        Completion(
            parts: [CompletedPart(number: part.number, etag: part.etag)], leastPartBytes: 1)
    }

    @Test("6: a completed body never names chunks of a blob that was dropped and pushed again")
    func pushedAgain() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let old = try #require(try await store.entry(of: blob)).record.bytes
        #expect(try await store.committer.queue.submit(DropBlobs.of(blob)).count == 1)
        _ = try await store.keep(store.stage(bytes: Scenario.large))
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        let part = try await store.copyPart(
            upload.id, of: upload.name, number: 1, blob: blob, range: 0..<100)
        let records = try await store.partRecords(of: upload.id, after: 0, limit: 1)
        let commit = CommitUpload(
            upload: upload, parts: records,
            body: AssembledBody(
                form: .stored(old), sizeBytes: 100, isSealed: false, sources: [blob: old]),
            record: nil, blob: blob, conditions: .none,
            list: PartList.identity([CompletedPart(number: 1, etag: part.etag)]), asObject: true)
        #expect(try await store.committer.queue.submit(commit) == nil)
        try await store.close()
    }

    @Test(
        "6: what a body is assembled from goes along to the decision",
        arguments: [0..<32_768, 5000..<100_000, 0..<200_000])
    func sources(_ range: Range<UInt64>) async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let (upload, blob, _) = try await Self.copying(store, range)
        let record = try #require(try await store.entry(of: blob)).record
        let parts = try await store.partRecords(of: upload.id, after: 0, limit: 1)
        let body = try await AssembleBody(store: store, parts: parts, isSealed: false).run()
        #expect(body.sources == [blob: record.bytes])
        try await store.close()
    }

    @Test("6: a blob that is mended while it is copied from gives its new chunks")
    func mended() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let (upload, blob, completion) = try await Self.copying(store, 0..<32_768)
        let old = try #require(try await store.entry(of: blob)).record.bytes
        let mark = MarkDamaged(blob: blob, finding: .whole(old), reason: "as the test wants it")
        #expect(try await store.committer.queue.submit(mark))
        let staged = try await store.stage(bytes: Scenario.large)
        let ledger = Ledger()
        let mend: @Sendable () async throws -> Void = { _ = try await store.keep(staged) }
        // It looks at the blob while the mending waits for the committer before it.
        let complete: @Sendable () async throws -> Void = {
            try await ledger.change("u", to: Scenario.large.getSlice(at: 0, length: 32_768)) {
                _ = try await store.complete(upload.id, of: upload.name, completion)
            }
        }
        _ = try await store.inOneGroup(disk, [mend, complete])
        let new = try #require(try await store.entry(of: blob)).record.bytes
        #expect(new != old)
        let body = try #require(try await store.entry(of: try await store.blob(at: "u"))).record
        #expect(body.bytes.chunkRecords == Array(new.chunkRecords.prefix(2)))
        try await store.collect()
        try await ledger.check(store, "completed of what was mended")
        try await store.close()
    }

    @Test("6: a part that is replaced while it is completed is not completed as it was")
    func replaced() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        let first = try await store.putPart(
            upload.id, of: upload.name, number: 1, staged: store.stage(bytes: Scenario.large))
        let staged = try await store.stage(bytes: Scenario.other)
        let replace: @Sendable () async throws -> StorageError.Code? = {
            _ = try await store.putPart(upload.id, of: upload.name, number: 1, staged: staged)
            return nil
        }
        let complete: @Sendable () async throws -> StorageError.Code? = {
            do {
                _ = try await store.complete(upload.id, of: upload.name, Self.completing(first))
                return nil
            } catch let error as StorageError {
                return error.code
            }
        }
        #expect(try await store.inOneGroup(disk, [replace, complete]) == [nil, .invalidPart])
        #expect(try await store.object(upload.name) == nil)
        try await store.close()
    }

    @Test("7: the chunks that a completed body has of its own are held until it is decided")
    func ownChunks() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let (upload, _, completion) = try await Self.copying(store, 5000..<100_000)
        let before = Set(try store.chunks.reader.files())
        store.chunks.appender.seal(before)
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await disk.holding { isHeld in
                group.addTask { try await store.put("held", pattern(9), Ledger()) }
                try await isHeld()
                group.addTask {
                    _ = try await store.complete(upload.id, of: upload.name, completion)
                }
                try await eventually("the body waits for the committer") {
                    store.committer.queue.waitingCount > 0
                }
                let own = Set(try store.chunks.reader.files()).subtracting(before)
                // No lane has them any more.
                store.chunks.appender.seal(own)
                #expect(!own.isEmpty)
                for file in own { #expect(store.chunks.appender.isHeld(file)) }
            }
            try await group.waitForAll()
        }
        try await store.close()
    }

    // MARK: Behind the walk

    /// An upload of one stored part, in files that nothing holds.
    private static func stored(
        _ store: DurableStore, _ name: ObjectName
    ) async throws -> (upload: Upload, completion: Completion, files: [UInt64]) {
        let upload = try await store.create(
            Upload(id: UploadID(""), name: name, initiatedMilliseconds: 0))
        let part = try await store.putPart(
            upload.id, of: name, number: 1, staged: store.stage(bytes: Scenario.large))
        let files = try store.chunks.reader.files()
        store.chunks.appender.seal(Set(files))
        try await eventually("the part's files are let go of") {
            !files.contains { store.chunks.appender.isHeld($0) }
        }
        return (upload, completing(part), files)
    }

    /// Steps of a walk so far.
    private final class Steps: Sendable {
        private let state = Mutex(0)

        var count: Int { state.withLock { $0 } }

        func next() -> Int {
            state.withLock { count in
                count += 1
                return count
            }
        }
    }

    /// Marks in two steps: all blobs, then the parts. `meanwhile` is run between the two.
    private static func marking(
        _ store: DurableStore, _ steps: Steps = Steps(),
        _ meanwhile: @escaping @Sendable () async throws -> Void
    ) -> MarkLiveChunks {
        MarkLiveChunks(
            store: store, stepEntries: Int(store.committer.head.blobs) + 2, limit: 1000,
            pause: { if steps.next() == 2 { try await meanwhile() } })
    }

    @Test("8: chunks that go from a part to a blob behind the walk stay")
    func behindTheWalk() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let ledger = Ledger()
        let name = Ledger.name("whole")
        let (upload, completion, files) = try await Self.stored(store, name)
        let marking = Self.marking(store) {
            try await ledger.change("whole", to: Scenario.large) {
                _ = try await store.complete(upload.id, of: name, completion)
            }
        }
        let live = try #require(try await marking.run(files[...]))
        let marked = files.reduce(0) { $0 + live.take($1).count }
        #expect(marked == 13, "every chunk of the part")
        try await store.close()
    }

    @Test("8: chunks that were on their way from a part to a blob when the walk began stay")
    func onTheirWay() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let name = Ledger.name("whole")
        let (upload, completion, files) = try await Self.stored(store, name)
        let steps = Steps()
        let marking = Self.marking(store, steps) {
            try await eventually("the upload is completed") {
                try await store.object(name) != nil
            }
        }
        try await withThrowingTaskGroup(of: Int?.self) { group in
            try await disk.holding { isHeld in
                group.addTask {
                    _ = try await store.complete(upload.id, of: name, completion)
                    return nil
                }
                // Decided, before anyone watches, and not visible.
                try await isHeld()
                group.addTask {
                    guard let live = try await marking.run(files[...]) else { return 0 }
                    return files.reduce(0) { $0 + live.take($1).count }
                }
                // The walk is to wait for that; one that does not is through with the blobs before they change.
                try await eventually("the marking waits, or does not") {
                    store.committer.queue.waitingCount > 0 || steps.count > 1
                }
            }
            for try await marked in group {
                if let marked { #expect(marked == 13, "every chunk of the part") }
            }
        }
        try await store.close()
    }

    @Test("8: where more is referred to meanwhile than is kept, nothing is taken for dead")
    func overrun() async throws {
        var limits = collectLimits()
        limits.collect.watchedChunks = 12
        let region = SimulatedRegion()
        let store = try await collectStore(region, limits: limits)
        let name = Ledger.name("whole")
        let (upload, completion, files) = try await Self.stored(store, name)
        let marking = Self.marking(store) {
            _ = try await store.complete(upload.id, of: name, completion)
        }
        #expect(try await marking.run(files[...]) == nil)
        try await store.close()
    }
}
