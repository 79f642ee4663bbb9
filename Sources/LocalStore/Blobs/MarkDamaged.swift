// Damage, written down: which chunks of which blob failed their check, so that nothing trusts them until
// the bytes come again.
//
// A report may come late: meanwhile the blob may have been mended with other chunks, dropped, or its chunk
// moved elsewhere. So a report carries what was read, and counts only if the blob still is that.

internal import ChunkFiles
internal import Dispatch
internal import Journal
internal import Logging
internal import MetadataIndex
internal import Storage

struct MarkDamaged: Decision {
    enum Finding: Sendable {
        case chunks([StoredChunk])
        /// These bytes do not have the blob's digest, whatever their checksums say.
        case whole(StoredBytes)
    }

    /// A blob with more damaged chunks than this counts as damaged wholly.
    static let chunkLimit = 64

    let blob: BlobID
    let finding: Finding
    let reason: String

    /// Answers whether the blob is what was read.
    func decide(_ context: inout CommitContext) throws(StorageError) -> Bool {
        guard let entry = try context.blob(blob) else { return false }
        let (blob, finding) = (blob, finding)
        let found = try context.look { (index) throws(IndexError) -> [ChunkRecord]? in
            switch finding {
            case .whole(let bytes): return bytes == entry.record.bytes ? [] : nil
            case .chunks(let chunks): return try index.current(chunks, of: entry.record)
            }
        }
        guard let found else { return false }
        let known = try context.look { (index) throws(IndexError) in try index.damage(blob) }
        let chunks = Self.union(known, found)
        if let known, known.chunks == chunks { return true }
        try context.record(
            .blobState(
                BlobStateRecord(blob: blob, change: .damaged, chunks: chunks, reason: reason)))
        return true
    }

    /// No chunk: all of the blob.
    private static func union(
        _ known: BlobStateRecord?, _ found: [ChunkRecord]
    ) -> [ChunkRecord] {
        if found.isEmpty || known?.chunks.isEmpty == true { return [] }
        var chunks = known?.chunks ?? []
        chunks += found.filter { !chunks.contains($0) }
        return chunks.count > chunkLimit ? [] : chunks
    }
}

/// Ends the damage of a blob whose bytes were read again and are well: the disk could not be read for a
/// while, or a file came back.
struct MarkMended: Decision {
    let blob: BlobID
    /// What was read.
    let bytes: StoredBytes

    func decide(_ context: inout CommitContext) throws(StorageError) -> Bool {
        guard let entry = try context.blob(blob), entry.isDamaged, entry.record.bytes == bytes
        else { return false }
        try context.record(.blobState(BlobStateRecord(blob: blob, change: .mended)))
        return true
    }
}

extension IndexTransaction {
    /// Those of `chunks` that the record names and that still stand where they were read; `nil` where none
    /// does.
    fileprivate func current(
        _ chunks: [StoredChunk], of record: BlobRecord
    ) throws(IndexError) -> [ChunkRecord]? {
        guard case .chunks(let named) = record.bytes else { return nil }
        var result: [ChunkRecord] = []
        for chunk in chunks {
            let record = ChunkRecord(chunk.reference)
            guard named.contains(record), try place(of: record) == chunk.place else { continue }
            result.append(record)
        }
        return result.isEmpty ? nil : result
    }

    /// Where a chunk stands.
    func place(of chunk: ChunkRecord) throws(IndexError) -> ChunkPlace {
        let key = KeySchema.movedChunk(file: chunk.file, offsetBytes: chunk.offsetBytes)
        guard let value = try get(key) else { return ChunkPlace(chunk.reference.id) }
        guard let place = Numbers.decode(value[...], count: 2) else {
            throw .corrupt("the place of a chunk")
        }
        return ChunkPlace(file: place[0], offsetBytes: place[1])
    }
}

extension DurableStore {
    /// A read met damage. Returns when that is durable, so that whoever is told of the damage finds it
    /// recorded, and a mending that follows is taken. Blocks.
    static func note(
        _ damage: ChunkDamage, _ committer: Committer, _ appender: ChunkAppender,
        _ parts: DamagedParts, _ logger: Logger
    ) {
        appender.seal([damage.chunk.place.file])
        logger.error(
            "stored bytes are damaged",
            metadata: [
                "blob": "\(damage.blob.map(\.description) ?? "part of an upload")",
                "reason": "\(damage.reason)",
            ])
        guard let blob = damage.blob else {
            return parts.note(ChunkRecord(damage.chunk.reference))
        }
        let isDone = DispatchSemaphore(value: 0)
        let mark = MarkDamaged(
            blob: blob, finding: .chunks([damage.chunk]), reason: damage.reason)
        committer.queue.post(mark) { outcome in
            if case .failure(let error) = outcome {
                logger.error(
                    "damage could not be written down",
                    metadata: ["blob": "\(blob)", "error": "\(error)"])
            }
            isDone.signal()
        }
        isDone.wait()
    }
}
