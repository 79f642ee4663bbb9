// What is referred to anew while the live chunks are being marked. Marking walks the index in steps, and a
// chunk may go from one record to another behind its back: from a part to the blob that is completed of it,
// from a blob to another that was copied from it. Such a record is decided while the earlier one is live; so
// what is decided between the begin and the end of a walk, and what the walk meets, are together all that is
// live (the write barrier of concurrent collectors: Dijkstra and others, 1978).
//
// Chunks in files that are held are not kept here: nothing takes those files' chunks for dead.

internal import ChunkFiles
internal import Journal
internal import Storage
internal import Synchronization

final class ReferenceWatch: Sendable {
    private enum State: Sendable {
        case idle
        case watching([ChunkRecord])
        /// More was referred to than is kept: the walk was for nothing.
        case overrun
    }

    private let limit: Int
    private let isHeld: @Sendable (_ file: UInt64) -> Bool
    private let state = Mutex(State.idle)

    /// Keeps up to `limit` chunks.
    init(limit: Int, isHeld: @escaping @Sendable (_ file: UInt64) -> Bool) {
        self.limit = limit
        self.isHeld = isHeld
    }

    /// A record that is being decided names these bytes. Called by the committer.
    func note(_ bytes: StoredBytes) {
        guard case .chunks(let chunks) = bytes else { return }
        state.withLock { state in
            guard case .watching(var noted) = state else { return }
            state = .idle
            noted += chunks.lazy.filter { !self.isHeld($0.file) }
            state = noted.count > limit ? .overrun : .watching(noted)
        }
    }

    /// From now on references are noted. One watch at a time.
    func begin() {
        state.withLock { state in
            guard case .idle = state else { preconditionFailure("a watch is on already") }
            state = .watching([])
        }
    }

    /// What was noted; `nil` where it was more than is kept.
    func end() -> [ChunkRecord]? {
        state.withLock { state in
            defer { state = .idle }
            guard case .watching(let noted) = state else { return nil }
            return noted
        }
    }
}
