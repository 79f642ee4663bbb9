// Wakes those who wait for "something changed", with a deadline. A store advances it after each commit;
// whoever waits names the generation it has seen, so no change is missed between looking and waiting.

internal import Synchronization

package final class ChangeSignal: Sendable {
    private struct State {
        var generation: UInt64 = 0
        var nextWaiter: UInt64 = 0
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        /// Waiters that were cancelled before they were registered.
        var cancelled: Set<UInt64> = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Read before looking at what may have changed.
    package var generation: UInt64 { state.withLock { $0.generation } }

    /// Something changed: everyone who waits is woken.
    package func advance() {
        let woken = state.withLock { state in
            state.generation += 1
            defer { state.waiters.removeAll() }
            return Array(state.waiters.values)
        }
        for waiter in woken { waiter.resume() }
    }

    /// Returns when the generation is beyond `seen`, at the deadline, or when the task is cancelled.
    package func wait(beyond seen: UInt64, timeout: Duration) async {
        guard generation <= seen else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.changed(beyond: seen) }
            // A cancelled sleep has served its purpose: the other child won.
            group.addTask { try? await Task.sleep(for: timeout) }
            await group.next()
            group.cancelAll()
        }
    }

    private func changed(beyond seen: UInt64) async {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    let wasCancelled = state.cancelled.remove(id) != nil
                    if wasCancelled || state.generation > seen { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            cancel(id)
        }
        // The handler may have run after the continuation was resumed by a change.
        state.withLock { state in _ = state.cancelled.remove(id) }
    }

    private func cancel(_ id: UInt64) {
        let waiter = state.withLock { state in
            let waiter = state.waiters.removeValue(forKey: id)
            if waiter == nil { state.cancelled.insert(id) }
            return waiter
        }
        waiter?.resume()
    }
}
