// Which chunks are live, from the index and nothing else: a walk over all blobs and all parts, in bounded
// steps, that keeps those which stand in the files in question. What is referred to anew while it walks is
// noted by the committer (`ReferenceWatch`).
//
// The order is safety:
//  1. the files are chosen: none is held (`ChunkHolds`), so all that ever refers to their chunks is decided
//  2. the watch begins, and one round through the committer sees to it that all that was decided before is
//     visible to the walk
//  3. the walk; then the watch ends
//  4. every look-up that was open by then has ended: who found a chunk that is dead now has pinned it

internal import ChunkFiles
internal import Journal
internal import MetadataIndex
internal import Storage

struct MarkLiveChunks: Sendable {
    /// The keys to look at, in this order.
    private static let spaces = [KeySchema.allBlobs, KeySchema.allParts]

    let store: DurableStore
    /// Entries of the index that one step looks at.
    let stepEntries: Int
    /// Live chunks that are marked at a time.
    let limit: Int
    /// Between two steps: waits its turn, or throws to end it all.
    let pause: @Sendable () async throws -> Void

    /// Marks what is live in the first of `files`, as many as there is room for; none of them is held.
    /// `nil` where so much changed meanwhile that it must be done again.
    func run(_ files: ArraySlice<UInt64>) async throws -> LiveMark? {
        let live = LiveMark(LiveChunks(files: files, limit: limit))
        store.watch.begin()
        do {
            try await walk(live)
            guard let noted = store.watch.end() else { return nil }
            try await store.walk { (index) throws(IndexError) in try mark(noted, index, live) }
            await store.lookups.settled()
            return live
        } catch {
            _ = store.watch.end()
            throw error
        }
    }

    private func walk(_ live: LiveMark) async throws {
        try await store.committer.queue.submit(Fence())
        for space in Self.spaces {
            var next: Bytes? = space.from
            while let start = next {
                try await pause()
                next = try await store.walk { [self] (index) throws(IndexError) in
                    try step(from: start, to: space.to, index, live)
                }
            }
        }
    }

    /// Marks what some entries name, and says where the next step begins.
    private func step(
        from start: Bytes, to end: Bytes, _ index: any KeyValueIndex, _ live: LiveMark
    ) throws(IndexError) -> Bytes? {
        var places = MovedPlaces(index)
        let cursor = try index.cursor(from: start, to: end)
        try cursor.seek(to: start)
        var left = stepEntries
        while let key = cursor.key {
            guard left > 0 else { return key }
            let (chunks, owner) = try Self.named(by: key, cursor.value)
            live.mark(try places.find(chunks), of: owner)
            // A large body has as many chunks as there are small bodies in a step.
            left -= 1 + chunks.count / 8
            try cursor.next()
        }
        return nil
    }

    private static func named(
        by key: Bytes, _ value: Bytes
    ) throws(IndexError) -> ([ChunkRecord], ChunkOwner) {
        if let blob = KeySchema.blob(ofBlob: key) {
            let record = try BlobEntry(encoded: value).record
            return (record.bytes.chunkRecords, .blob(blob))
        }
        let part = try decoding { () throws(RecordError) in try PartRecord(encoded: value[...]) }
        let owner = ChunkOwner.part(part.upload, part.part.number)
        guard case .stored(let bytes) = part.source else { return ([], owner) }
        return (bytes.chunkRecords, owner)
    }

    /// What was referred to anew. Its owner is not known, so it is not moved in this run.
    private func mark(
        _ noted: [ChunkRecord], _ index: any KeyValueIndex, _ live: LiveMark
    ) throws(IndexError) {
        var places = MovedPlaces(index)
        live.mark(try places.find(noted), of: nil)
    }
}

/// Passes through the committer and leaves nothing: what was decided before it is visible when it answers.
struct Fence: Decision {
    func decide(_ context: inout CommitContext) throws(StorageError) {}
}

/// Where chunks stand, for many in a row: only those born in a file that some were moved from are looked up.
private struct MovedPlaces {
    private let index: any KeyValueIndex
    /// Whether any chunk was moved, by the file of its birth.
    private var hasMoved: [UInt64: Bool] = [:]

    init(_ index: any KeyValueIndex) { self.index = index }

    mutating func find(_ chunks: [ChunkRecord]) throws(IndexError) -> [StoredChunk] {
        var result: [StoredChunk] = []
        result.reserveCapacity(chunks.count)
        for chunk in chunks {
            let place = try hasMoved(chunk.file) ? index.movedPlace(of: chunk) : nil
            result.append(
                StoredChunk(chunk.reference, at: place ?? ChunkPlace(chunk.reference.id)))
        }
        return result
    }

    private mutating func hasMoved(_ file: UInt64) throws(IndexError) -> Bool {
        if let known = hasMoved[file] { return known }
        let range = KeySchema.movedChunks(of: file)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        hasMoved[file] = cursor.key != nil
        return cursor.key != nil
    }
}

extension KeyValueIndex {
    /// Where a chunk is that was moved; `nil` for any other.
    func movedPlace(of chunk: ChunkRecord) throws(IndexError) -> ChunkPlace? {
        let key = KeySchema.movedChunk(file: chunk.file, offsetBytes: chunk.offsetBytes)
        return try get(key).map { value throws(IndexError) in try ChunkPlace(encoded: value) }
    }
}

extension ChunkPlace {
    /// The value of a moved chunk's key.
    init(encoded: Bytes) throws(IndexError) {
        guard let numbers = Numbers.decode(encoded[...], count: 2) else {
            throw .corrupt("the place of a chunk")
        }
        self.init(file: numbers[0], offsetBytes: numbers[1])
    }
}

extension StoredBytes {
    var chunkRecords: [ChunkRecord] {
        switch self {
        case .inline, .sealed: []
        case .chunks(let chunks): chunks
        }
    }
}
