// The steps by which a body comes in. Order is safety: hash and append, compare with what was promised,
// sync, and only then a ticket that a record may refer to.

internal import Checksums
internal import ChunkFiles
internal import NIOCore
internal import Storage
internal import Synchronization

/// A body being staged. Letting go of it abandons the body.
final class BodyStaging: BlobStaging {
    private let ingest: Ingest
    private let key: SealKey?
    private let pipeline: BodyPipeline
    private let isFinished = Atomic(false)

    init(plan: HashPlan, key: SealKey?, ingest: Ingest) {
        self.ingest = ingest
        self.key = key
        pipeline = BodyPipeline(plan: plan, key: key, ingest: ingest)
        ingest.budget.enter(pipeline)
    }

    deinit {
        ingest.budget.leave(pipeline)
        pipeline.abandon()
    }

    func write(_ bytes: ByteBuffer) async throws {
        precondition(!isFinished.load(ordering: .relaxed), "a finished body takes no more bytes")
        guard bytes.readableBytes > 0 else { return }
        try pipeline.take(bytes)
        await ingest.budget.waitForRoom()
        try await pipeline.drained(to: ingest.limits.chunksInFlight)
    }

    func finish(_ promise: BodyPromise) async throws -> StagedBlob {
        let wasFinished = isFinished.exchange(true, ordering: .relaxed)
        precondition(!wasFinished, "a body is finished once")
        if let whole = pipeline.end() { return try finish(small: whole, promise) }
        try await pipeline.drained(to: 0)
        let written = pipeline.written
        let end = pipeline.main.sha256?.copy()
        let body = hashed(sizeBytes: written.sizeBytes)
        try body.check(promise)
        for writer in written.writers { try await ingest.syncs.sync(writer) }
        if let blob = body.blob, let end { ingest.recentDigests.remember(end, of: blob) }
        return ingest.staged.enter(
            body, form: .chunks(written.references), writers: written.writers)
    }

    /// A body that rides in its record: hashed here, without a hop, and durable with the record.
    private func finish(small: PartialChunk, _ promise: BodyPromise) throws -> StagedBlob {
        defer { ingest.budget.giveBack(small.lengthBytes) }
        pipeline.main.update(small.pieces)
        pipeline.md5.update(small.pieces)
        let body = hashed(sizeBytes: UInt64(small.lengthBytes))
        try body.check(promise)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(small.lengthBytes)
        for piece in small.pieces { bytes.append(contentsOf: piece.readableBytesView) }
        guard let key, !bytes.isEmpty else {
            return ingest.staged.enter(body, form: .inline(bytes))
        }
        let sealed = ingest.keys.seal(small: bytes, with: key)
        return ingest.staged.enter(body, form: .sealed(sealed))
    }

    private func hashed(sizeBytes: UInt64) -> HashedBody {
        var body = HashedBody(blob: nil, sizeBytes: sizeBytes)
        pipeline.main.finish(into: &body)
        pipeline.md5.finish(into: &body)
        return body
    }
}
