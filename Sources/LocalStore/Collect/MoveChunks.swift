// What is decided of chunks and files that are collected: chunks stand elsewhere now, chunks that were moved
// once are forgotten, files are about to go.

internal import ChunkFiles
internal import Journal
internal import MetadataIndex
internal import Storage

/// A chunk that was copied on, durable and read back.
struct ChunkMove: Sendable {
    var chunk: LiveChunk
    var to: ChunkPlace
}

/// Has the copies stand for the chunks, of those that are still live and still where they were copied from.
/// Answers how many were moved.
struct MoveChunks: Decision {
    let moves: [ChunkMove]
    /// Keeps the files of the copies from being collected until they are referred to.
    let copies: [AppendedChunk]

    func decide(_ context: inout CommitContext) throws(StorageError) -> Int {
        var named: [ChunkOwner: Set<ChunkRecord>] = [:]
        var moved = 0
        for move in moves {
            let record = ChunkRecord(move.chunk.stored.reference)
            guard let owner = move.chunk.owner else { continue }
            if named[owner] == nil { named[owner] = try Self.chunks(of: owner, context) }
            guard named[owner]?.contains(record) == true else { continue }
            let place = try context.look { (index) throws(IndexError) in
                try index.place(of: record)
            }
            guard place == move.chunk.stored.place else { continue }
            try context.record(
                .chunkMoved(
                    ChunkMovedRecord(
                        chunk: record, nowFile: move.to.file,
                        nowOffsetBytes: move.to.offsetBytes)))
            moved += 1
        }
        return moved
    }

    private static func chunks(
        of owner: ChunkOwner, _ context: CommitContext
    ) throws(StorageError) -> Set<ChunkRecord> {
        switch owner {
        case .blob(let blob):
            return Set(try context.blob(blob)?.record.bytes.chunkRecords ?? [])
        case .part(let upload, let number):
            let part = try context.look { (index) throws(IndexError) in
                try index.part(upload, number)
            }
            guard case .stored(let bytes)? = part?.source else { return [] }
            return Set(bytes.chunkRecords)
        }
    }
}

/// Forgets where dead chunks were moved to.
struct ForgetMoves: Decision {
    /// Dead for good, and where each stood.
    let chunks: [StoredChunk]

    func decide(_ context: inout CommitContext) throws(StorageError) {
        for chunk in chunks {
            let record = ChunkRecord(chunk.reference)
            let place = try context.look { (index) throws(IndexError) in
                try index.place(of: record)
            }
            guard place == chunk.place, place != ChunkPlace(chunk.reference.id) else { continue }
            try context.record(
                .chunkMoved(
                    ChunkMovedRecord(
                        chunk: record, nowFile: ChunkMovedRecord.nowhere, nowOffsetBytes: 0)))
        }
    }
}

/// The file is about to be unlinked: nothing refers to what is in it, and nothing ever will.
struct RetireFile: Decision {
    let file: UInt64

    func decide(_ context: inout CommitContext) throws(StorageError) {
        try context.record(.fileRetired(file))
    }
}
