// The live chunks of some files, as far as they fit into a fixed number. Files are taken in ascending order;
// where they hold more than there is room for, the upper ones are given up, to be marked another time.

internal import ChunkFiles
internal import Journal
internal import Storage
internal import Synchronization

/// Who refers to a chunk.
enum ChunkOwner: Sendable, Hashable {
    case blob(BlobID)
    case part(UploadID, Int)

    var blob: BlobID? {
        if case .blob(let blob) = self { blob } else { nil }
    }
}

/// A chunk that something refers to, where it stands now.
struct LiveChunk: Sendable {
    var stored: StoredChunk
    /// One of those that refer to it; `nil` where none is known.
    var owner: ChunkOwner?

    /// Its record in the file.
    var record: Range<UInt64> {
        let start = stored.place.offsetBytes
        let length = ChunkFormat.recordBytes(payloadBytes: Int(stored.reference.lengthBytes))
        return start..<start + length
    }
}

struct LiveChunks: Sendable {
    /// Ascending; all that is marked lies in these files.
    private(set) var files: ArraySlice<UInt64>
    private let limit: Int
    private var marked: [UInt64: [LiveChunk]]
    private var count = 0
    /// The ids of those that do not stand where they were born.
    private var moved: Set<ChunkID> = []

    /// `files` ascend; at least the first of them stays, whatever it holds.
    init(files: ArraySlice<UInt64>, limit: Int) {
        self.files = files
        self.limit = limit
        marked = Dictionary(uniqueKeysWithValues: files.map { ($0, []) })
    }

    mutating func mark(_ chunk: LiveChunk) {
        // Appended in place: the optional chain is nil for a file that is not among them.
        guard marked[chunk.stored.place.file]?.append(chunk) != nil else { return }
        if chunk.stored.place != ChunkPlace(chunk.stored.reference.id) {
            moved.insert(chunk.stored.reference.id)
        }
        count += 1
        while count > limit, files.count > 1 { giveUpUpperHalf() }
    }

    func contains(_ file: UInt64) -> Bool { marked[file] != nil }

    /// The live chunks of one of the files, in the order in which they stand, each once.
    mutating func take(_ file: UInt64) -> [LiveChunk] {
        var chunks = marked.removeValue(forKey: file) ?? []
        // Of several that are one chunk, one with an owner comes first.
        chunks.sort { left, right in
            let (leftOffset, rightOffset) = (
                left.stored.place.offsetBytes, right.stored.place.offsetBytes
            )
            if leftOffset != rightOffset { return leftOffset < rightOffset }
            return left.owner != nil && right.owner == nil
        }
        var last: UInt64?
        return chunks.filter { chunk in
            defer { last = chunk.stored.place.offsetBytes }
            return chunk.stored.place.offsetBytes != last
        }
    }

    /// Whether a chunk that was moved into one of the files is live.
    func isLive(moved id: ChunkID) -> Bool { moved.contains(id) }

    private mutating func giveUpUpperHalf() {
        let kept = files.prefix(files.count / 2)
        for file in files.dropFirst(kept.count) {
            count -= marked.removeValue(forKey: file)?.count ?? 0
        }
        files = kept
    }
}

/// What a walk marks, from step to step.
final class LiveMark: Sendable {
    private let state: Mutex<LiveChunks>

    init(_ chunks: LiveChunks) { state = Mutex(chunks) }

    func mark(_ chunks: [StoredChunk], of owner: ChunkOwner?) {
        guard !chunks.isEmpty else { return }
        state.withLock { state in
            for chunk in chunks { state.mark(LiveChunk(stored: chunk, owner: owner)) }
        }
    }

    var files: ArraySlice<UInt64> { state.withLock { $0.files } }

    func take(_ file: UInt64) -> [LiveChunk] { state.withLock { $0.take(file) } }

    func isLive(moved id: ChunkID) -> Bool { state.withLock { $0.isLive(moved: id) } }
}
