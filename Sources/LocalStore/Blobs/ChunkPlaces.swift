// Where chunks stand now: where they were born, but for those that the index knows were moved.

internal import Checksums
internal import ChunkFiles
internal import DiskIO
internal import Journal
internal import Logging
internal import MetadataIndex
internal import NIOCore
internal import Storage

struct ChunkPlaces: Sendable {
    let index: IndexAccess
    let committer: Committer

    /// Whether no chunk was ever moved, so that nothing has to be looked up.
    var areAllBirthplaces: Bool { committer.head.movedChunks == 0 }

    /// Blocks where chunks were moved.
    func find(_ references: [ChunkReference]) throws(StorageError) -> [StoredChunk] {
        guard !areAllBirthplaces else { return references.map { StoredChunk($0) } }
        return try index.read { (index) throws(IndexError) in
            var result: [StoredChunk] = []
            result.reserveCapacity(references.count)
            for reference in references {
                let key = KeySchema.movedChunk(
                    file: reference.id.file, offsetBytes: reference.id.offsetBytes)
                guard let value = try index.get(key) else {
                    result.append(StoredChunk(reference))
                    continue
                }
                guard let place = Numbers.decode(value[...], count: 2) else {
                    throw .corrupt("the place of a chunk")
                }
                result.append(
                    StoredChunk(reference, at: ChunkPlace(file: place[0], offsetBytes: place[1])))
            }
            return result
        }
    }
}

extension DurableStore {
    /// The bytes of a range of what was stored; the range lies within it.
    func source(
        _ bytes: StoredBytes, _ range: Range<UInt64>, of blob: BlobID?
    ) async throws -> any SegmentSource {
        switch bytes {
        case .inline(let bytes):
            return ChunkReads.source(inline: bytes, range: range)
        case .chunks(let chunks):
            let references = chunks.map(\.reference)
            let places = ChunkPlaces(index: index, committer: committer)
            let stored =
                places.areAllBirthplaces
                ? references.map { StoredChunk($0) }
                : try await pool.run { try places.find(references) }
            return reads.source(stored, range: range, blob: blob)
        }
    }

    /// Appends bytes as a chunk of their own. Nothing may refer to it before `sync`.
    func append(_ bytes: ByteBuffer) async throws -> AppendedChunk {
        let appender = chunks.appender
        return try await pool.run {
            let lane = appender.enter()
            defer { appender.leave(lane) }
            do {
                return try bytes.withUnsafeReadableBytes { raw in
                    try appender.append([raw], crc32c: CRC32C.checksum(raw), lane: lane)
                }
            } catch let error as DiskError {
                throw StorageError(writingBody: error)
            }
        }
    }

    /// Makes appended chunks durable.
    func sync(_ chunks: [AppendedChunk]) async throws {
        let writers = Dictionary(chunks.map { ($0.writer.file, $0.writer) }) { first, _ in first }
        for writer in writers.values { try await ingest.syncs.sync(writer) }
    }

    /// A read met damage: the blob is marked, so that nothing trusts it until its bytes come again.
    static func note(_ damage: ChunkDamage, _ committer: Committer, _ logger: Logger) {
        logger.error(
            "stored bytes are damaged",
            metadata: [
                "blob": "\(damage.blob.map(\.description) ?? "part of an upload")",
                "reason": "\(damage.reason)",
            ])
        guard let blob = damage.blob else { return }
        committer.queue.post(MarkDamaged(blob: blob)) { _ in }
    }
}

/// Writes down that a blob's bytes failed their check.
struct MarkDamaged: Decision {
    let blob: BlobID

    func decide(_ context: inout CommitContext) throws(StorageError) {
        guard let entry = try context.blob(blob), !entry.isDamaged else { return }
        try context.record(.blobState(BlobStateRecord(blob: blob, change: .damaged)))
    }
}
