// Ingest and reads over one disk, without the rest of a store.

import Checksums
import ChunkFiles
import DiskIO
import LocalStore
import NIOCore
import Simulation
import Storage
import Synchronization

/// A clock that a test moves, and what reads reported.
final class Observations: Sendable {
    let milliseconds = Atomic<UInt64>(0)
    let damage = Mutex<[ChunkDamage]>([])
}

struct BodyFixture: Sendable {
    let pool: BlockingPool
    let reads: ChunkReads
    let ingest: Ingest
    let observations = Observations()

    init(
        disk: some Disk = SimulatedDisk(), directory: String = "/chunks", firstFile: UInt64 = 1,
        chunks: ChunkLimits = ChunkLimits(), ingest limits: IngestLimits = IngestLimits(),
        reads readLimits: ReadLimits = ReadLimits(), threads: Int = 2
    ) throws {
        try disk.makeDirectory(directory)
        pool = BlockingPool(threads: threads)
        let appender = ChunkAppender(
            disk: disk, directories: [directory], storeID: 1, firstFile: firstFile, limits: chunks)
        let observations = observations
        reads = ChunkReads(
            reader: ChunkReader(disk: disk, directories: [directory], storeID: 1, limits: chunks),
            pins: ChunkPins(), pool: pool, limits: readLimits,
            now: { observations.milliseconds.load(ordering: .relaxed) },
            onDamage: { damage in observations.damage.withLock { $0.append(damage) } })
        let reserve = SpaceReserve(
            disk: disk, metadataDirectories: [directory], chunkDirectories: [directory],
            reserveBytes: 0, logger: quiet)
        ingest = Ingest(appender: appender, reads: reads, reserve: reserve, limits: limits)
    }

    /// Stages a body that arrives in pieces of this size.
    func stage(
        _ bytes: [UInt8], pieces: Int = 60_000, plan: HashPlan = HashPlan(md5: true),
        promise: BodyPromise = BodyPromise()
    ) async throws -> StagedBlob {
        let staging = ingest.stage(plan)
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            let piece = bytes[start..<min(start + pieces, bytes.count)]
            try await staging.write(ByteBuffer(bytes: piece))
        }
        return try await staging.finish(promise)
    }

    func form(_ staged: StagedBlob) throws -> StoredForm {
        guard let content = ingest.content(of: staged) else {
            throw StorageError(.invalidArgument, "the body is not staged here")
        }
        return content.form
    }

    func source(
        _ form: StoredForm, _ range: Range<UInt64>? = nil, blob: BlobID? = nil
    ) -> any SegmentSource {
        let range = range ?? 0..<form.sizeBytes
        switch form {
        case .inline(let bytes): return ChunkReads.source(inline: bytes, range: range)
        case .sealed: preconditionFailure("no body here is sealed")
        case .chunks(let chunks):
            return reads.source(chunks.map { StoredChunk($0) }, range: range, blob: blob)
        }
    }

    func read(
        _ form: StoredForm, _ range: Range<UInt64>? = nil, blob: BlobID? = nil
    ) async throws -> [UInt8] {
        try await source(form, range, blob: blob).collect()
    }

    /// Where it was born.
    func pinned(_ form: StoredForm) -> PinnedForm {
        switch form {
        case .inline(let bytes): .inline(bytes)
        case .sealed: preconditionFailure("no body here is sealed")
        case .chunks(let chunks): .chunks(reads.pin(chunks.map { StoredChunk($0) }))
        }
    }

    func chunks(_ form: StoredForm) -> [ChunkReference] {
        if case .chunks(let chunks) = form { chunks } else { [] }
    }
}

extension SegmentSource {
    func collect() async throws -> [UInt8] {
        var buffer = ByteBuffer()
        while let segment = try await next() { try segment.append(to: &buffer) }
        return Array(buffer.readableBytesView)
    }
}

/// Bytes that differ from place to place.
func bodyBytes(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var word = seed &* 0x9e37_79b9_7f4a_7c15
    return [UInt8](unsafeUninitializedCapacity: count + 8) { bytes, initialized in
        let memory = UnsafeMutableRawBufferPointer(bytes)
        for offset in stride(from: 0, to: count, by: 8) {
            word = word &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            memory.storeBytes(of: word ^ word >> 32, toByteOffset: offset, as: UInt64.self)
        }
        initialized = count
    }
}

func sha256(_ bytes: [UInt8]) -> BlobID? { BlobID(bytes: MessageDigest.hash(.sha256, bytes)) }
