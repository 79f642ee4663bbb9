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
    /// The bytes of a range of what was stored; the range lies within it. Called in the look-up that found
    /// `bytes`. The source keeps `lease`.
    func source(
        _ bytes: StoredBytes, _ range: Range<UInt64>, of blob: BlobID?, lease: BlobLease? = nil
    ) async throws -> any SegmentSource {
        switch bytes {
        case .inline(let bytes):
            ChunkReads.source(inline: bytes, range: range)
        case .sealed(let sealed):
            ChunkReads.source(inline: try keys.open(sealed), range: range)
        case .chunks(let chunks):
            reads.source(try await places(of: chunks), range: range, blob: blob, lease: lease)
        }
    }

    /// Keeps what was stored where it is. Called in the look-up that found `bytes`.
    func pinned(_ bytes: StoredBytes) async throws -> PinnedForm {
        switch bytes {
        case .inline(let bytes): .inline(bytes)
        case .sealed(let sealed): .inline(try keys.open(sealed))
        case .chunks(let chunks): .chunks(reads.pin(try await places(of: chunks)))
        }
    }

    private func places(of chunks: [ChunkRecord]) async throws -> [StoredChunk] {
        let references = chunks.map(\.reference)
        let places = ChunkPlaces(index: index, committer: committer)
        if places.areAllBirthplaces { return references.map { StoredChunk($0) } }
        return try await pool.run { try places.find(references) }
    }

    /// Appends bytes as a chunk of their own. Nothing may refer to it before `sync`.
    func append(_ bytes: ByteBuffer, sealedWith key: SealKey?) async throws -> AppendedChunk {
        let appender = chunks.appender
        return try await pool.run { [ingest] in
            let lane = appender.enter()
            defer { appender.leave(lane) }
            return try onDisk("bytes could not be written") { () throws(DiskError) in
                try ingest.append([bytes], sealedWith: key, lane: lane)
            }
        }
    }

    /// Makes appended chunks durable.
    func sync(_ chunks: [AppendedChunk]) async throws {
        let writers = Dictionary(chunks.map { ($0.writer.file, $0.writer) }) { first, _ in first }
        for writer in writers.values { try await ingest.syncs.sync(writer) }
    }
}
