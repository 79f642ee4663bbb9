// Work that may take longer than anyone wants to wait for in silence.
//
// The work is a task of its own, because it must outlive the request: a client that goes away in the middle
// of a Complete comes back and completes again, and finds the same object.

internal import Synchronization

package final class LongWork<Value: Sendable>: Sendable {
    private struct State {
        var result: Result<Value, any Error>?
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    package init(_ work: @escaping @Sendable () async throws -> Value) {
        Task {
            do {
                finish(.success(try await work()))
            } catch {
                finish(.failure(error))
            }
        }
    }

    /// The outcome, or `nil` where there is none yet after this time. One caller at a time.
    package func result(within time: Duration) async -> Result<Value, any Error>? {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // Cancelled as soon as the work ends.
                try? await Task.sleep(for: time)
                self.wake()
            }
            await withCheckedContinuation { self.wait($0) }
            group.cancelAll()
        }
        return state.withLock { $0.result }
    }

    private func wait(_ waiter: CheckedContinuation<Void, Never>) {
        let isFinished = state.withLock { state in
            if state.result == nil { state.waiter = waiter }
            return state.result != nil
        }
        if isFinished { waiter.resume() }
    }

    private func finish(_ result: Result<Value, any Error>) {
        state.withLock { state in
            state.result = result
            return state.waiter.take()
        }?.resume()
    }

    private func wake() {
        state.withLock { $0.waiter.take() }?.resume()
    }
}
