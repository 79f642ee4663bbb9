// A stored body going out, chunk by chunk. The way of a chunk that is in memory and was checked lately is
// short: one look into a table, one system call, no hop and no copy. Any other chunk is read and checked
// on a thread that may block, and while it goes out the next one is made ready.

internal import ChunkFiles
internal import DiskIO
internal import NIOCore
internal import Storage
internal import Synchronization

/// One reader; the state is under a lock because it moves from thread to thread.
final class ChunkSource: SegmentSource {
    private struct State {
        var next = 0
        /// The chunk after the one that went out last, where that one was not in memory.
        var ahead: BlockingWork<ReadyChunk>?
    }

    private let slices: [ChunkSlice]
    private let blob: BlobID?
    private let reads: ChunkReads
    private let pin: ChunkLease
    private let isCollected: Bool
    private let state = Mutex(State())

    init(_ slices: [ChunkSlice], blob: BlobID?, reads: ChunkReads) {
        self.slices = slices
        self.blob = blob
        self.reads = reads
        pin = reads.pins.pin(
            slices.lazy.map { ($0.chunk.place, $0.chunk.reference.lengthBytes) })
        let size = slices.reduce(0) { $0 + $1.range.count }
        isCollected = size <= reads.limits.collectedBytes
    }

    func next() async throws -> Segment? {
        if isCollected { return try await collected() }
        let (index, ahead) = state.withLock { state in
            defer {
                state.next += 1
                state.ahead = nil
            }
            return (state.next, state.ahead)
        }
        guard index < slices.count else { return nil }
        let slice = slices[index]
        if let ahead, case .bytes(let bytes) = try await ahead.value() {
            lookAhead(to: index + 1)
            return .bytes(bytes)
        }
        // What was made ready ahead may have left memory again while the reader took its time.
        if let handle = reads.resident(slice) {
            if ahead != nil { lookAhead(to: index + 1) }
            return segment(slice, .resident(handle))
        }
        let ready = try await reads.pool.run { [reads, blob] in
            try reads.prepare(slice, blob: blob)
        }
        lookAhead(to: index + 1)
        return segment(slice, ready)
    }

    /// Begins to make a chunk ready, unless it is.
    private func lookAhead(to index: Int) {
        guard index < slices.count, reads.resident(slices[index]) == nil else { return }
        // The pin goes along: the source may be let go of before its turn comes.
        let work = reads.pool.begin { [reads, blob, pin, slice = slices[index]] in
            defer { withExtendedLifetime(pin) {} }
            return try reads.prepare(slice, blob: blob)
        }
        state.withLock { $0.ahead = work }
    }

    private func segment(_ slice: ChunkSlice, _ ready: ReadyChunk) -> Segment {
        switch ready {
        case .bytes(let bytes): return .bytes(bytes)
        case .resident(let handle):
            return .file(
                FileSegment(
                    descriptor: handle.descriptor, offsetBytes: Int64(slice.place.lowerBound),
                    lengthBytes: slice.range.count,
                    lease: SegmentLease(handle: handle, pin: pin)))
        }
    }

    /// All of a small read at once.
    private func collected() async throws -> Segment? {
        let isFirst = state.withLock { state in
            defer { state.next = slices.count }
            return state.next == 0 && !slices.isEmpty
        }
        guard isFirst else { return nil }
        if let bytes = try reads.residentBytes(slices) { return .bytes(bytes) }
        return .bytes(
            try await reads.pool.run { [reads, blob, slices] in
                try reads.bytes(slices, blob: blob)
            })
    }
}

/// Keeps the file open and its chunks where they are.
private final class SegmentLease: Sendable {
    private let handle: any DiskFile
    private let pin: ChunkLease

    init(handle: any DiskFile, pin: ChunkLease) {
        self.handle = handle
        self.pin = pin
    }
}
