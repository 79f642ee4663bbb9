// The threads that may block: on the disk, or on hashing a MiB. Event loops and the cooperative pool never
// do either; they hand the work over here, one hop per chunk.

internal import Glibc
internal import NIOPosix
package import Storage
internal import Synchronization

/// A fixed number of threads and a queue. What is queued is bounded by who queues it: each body, read and
/// commit waits for what it handed over before it hands over more.
package final class BlockingPool: Sendable {
    private let threads: NIOThreadPool
    private let threadCount: Int
    private let givesWay: Bool
    private let unfinished = Atomic(0)

    /// Starts the threads. Those of a pool that `givesWay` get what the others of the machine leave over, and
    /// little where that is nothing: for work that no client waits for.
    package init(threads count: Int, givesWay: Bool = false) {
        threadCount = count
        self.givesWay = givesWay
        threads = NIOThreadPool(numberOfThreads: count)
        threads.start()
    }

    /// Runs `work` on a thread of the pool and comes back to the caller's executor with its result. Once
    /// handed over it is run, whatever becomes of the caller's task. Throws `unavailable` after `stop`.
    package func run<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            submit { isRunning in
                guard isRunning else {
                    return continuation.resume(throwing: Self.stopped)
                }
                continuation.resume(with: Swift.Result { try work() })
            }
        }
    }

    /// Has a thread of the pool call `work`, with `true`; after `stop` it is called with `false` at once.
    /// Always called, so that whoever waits for it is told.
    package func submit(_ work: @escaping @Sendable (_ isRunning: Bool) -> Void) {
        unfinished.add(1, ordering: .relaxed)
        threads.submit { [self] state in
            defer { unfinished.subtract(1, ordering: .relaxed) }
            switch state {
            case .active:
                if givesWay { Self.giveWay() }
                work(true)
            case .cancelled: work(false)
            }
        }
    }

    /// Beside one thread of the usual priority, such a one gets a tenth of a core.
    private static let niceness: CInt = 10

    /// Lowers the priority of the calling thread for good: on Linux each has its own, and 0 is the one that
    /// asks. Where a sandbox forbids it the work is merely less polite.
    private static func giveWay() {
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness)
    }

    /// Begins `work` on a thread of the pool; the result is asked for later, or never.
    package func begin<Result: Sendable>(
        _ work: @escaping @Sendable () throws -> Result
    ) -> BlockingWork<Result> {
        let result = BlockingWork<Result>()
        submit { isRunning in
            result.settle(
                isRunning ? Swift.Result { try work() } : .failure(Self.stopped))
        }
        return result
    }

    /// How much is being done and queued.
    var inFlight: Int { unfinished.load(ordering: .relaxed) }

    /// Whether somebody waits for a thread.
    var isAwaited: Bool { inFlight > threadCount }

    /// Ends the threads when what they do is done; what is queued is told that it is not run.
    package func stop() async throws {
        try await threads.shutdownGracefully()
    }

    package static let stopped = StorageError(.unavailable, "the store is stopping")
}

/// Work that was begun, and its result when it is there. One caller asks for it, once.
package final class BlockingWork<Value: Sendable>: Sendable {
    private enum State {
        case running
        case waited(CheckedContinuation<Value, any Error>)
        case settled(Result<Value, any Error>)
    }

    private let state = Mutex(State.running)

    fileprivate init() {}

    package func value() async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<Value, any Error>? = state.withLock { state in
                if case .settled(let result) = state { return result }
                state = .waited(continuation)
                return nil
            }
            if let result { continuation.resume(with: result) }
        }
    }

    fileprivate func settle(_ result: Result<Value, any Error>) {
        let waiter: CheckedContinuation<Value, any Error>? = state.withLock { state in
            defer { state = .settled(result) }
            if case .waited(let continuation) = state { return continuation }
            return nil
        }
        waiter?.resume(with: result)
    }
}
