// The index that is open now. Whoever uses it enters and leaves, so that the committer can close and
// open it again after a write of it failed, with nobody in it.

internal import Dispatch
internal import MetadataIndex
internal import Storage
internal import Synchronization

final class IndexAccess: Sendable {
    private struct State {
        /// `nil` while it is being opened again.
        var index: (any KeyValueIndex)?
        var users = 0
        var isAwaited = false
    }

    static let reopening = StorageError(.unavailable, "the index is being opened again")

    private let state: Mutex<State>
    private let recent: RecentValues
    private let isFree = DispatchSemaphore(value: 0)

    /// Keeps about so much of what is looked up.
    init(_ index: any KeyValueIndex, recentBytes: Int) {
        state = Mutex(State(index: index))
        recent = RecentValues(limitBytes: recentBytes)
    }

    /// The index, to be used until `leave`; `nil` while it is being opened again.
    func enter() -> (any KeyValueIndex)? {
        state.withLock { state in
            if state.index != nil { state.users += 1 }
            return state.index
        }
    }

    var isOpen: Bool { state.withLock { $0.index != nil } }

    func leave() {
        let isLast = state.withLock { state in
            state.users -= 1
            return state.users == 0 && state.isAwaited
        }
        if isLast { isFree.signal() }
    }

    /// Whether someone waits for all users to leave: whoever stays long asks this often.
    var isAwaited: Bool { state.withLock { $0.isAwaited } }

    /// Runs a read of the index that does not suspend.
    func read<Value>(
        _ body: (any KeyValueIndex) throws(IndexError) -> Value
    ) throws(StorageError) -> Value {
        guard let index = enter() else { throw Self.reopening }
        defer { leave() }
        do { return try body(index) } catch { throw StorageError(error) }
    }

    /// A look-up in memory; `notInMemory` also while the index is being opened again.
    func cached(_ key: Bytes) -> CachedLookup<Bytes> {
        guard let index = enter() else { return .notInMemory }
        defer { leave() }
        return index.getCached(key)
    }

    /// The same of what is likely to be looked up again.
    func recent(_ key: Bytes) throws(IndexError) -> CachedLookup<ReadValue> {
        try recent.value(of: key) { () throws(IndexError) in try cached(key).read(at: key) }
    }

    /// About what is kept of what was looked up.
    var recentBytes: Int { recent.keptBytes }

    /// Applies a batch, which every look-up sees on return. On the committer's thread.
    func apply(_ batch: [IndexChange]) throws(IndexError) {
        guard let index = enter() else { throw .inputOutput("it is being reopened") }
        defer { leave() }
        recent.beginChange(batch)
        defer { recent.endChange() }
        try index.apply(batch)
    }

    /// Takes the index away from everyone, when the last user has left. On the committer's thread, or after it.
    /// Blocks.
    func take() -> (any KeyValueIndex)? {
        recent.beginChangeOfAll()
        let (index, mustWait) = state.withLock { state in
            defer { state.index = nil }
            state.isAwaited = state.users > 0
            return (state.index, state.isAwaited)
        }
        if mustWait {
            isFree.wait()
            state.withLock { $0.isAwaited = false }
        }
        return index
    }

    /// Gives everyone an index again.
    func put(_ index: any KeyValueIndex) {
        state.withLock { $0.index = index }
        recent.endChange()
    }
}
