// Who uses a blob now, and when each was used last: what keeps a blob that nothing names from being dropped.
// In memory; after a start everything counts as used just then.
//
// Invariants:
//  - Whoever looks a blob up says so here first (`touch`, `lease`). Dropping it is decided here as well
//    (`beginDrop`), under the same lock: so either the drop sees the use and is refused, or the user is
//    told that the blob is not here, also while the drop is on its way to the disk.
//  - A use is never forgotten before the grace period has passed. The table of last uses has a fixed size
//    whatever the number of blobs: a blob has two places in it, each holds the latest use of any blob that
//    has it too, and the earlier of the two counts. So it errs to one side: a dead blob may stay for a while
//    longer because of others (the idea of Bloom, 1970, with times for bits).

internal import Storage
internal import Synchronization

final class BlobUse: Sendable {
    private struct State: Sendable {
        /// Seconds since the start, rounded down.
        var lastUses: [UInt32]
        var leases: [BlobID: Int] = [:]
        /// Drops that were decided and are not visible yet.
        var dropping: Set<BlobID> = []
    }

    private let now: @Sendable () -> Duration
    private let slots: UInt64
    private let state: Mutex<State>

    /// `now` is the time since the start; it never goes back. The table has `slots` places of 4 bytes.
    init(slots: Int, now: @escaping @Sendable () -> Duration) {
        precondition(slots > 0, "a table has places")
        self.now = now
        self.slots = UInt64(slots)
        state = Mutex(State(lastUses: Array(repeating: 0, count: slots)))
    }

    // MARK: Using

    /// The blob is used now. `false` where it is being dropped: it counts as not here.
    @discardableResult
    func touch(_ blob: BlobID) -> Bool {
        let second = second
        return state.withLock { state in
            note(blob, second, &state)
            return !state.dropping.contains(blob)
        }
    }

    /// Blobs whose last name may have gone: whoever has just looked one of the names up finds the blob here
    /// for the grace period.
    func touch(_ blobs: some Sequence<BlobID>) {
        let second = second
        state.withLock { state in
            for blob in blobs { note(blob, second, &state) }
        }
    }

    /// Keeps the blob from being dropped until the result is let go of; `nil` where it is being dropped.
    func lease(_ blob: BlobID) -> BlobLease? {
        let second = second
        let isLeased = state.withLock { state in
            note(blob, second, &state)
            guard !state.dropping.contains(blob) else { return false }
            state.leases[blob, default: 0] += 1
            return true
        }
        return isLeased ? BlobLease(blob: blob, use: self) : nil
    }

    fileprivate func release(_ blob: BlobID) {
        state.withLock { state in
            guard let count = state.leases[blob] else {
                preconditionFailure("a lease of \(blob) is released once")
            }
            state.leases[blob] = count > 1 ? count - 1 : nil
        }
    }

    /// How many blobs are leased.
    var leaseCount: Int { state.withLock { $0.leases.count } }

    // MARK: Dropping

    /// Whether nobody has used the blob for the grace period, and nobody does now. A first look: it may be
    /// used the next moment.
    func isIdle(_ blob: BlobID, grace: Duration) -> Bool {
        let second = second
        return state.withLock { isIdle(blob, grace, second, &$0) }
    }

    /// Decides for the committer whether the blob may go; if so, it counts as not here until `endDrops`.
    func beginDrop(_ blob: BlobID, grace: Duration) -> Bool {
        let second = second
        return state.withLock { state in
            guard isIdle(blob, grace, second, &state) else { return false }
            state.dropping.insert(blob)
            return true
        }
    }

    /// What became of the drops is visible in the index.
    func endDrops() { state.withLock { $0.dropping.removeAll(keepingCapacity: true) } }

    // MARK: The table

    private var second: UInt32 { UInt32(clamping: now().components.seconds) }

    private func places(of blob: BlobID) -> (Int, Int) {
        // The words of a digest are as good as any hash of it.
        (Int(blob.word0 % slots), Int(blob.word1 % slots))
    }

    private func note(_ blob: BlobID, _ second: UInt32, _ state: inout State) {
        let places = places(of: blob)
        state.lastUses[places.0] = max(state.lastUses[places.0], second)
        state.lastUses[places.1] = max(state.lastUses[places.1], second)
    }

    private func isIdle(
        _ blob: BlobID, _ grace: Duration, _ second: UInt32, _ state: inout State
    ) -> Bool {
        guard state.leases[blob] == nil else { return false }
        guard grace > .zero else { return true }
        let places = places(of: blob)
        let lastUse = min(state.lastUses[places.0], state.lastUses[places.1])
        // Both were rounded down, so the use may have been almost a second later.
        return .seconds(Int64(second) - Int64(lastUse) - 1) >= grace
    }
}

/// Keeps a blob from being dropped for as long as it is referenced.
final class BlobLease: Sendable {
    private let blob: BlobID
    private let use: BlobUse

    fileprivate init(blob: BlobID, use: BlobUse) {
        self.blob = blob
        self.use = use
    }

    deinit { use.release(blob) }
}
