// The memory that bodies on their way in may take, all of them together.
//
// Whoever brings bytes books them; when the budget is overdrawn it has the largest of the chunks being
// collected written as they are, short, and waits until enough was written. So a stalled upload holds
// no memory that a running one needs, and nobody waits for a sender: every byte that is booked is either
// on its way to the disk or can be sent there.

internal import Synchronization

/// Who holds a chunk being collected, and can be told to write it as it is.
protocol Spilling: AnyObject, Sendable {
    /// What is being collected now.
    var collectedBytes: Int { get }

    /// Sends it on its way to the disk. Returns what will be given back for it.
    func spill() -> Int
}

final class BufferBudget: Sendable {
    private struct State {
        var bookedBytes = 0
        var holders: [ObjectIdentifier: any Spilling] = [:]
        var waiters: [CheckedContinuation<Void, Never>] = []
        var spills: UInt64 = 0
    }

    private let limitBytes: Int
    private let state = Mutex(State())

    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Counts bytes that were brought.
    func book(_ bytes: Int) { state.withLock { $0.bookedBytes += bytes } }

    /// Returns at once below the limit; else has chunks written, and waits until enough were.
    func waitForRoom() async {
        guard state.withLock({ $0.bookedBytes > limitBytes }) else { return }
        relieve()
        await withCheckedContinuation { continuation in
            let isRelieved = state.withLock { state in
                if state.bookedBytes <= limitBytes { return true }
                state.waiters.append(continuation)
                return false
            }
            if isRelieved { continuation.resume() }
        }
    }

    /// Gives back what was written, or will not be.
    func giveBack(_ bytes: Int) {
        let waiters: [CheckedContinuation<Void, Never>] = state.withLock { state in
            state.bookedBytes -= bytes
            precondition(state.bookedBytes >= 0, "more was given back than was booked")
            guard state.bookedBytes <= limitBytes else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    func enter(_ holder: some Spilling) {
        state.withLock { $0.holders[ObjectIdentifier(holder)] = holder }
    }

    func leave(_ holder: some Spilling) {
        state.withLock { state in
            _ = state.holders.removeValue(forKey: ObjectIdentifier(holder))
        }
    }

    var bookedBytes: Int { state.withLock { $0.bookedBytes } }

    /// How often a chunk was written short.
    var spills: UInt64 { state.withLock { $0.spills } }

    /// Has collected chunks written, the largest first, until what stays is well below the limit.
    private func relieve() {
        let holders = state.withLock { Array($0.holders.values) }
        let sizes = holders.map { (holder: $0, bytes: $0.collectedBytes) }
        var collected = sizes.reduce(0) { $0 + $1.bytes }
        for (holder, bytes) in sizes.sorted(by: { $0.bytes > $1.bytes }) {
            guard collected > limitBytes / 2, bytes > 0 else { return }
            collected -= bytes
            if holder.spill() > 0 { state.withLock { $0.spills += 1 } }
        }
    }
}
