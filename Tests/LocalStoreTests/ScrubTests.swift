// What a scrub finds, of everything that can happen to files; and what it leaves in peace.

import ChunkFiles
import DiskIO
import Journal
import NIOCore
import RegistryLayout
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

/// Remembers what it was told, and has the work end after so many looks.
final class Recorded: WorkReport {
    private let checksLeft: Mutex<Int>

    init(checks: Int = .max) { checksLeft = Mutex(checks) }

    private let state = Mutex<(figures: [String: UInt64], findings: [JobFinding])>(([:], []))

    var findings: [JobFinding] { state.withLock { $0.findings } }

    func figure(_ name: String) -> UInt64 { state.withLock { $0.figures[name] ?? 0 } }

    func set(_ progress: JobProgress) {}
    func advance(_ done: UInt64) {}
    func add(_ figure: String, _ count: UInt64) {
        state.withLock { $0.figures[figure, default: 0] += count }
    }
    func found(_ finding: JobFinding) { state.withLock { $0.findings.append(finding) } }
    func checkCancellation() throws {
        try Task.checkCancellation()
        let isLast = checksLeft.withLock { left in
            left -= 1
            return left < 0
        }
        if isLast { throw CancellationError() }
    }
}

/// One way in which a disk loses a chunk.
enum Spoiling: Sendable, CaseIterable {
    case payloadBit
    case headerBit
    case zeroedPage
    case unreadable
    case cutFile
    case missingFile

    func spoil(_ chunk: ChunkRecord, _ disk: SimulatedDisk) throws {
        let path = DamagedRegion.path(chunk.file)
        switch self {
        case .payloadBit: disk.flip(path, at: chunk.offsetBytes + 64 + 100, bit: 3)
        case .headerBit: disk.flip(path, at: chunk.offsetBytes + 6)
        case .zeroedPage:
            let page = (chunk.offsetBytes + 4096) / 4096 * 4096
            disk.zero(path, page..<page + 4096)
        case .unreadable:
            disk.makeUnreadable(path, chunk.offsetBytes + 4096..<chunk.offsetBytes + 4097)
        case .cutFile: disk.cut(path, to: chunk.offsetBytes + 500)
        case .missingFile: try disk.remove(path)
        }
    }
}

@Suite("A scrub")
struct ScrubTests {
    private static let bodies = (1...3).map { pattern(300_000, seed: UInt64(30 + $0)) }

    /// A store with three large bodies and a small one.
    private static func filled(
        _ damaged: DamagedRegion
    ) async throws -> (DurableStore, [BlobID]) {
        var limits = DamagedRegion.limits()
        limits.chunks.fileBytes = 200_000
        let store = try await damaged.region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        var blobs: [BlobID] = []
        for (index, body) in Self.bodies.enumerated() {
            blobs.append(try await damaged.put(ObjectKey("large-\(index)"), body, in: store))
        }
        blobs.append(try await damaged.put("small", Scenario.small, in: store))
        return (store, blobs)
    }

    private static func scrub(
        _ store: DurableStore, _ options: ScrubOptions = ScrubOptions()
    ) async throws -> (outcome: ScrubOutcome, report: Recorded) {
        let report = Recorded()
        let outcome = try await store.scrub(options, report, passed: { _ in })
        return (outcome, report)
    }

    @Test("what it looks up is not kept in the place of what clients ask for")
    func keepsNothing() async throws {
        let (store, _) = try await Self.filled(DamagedRegion())
        _ = try await store.object(Ledger.name("small"))
        let kept = store.index.recentBytes
        #expect(kept > 0)
        _ = try await Self.scrub(store, ScrubOptions(isDeep: true))
        #expect(store.index.recentBytes == kept)
        #expect(try await store.figures().details["index_recent_bytes"] == UInt64(kept))
        try await store.close()
    }

    @Test(
        "finds what a disk did to a chunk, and to no other; it is not served, the rest is",
        arguments: Spoiling.allCases,
        [ScrubOptions(), ScrubOptions(isDeep: true), ScrubOptions(bucket: Ledger.bucket)])
    func finds(_ spoiling: Spoiling, _ options: ScrubOptions) async throws {
        let damaged = DamagedRegion()
        let (store, blobs) = try await Self.filled(damaged)
        let clean = try await Self.scrub(store, options)
        #expect(clean.outcome == ScrubOutcome())
        #expect(clean.report.findings.isEmpty)
        #expect(clean.report.figure("checked_bytes") >= 900_000)
        let chunk = try await damaged.chunks(of: blobs[1], in: store)[1]
        try spoiling.spoil(chunk, damaged.region.disk)
        let found = try await Self.scrub(store, options)
        #expect(found.outcome == ScrubOutcome())
        #expect(found.report.figure("damaged_chunks") > 0)
        let list = Set(try await store.damage(after: nil, limit: 10).map(\.blob))
        #expect(list.contains(blobs[1]))
        // Whoever has no chunk in that file is not touched.
        for (index, blob) in blobs.enumerated() {
            let chunks = try await damaged.chunks(of: blob, in: store)
            let isInFile = chunks.contains { $0.file == chunk.file }
            #expect(!list.contains(blob) || isInFile, "blob \(index)")
            let size = try #require(try await store.stat(blob)).sizeBytes
            do {
                let served = try await bytes(of: blob, 0..<size, in: store)
                #expect(!list.contains(blob))
                #expect(served == (index < 3 ? Self.bodies[index] : Scenario.small))
            } catch let error as StorageError {
                #expect(error.code == .damaged && list.contains(blob))
                #expect(error.message.contains(blob.description))
            }
        }
        // A push of the same bytes mends it.
        for (index, blob) in blobs.prefix(3).enumerated() where list.contains(blob) {
            _ = try await damaged.put("again", Self.bodies[index], in: store)
        }
        let mended = try await Self.scrub(store, options)
        #expect(mended.report.figure("damaged_chunks") == 0)
        #expect(try await store.damage(after: nil, limit: 10).isEmpty)
        try await store.close()
    }

    @Test(
        "finds a chunk file that was removed while it is written to, and no more is written to it")
    func removedOpenFile() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open()
        let blob = try await damaged.put("large", Self.bodies[0], in: store)
        let file = try await damaged.chunks(of: blob, in: store)[0].file
        #expect(store.chunks.appender.isHeld(file))
        try damaged.region.disk.remove(DamagedRegion.path(file))
        _ = try await Self.scrub(store)
        #expect(try await store.stat(blob)?.isDamaged == true)
        _ = try await damaged.put("again", Self.bodies[0], in: store)
        #expect(try await damaged.chunks(of: blob, in: store).allSatisfy { $0.file != file })
        #expect(try await bytes(of: blob, 0..<300_000, in: store) == Self.bodies[0])
        try await store.close()
    }

    @Test("leaves rot of what nothing refers to in peace")
    func deadRot() async throws {
        let damaged = DamagedRegion()
        let (store, _) = try await Self.filled(damaged)
        var staged: StagedBlob? = try await store.stage(bytes: pattern(100_000, seed: 77))
        let content = staged.flatMap { store.ingest.content(of: $0) }
        guard case .chunks(let chunks)? = content?.form else {
            Issue.record("it has chunks")
            return
        }
        staged = nil
        for chunk in chunks { damaged.rot(ChunkRecord(chunk)) }
        let result = try await Self.scrub(store)
        #expect(result.report.figure("damaged_chunks") == 0)
        #expect(result.report.findings.isEmpty)
        try await store.close()
    }

    @Test("with a damaged file header says so, and everything in the file is still served")
    func fileHeader() async throws {
        let damaged = DamagedRegion()
        let (store, blobs) = try await Self.filled(damaged)
        let chunk = try await damaged.chunks(of: blobs[0], in: store)[0]
        try await store.close()
        damaged.region.disk.flip(DamagedRegion.path(chunk.file), at: 20)
        let again = try await damaged.open()
        let result = try await Self.scrub(again)
        #expect(result.report.findings.map(\.subject) == ["chunk file \(chunk.file)"])
        #expect(try await bytes(of: blobs[0], 0..<300_000, in: again) == Self.bodies[0])
        try await again.close()
    }

    @Test("that is deep finds bytes whose checksums hold and whose digest does not")
    func deep() async throws {
        let damaged = DamagedRegion()
        let (store, blobs) = try await Self.filled(damaged)
        let record = try #require(try await store.entry(of: blobs[0])).record
        let other = try #require(BlobID(bytes: [UInt8](repeating: 9, count: 32)))
        let staged = try await store.stage(bytes: Scenario.small)
        let forged = BlobRecord(blob: other, sizeBytes: record.sizeBytes, bytes: record.bytes)
        _ = try await store.committer.queue.submit(KeepBlob(record: forged, staged: staged))
        #expect(try await Self.scrub(store).report.figure("damaged_chunks") == 0)
        #expect(try await store.damage(after: nil, limit: 10).isEmpty)
        _ = try await Self.scrub(store, ScrubOptions(isDeep: true))
        #expect(try await store.damage(after: nil, limit: 10).map(\.blob) == [other])
        // Its checksums hold, and still it is not well.
        _ = try await Self.scrub(store)
        #expect(try await store.damage(after: nil, limit: 10).map(\.blob) == [other])
        try await store.close()
    }

    @Test("ends the damage of what can be read again")
    func readableAgain() async throws {
        let damaged = DamagedRegion()
        let (store, blobs) = try await Self.filled(damaged)
        let chunk = try await damaged.chunks(of: blobs[2], in: store)[2]
        let path = DamagedRegion.path(chunk.file)
        damaged.region.disk.makeUnreadable(path, chunk.offsetBytes..<chunk.offsetBytes + 1)
        _ = try await Self.scrub(store)
        #expect(try await store.stat(blobs[2])?.isDamaged == true)
        damaged.region.disk.makeUnreadable(path, 0..<1, times: 0)
        let result = try await Self.scrub(store)
        #expect(try await store.stat(blobs[2])?.isDamaged == false)
        #expect(result.report.findings.map(\.outcome) == [.mended])
        try await store.close()
    }

    @Test("goes on at the chunk file where it is told to, and tells how far it has come")
    func resumes() async throws {
        let damaged = DamagedRegion()
        let (store, blobs) = try await Self.filled(damaged)
        let first = try await damaged.chunks(of: blobs[0], in: store)[0]
        damaged.rot(first)
        let passed = Mutex<[UInt64]>([])
        _ = try await store.scrub(
            ScrubOptions(firstChunkFile: first.file + 1), Recorded(),
            passed: { file in passed.withLock { $0.append(file) } })
        #expect(try await store.stat(blobs[0])?.isDamaged == false)
        #expect(passed.withLock { $0.last } ?? 0 >= first.file + 1)
        _ = try await Self.scrub(store)
        #expect(try await store.stat(blobs[0])?.isDamaged == true)
        try await store.close()
    }

    @Test(
        "names the parts of uploads that are damaged; completing asks for them again, and takes them then"
    )
    func parts() async throws {
        let damaged = DamagedRegion()
        let (store, _) = try await Self.filled(damaged)
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("open"), initiatedMilliseconds: 0))
        let staged = try await store.stage(bytes: pattern(100_000, seed: 70))
        _ = try await store.putPart(upload.id, of: upload.name, number: 4, staged: staged)
        let content = try #require(store.ingest.content(of: staged))
        if case .chunks(let chunks) = content.form { damaged.rot(ChunkRecord(chunks[0])) }
        let result = try await Self.scrub(store)
        #expect(result.report.findings.map(\.subject) == ["part 4 of upload \(upload.id)"])
        let reason = try #require(result.report.findings.first).reason
        #expect(reason.contains("send it again, or abort the upload of \(upload.name)"))
        let deep = Recorded()
        _ = try await store.scrub(ScrubOptions(isDeep: true), deep) { _ in }
        #expect(deep.findings == result.report.findings)
        func complete() async throws {
            let parts = try await store.parts(of: upload.id, upload.name, after: 0, limit: 9).parts
            _ = try await store.complete(
                upload.id, of: upload.name,
                Completion(
                    parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag) },
                    leastPartBytes: 0))
        }
        await #expect { try await complete() } throws: { error in
            let error = error as? StorageError
            return error?.code == .invalidPart && error?.message.contains("part 4") == true
        }
        let again = try await store.stage(bytes: pattern(100_000, seed: 70))
        _ = try await store.putPart(upload.id, of: upload.name, number: 4, staged: again)
        #expect(try await Self.scrub(store).report.findings.isEmpty)
        try await complete()
        let blob = try #require(try await store.object(upload.name)?.content?.blob)
        #expect(try await bytes(of: blob, 0..<100_000, in: store) == pattern(100_000, seed: 70))
        try await store.close()
    }

    @Test(
        "an upload with a damaged part can be aborted, and one that reads well again is completed")
    func abortedParts() async throws {
        let damaged = DamagedRegion()
        let (store, _) = try await Self.filled(damaged)
        for isWellAgain in [false, true] {
            let upload = try await store.create(
                Upload(id: UploadID(""), name: Ledger.name("open"), initiatedMilliseconds: 0))
            let staged = try await store.stage(bytes: pattern(100_000, seed: 71))
            let part = try await store.putPart(
                upload.id, of: upload.name, number: 1, staged: staged)
            guard case .chunks(let chunks)? = store.ingest.content(of: staged)?.form else {
                Issue.record("the part has chunks")
                return
            }
            damaged.rot(ChunkRecord(chunks[0]))
            #expect(try await Self.scrub(store).report.findings.count == 1)
            if isWellAgain {
                damaged.rot(ChunkRecord(chunks[0]))
                _ = try await store.complete(
                    upload.id, of: upload.name,
                    Completion(
                        parts: [CompletedPart(number: 1, etag: part.etag)], leastPartBytes: 0))
            } else {
                try await store.abort(upload.id, of: upload.name)
            }
            #expect(try await Self.scrub(store).report.findings.isEmpty)
        }
        try await store.close()
    }

    @Test("finds damage anywhere in the journal while the index has what it says")
    func journal() async throws {
        let damaged = DamagedRegion()
        let (store, _) = try await Self.filled(damaged)
        let path = "/data/journal/1-1.journal"
        let size = try #require(damaged.region.disk.content(of: path)?.count)
        for place in stride(from: 88 + 20, to: size, by: max(1, size / 12)) {
            damaged.region.disk.flip(path, at: UInt64(place))
            let result = try await Self.scrub(store)
            #expect(!result.outcome.journalDamage.isEmpty, "byte \(place) of \(size)")
            damaged.region.disk.flip(path, at: UInt64(place))
        }
        #expect(try await Self.scrub(store).outcome.journalDamage.isEmpty)
        damaged.region.disk.cut(path, to: UInt64(size / 2))
        #expect(try await !Self.scrub(store).outcome.journalDamage.isEmpty)
        try await store.close()
    }

    @Test("finds a journal whole that was written anew, and a rebuild from it has everything")
    func renewedJournal() async throws {
        let damaged = DamagedRegion()
        let (store, blobs) = try await Self.filled(damaged)
        damaged.rot(try await damaged.chunks(of: blobs[2], in: store)[4])
        _ = try await Self.scrub(store)
        damaged.region.disk.flip("/data/journal/1-1.journal", at: 500)
        #expect(try await !Self.scrub(store).outcome.journalDamage.isEmpty)
        try await store.renewJournal()
        #expect(try await Self.scrub(store).outcome.journalDamage.isEmpty)
        let before = try await store.damage(after: nil, limit: 9)
        #expect(before.map(\.blob) == [blobs[2]])
        try await store.close()
        damaged.region.dropIndex()
        let again = try await damaged.open()
        #expect(again.lostRecords.isEmpty)
        #expect(try await again.damage(after: nil, limit: 9) == before)
        #expect(try await bytes(of: blobs[2], 0..<100, in: again).readableBytes == 100)
        _ = try await damaged.put("again", Self.bodies[2], in: again)
        try await damaged.ledger.check(again, "rebuilt")
        try await again.close()
    }

    @Test("names the blobs of which nothing is known any more")
    func missingBlob() async throws {
        let damaged = DamagedRegion()
        let (store, _) = try await Self.filled(damaged)
        let body = ByteBuffer(string: "the only bytes of their kind in the journal")
        let staged = try await store.stage(bytes: body)
        let info = try await store.keep(staged)
        try await store.commit(.link(Ledger.name("lost"), try store.content(of: staged), .none))
        try await store.close()
        damaged.region.dropIndex()
        let path = "/data/journal/1-1.journal"
        let bytes = try #require(damaged.region.disk.content(of: path))
        let place = try #require(bytes.firstRange(of: Array(body.readableBytesView)))
        damaged.region.disk.flip(path, at: UInt64(place.lowerBound))
        let again = try await damaged.open()
        let result = try await Self.scrub(again)
        #expect(result.outcome.missing.map(\.blob) == [info.blob])
        #expect(result.outcome.missing.map(\.sizeBytes) == [info.sizeBytes])
        try await again.close()
    }

    @Test("a damaged chunk of a part is damage for as long as the part is there")
    func partThatGoes() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open()
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        _ = try await store.putPart(
            upload.id, of: upload.name, number: 1, staged: store.stage(bytes: Self.bodies[0]))
        let part = try #require(
            try await store.partRecords(of: upload.id, after: 0, limit: 1).first)
        guard case .stored(let bytes) = part.source else {
            Issue.record("it was stored")
            return
        }
        let chunk = bytes.chunkRecords[1]
        let check = CheckChunks(store: store)
        #expect(try await check.isIntact(chunk.reference, of: .part(upload.id, 1)))
        damaged.rot(chunk)
        #expect(try await !check.isIntact(chunk.reference, of: .part(upload.id, 1)))
        let found = try await Self.scrub(store).report
        #expect(found.findings.map(\.subject) == ["part 1 of upload \(upload.id)"])
        // Replaced, it has other chunks; the old one is nobody's.
        _ = try await store.putPart(
            upload.id, of: upload.name, number: 1, staged: store.stage(bytes: Self.bodies[1]))
        #expect(try await check.isIntact(chunk.reference, of: .part(upload.id, 1)))
        try await store.abort(upload.id, of: upload.name)
        #expect(try await check.isIntact(chunk.reference, of: .part(upload.id, 1)))
        #expect(try await Self.scrub(store).report.findings.isEmpty)
        try await store.close()
    }

    @Test("finds links that are no digest, and links whose target is missing")
    func sense() async throws {
        let damaged = DamagedRegion()
        let (store, _) = try await Self.filled(damaged)
        let root = RegistryRoot(prefix: RegistryRoot.marker)
        let repository = Repository(root: root, name: "library/a")
        let hex = String(repeating: "ab", count: 32)
        let digest = try #require(ContentDigest("sha256:" + hex))
        let data = LayoutPath.blobData(root, digest).key
        let layer = LayoutPath.layerLink(repository, digest).key
        let tag = LayoutPath.tagCurrentLink(repository, tag: "v1").key
        _ = try await damaged.put(layer, ByteBuffer(string: digest.description), in: store)
        _ = try await damaged.put(tag, ByteBuffer(string: "not a digest"), in: store)
        _ = try await damaged.put(data, ByteBuffer(string: "other bytes"), in: store)
        let found = try await Self.scrub(store).report.findings
        let subjects = Set([tag, data].map { Ledger.name($0).description })
        #expect(Set(found.map(\.subject)) == subjects)
        try await store.commit(.delete(Ledger.name(data), .none))
        let later = try await Self.scrub(store).report.findings
        let broken = Set([tag, layer].map { Ledger.name($0).description })
        #expect(Set(later.map(\.subject)) == broken)
        #expect(later.allSatisfy { $0.outcome == .beyondRepair })
        // What another region has told of is being fetched.
        try await store.mergePending(try #require(digest.blob), data)
        let fetching = try await Self.scrub(store).report.findings
        #expect(fetching.map(\.subject) == [Ledger.name(tag).description])
        try await store.close()
    }
}
