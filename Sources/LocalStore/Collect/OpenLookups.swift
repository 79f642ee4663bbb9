// Look-ups that are open. One is open from before a record is read until the chunks that it names are pinned,
// or until the reader is through with them. In between the reader knows places that nothing protects.
//
// Whoever takes bytes away makes that visible in the index first, then waits until every look-up that was
// open at that time has ended (`settled`), and then asks the pins: a look-up that began earlier has pinned
// what it found, one that begins later finds the bytes gone or at their new place. This is the idea of
// read-copy-update (McKenney and Slingwine, 1998).

internal import Synchronization

final class OpenLookups: Sendable {
    private typealias Waiter = CheckedContinuation<Void, Never>

    private struct State {
        /// Look-ups that begin now belong to this epoch.
        var epoch: UInt64 = 0
        /// How many are open of each epoch, without those that have none.
        var open: [UInt64: Int] = [:]
        /// Each waits until no epoch up to its own has one.
        var waiters: [(epoch: UInt64, continuation: Waiter)] = []
    }

    private let state = Mutex(State())

    /// Runs a look-up that may suspend.
    func during<Value>(_ lookup: () async throws -> Value) async rethrows -> Value {
        let epoch = begin()
        defer { end(epoch) }
        return try await lookup()
    }

    /// Returns when every look-up that is open now has ended.
    func settled() async {
        await withCheckedContinuation { (continuation: Waiter) in
            let isSettled = state.withLock { state in
                if state.open.isEmpty { return true }
                state.waiters.append((state.epoch, continuation))
                state.epoch += 1
                return false
            }
            if isSettled { continuation.resume() }
        }
    }

    /// Whether somebody waits for look-ups to end.
    var isAwaited: Bool { state.withLock { !$0.waiters.isEmpty } }

    private func begin() -> UInt64 {
        state.withLock { state in
            state.open[state.epoch, default: 0] += 1
            return state.epoch
        }
    }

    private func end(_ epoch: UInt64) {
        let settled: [Waiter] = state.withLock { state in
            guard let count = state.open[epoch] else {
                preconditionFailure("a look-up of epoch \(epoch) ends twice")
            }
            state.open[epoch] = count > 1 ? count - 1 : nil
            guard count == 1, !state.waiters.isEmpty else { return [] }
            let oldest = state.open.keys.min() ?? .max
            let settled = state.waiters.filter { $0.epoch < oldest }
            state.waiters.removeAll { $0.epoch < oldest }
            return settled.map(\.continuation)
        }
        for waiter in settled { waiter.resume() }
    }
}
