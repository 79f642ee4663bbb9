// Where chunks stand now: where they were born, but for those that the index knows were moved.

internal import Checksums
internal import ChunkFiles
internal import DiskIO
internal import Journal
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
        let head = committer.head
        return try index.read { (index) throws(IndexError) in
            var result: [StoredChunk] = []
            result.reserveCapacity(references.count)
            let transaction = IndexTransaction(index, head: head)
            for reference in references {
                let place = try transaction.place(of: ChunkRecord(reference))
                result.append(StoredChunk(reference, at: place))
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
            return try bytes.withUnsafeReadableBytes { raw in
                try onDisk("bytes could not be written") { () throws(DiskError) in
                    try appender.append([raw], crc32c: CRC32C.checksum(raw), lane: lane)
                }
            }
        }
    }

    /// Makes appended chunks durable.
    func sync(_ chunks: [AppendedChunk]) async throws {
        let writers = Dictionary(chunks.map { ($0.writer.file, $0.writer) }) { first, _ in first }
        for writer in writers.values { try await ingest.syncs.sync(writer) }
    }
}
