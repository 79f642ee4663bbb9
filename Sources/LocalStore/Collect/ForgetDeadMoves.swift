// The index has an entry for every chunk that was moved. Those of chunks that are dead are forgotten before
// the file in which they stand is reclaimed, so that there are never more of them than moved chunks.

internal import ChunkFiles
internal import Journal
internal import MetadataIndex
internal import Storage

struct ForgetDeadMoves: Sendable {
    /// Entries that one step looks at, and that one decision forgets.
    private static let stepEntries = 4096

    let store: DurableStore
    let pace: CollectPace

    /// Forgets the entries of chunks that stand in one of `files` and were not marked. None of the files was
    /// held when the marking began.
    func run(_ live: LiveMark, _ files: Set<UInt64>) async throws {
        guard store.committer.head.movedChunks > 0 else { return }
        let marked = files.intersection(live.files)
        var next: Bytes? = KeySchema.allMovedChunks.from
        while let start = next {
            try await pace.step()
            let (dead, following) = try await store.walk { (index) throws(IndexError) in
                try Self.step(from: start, index) {
                    marked.contains($1.file) && !live.isLive(moved: $0)
                }
            }
            next = following
            if !dead.isEmpty { try await store.committer.queue.submit(ForgetMoves(chunks: dead)) }
        }
    }

    private static func step(
        from start: Bytes, _ index: any KeyValueIndex, _ isDead: (ChunkID, ChunkPlace) -> Bool
    ) throws(IndexError) -> ([StoredChunk], Bytes?) {
        let cursor = try index.cursor(from: start, to: KeySchema.allMovedChunks.to)
        try cursor.seek(to: start)
        var dead: [StoredChunk] = []
        var left = stepEntries
        while let key = cursor.key {
            guard left > 0 else { return (dead, key) }
            left -= 1
            let born = KeySchema.movedChunk(of: key)
            let id = ChunkID(file: born.file, offsetBytes: born.offsetBytes)
            let place = try ChunkPlace(encoded: cursor.value)
            if isDead(id, place) {
                // How long it was and what it hashed to does not matter any more.
                let reference = ChunkReference(id: id, lengthBytes: 0, crc32c: 0)
                dead.append(StoredChunk(reference, at: place))
            }
            try cursor.next()
        }
        return (dead, nil)
    }
}
