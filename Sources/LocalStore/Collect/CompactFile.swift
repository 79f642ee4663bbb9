// Compacting one chunk file: what is live in it is copied on, so that the file can go. The order is safety:
//  1. a batch of chunks is read and checked, and appended elsewhere, where files are held for it
//  2. the copies are synced, put out of memory, read back from the disk and checked
//  3. the committer has the copies stand for the chunks (`MoveChunks`), durably
// Only then do the next ones follow, and only when all are moved may the file be retired. A crash between any
// two steps leaves the chunk where it was, and a copy that nothing refers to. A chunk that fails its check is
// not moved: its blob is marked damaged, and the file stays.

internal import Checksums
internal import ChunkFiles
internal import DiskIO
internal import Storage

struct CompactFile: Sendable {
    /// What became of the live chunks.
    struct Outcome: Sendable {
        var copiedBytes: UInt64 = 0
        var damagedChunks = 0
        /// The disk had no room for copies.
        var lackedRoom = false
        /// What is still live in the file.
        var kept: [LiveChunk] = []
    }

    let store: DurableStore
    let limits: CollectLimits
    /// Waits until so many bytes may be read and written.
    let pace: @Sendable (_ bytes: UInt64) async throws -> Void

    func run(_ live: [LiveChunk]) async throws -> Outcome {
        var outcome = Outcome()
        var rest = live[...]
        while !rest.isEmpty {
            let batch = Self.takeBatch(from: &rest, limits.batchBytes)
            let bytes = batch.reduce(0) { $0 + UInt64($1.stored.reference.lengthBytes) }
            try await pace(bytes)
            guard try await hasRoom(for: bytes) else {
                outcome.lackedRoom = true
                outcome.kept += batch + rest
                break
            }
            try await move(batch, &outcome)
        }
        return outcome
    }

    /// The copies are what the reserve is for. But the floor must stay, or nobody could commit that they stand
    /// for the chunks.
    private func hasRoom(for bytes: UInt64) async throws -> Bool {
        do {
            try await store.background.run { [reserve = store.reserve] in
                try reserve.requireAboveFloor(chunkBytes: bytes)
            }
            return true
        } catch let error as StorageError where error.code == .insufficientStorage {
            return false
        }
    }

    private func move(_ batch: [LiveChunk], _ outcome: inout Outcome) async throws {
        let (copied, damaged) = try await store.background.run { [self] in try copy(batch) }
        outcome.damagedChunks += damaged.count
        outcome.kept += damaged
        outcome.copiedBytes += copied.reduce(0) {
            $0 + UInt64($1.move.chunk.stored.reference.lengthBytes)
        }
        try await store.sync(copied.map(\.copy))
        try await store.background.run { [self] in
            for (move, _) in copied { try verify(move) }
        }
        let decision = MoveChunks(moves: copied.map(\.move), copies: copied.map(\.copy))
        let isMoved = try await store.committer.queue.submit(decision)
        for (move, isMoved) in zip(decision.moves, isMoved) where !isMoved {
            outcome.kept.append(move.chunk)
        }
    }

    /// Copies those that are well. Blocks.
    private func copy(
        _ batch: [LiveChunk]
    ) throws -> (copied: [(move: ChunkMove, copy: AppendedChunk)], damaged: [LiveChunk]) {
        let lane = store.chunks.appender.enter()
        defer { store.chunks.appender.leave(lane) }
        var copied: [(move: ChunkMove, copy: AppendedChunk)] = []
        var damaged: [LiveChunk] = []
        for chunk in batch {
            if let copy = try copy(chunk, lane) {
                let move = ChunkMove(chunk: chunk, to: ChunkPlace(copy.reference.id))
                copied.append((move, copy))
            } else {
                damaged.append(chunk)
            }
        }
        return (copied, damaged)
    }

    /// `nil` where the chunk is damaged, which the read has reported then.
    private func copy(_ chunk: LiveChunk, _ lane: Int) throws -> AppendedChunk? {
        let appender = store.chunks.appender
        let checksum = chunk.stored.reference.crc32c
        do {
            // As it is stored: a sealed chunk is moved without a key.
            return try store.reads.withStored(chunk.stored, blob: chunk.owner?.blob) { payload in
                Result {
                    try appender.append(
                        [payload.bytes], crc32c: checksum, seal: payload.seal, lane: lane)
                }
            }.get()
        } catch let error as StorageError where error.code == .damaged {
            return nil
        }
    }

    /// Reads the copy as the disk has it. Blocks.
    private func verify(_ move: ChunkMove) throws {
        let reference = move.chunk.stored.reference
        let record = ChunkFormat.recordBytes(payloadBytes: Int(reference.lengthBytes))
        try store.chunks.reader.file(move.to.file)
            .evict(move.to.offsetBytes..<move.to.offsetBytes + record)
        try store.reads.check(StoredChunk(reference, at: move.to))
    }

    private static func takeBatch(
        from rest: inout ArraySlice<LiveChunk>, _ limitBytes: UInt64
    ) -> [LiveChunk] {
        var batch: [LiveChunk] = []
        var bytes: UInt64 = 0
        while let chunk = rest.first, batch.isEmpty || bytes < limitBytes {
            bytes += UInt64(chunk.stored.reference.lengthBytes)
            batch.append(chunk)
            rest.removeFirst()
        }
        return batch
    }
}
