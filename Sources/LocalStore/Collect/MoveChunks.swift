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
/// Answers of each whether it was moved.
struct MoveChunks: Decision {
    let moves: [ChunkMove]
    /// Keeps the files of the copies from being collected until they are referred to.
    let copies: [AppendedChunk]

    func decide(_ context: inout CommitContext) throws(StorageError) -> [Bool] {
        var named: [ChunkOwner: Set<ChunkRecord>] = [:]
        var isMoved: [Bool] = []
        for move in moves {
            let mayMove = try mayMove(move.chunk, &named, context)
            isMoved.append(mayMove)
            guard mayMove else { continue }
            try context.record(
                .chunkMoved(
                    ChunkMovedRecord(
                        chunk: ChunkRecord(move.chunk.stored.reference), nowFile: move.to.file,
                        nowOffsetBytes: move.to.offsetBytes)))
        }
        return isMoved
    }

    private func mayMove(
        _ chunk: LiveChunk, _ named: inout [ChunkOwner: Set<ChunkRecord>],
        _ context: CommitContext
    ) throws(StorageError) -> Bool {
        let record = ChunkRecord(chunk.stored.reference)
        guard let owner = chunk.owner else { return false }
        if named[owner] == nil { named[owner] = try Self.chunks(of: owner, context) }
        guard named[owner]?.contains(record) == true else { return false }
        let place = try context.look { (index) throws(IndexError) in
            try index.place(of: record)
        }
        return place == chunk.stored.place
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
