// One sync of a chunk file for all who wait for it. Who asks while a sync is running is served by the next
// one, since the running one may have begun before that body's last write.

internal import ChunkFiles
internal import DiskIO
internal import Storage
internal import Synchronization

final class SharedSync: Sendable {
    private typealias Waiter = CheckedContinuation<Void, any Error>

    private struct State {
        /// The files being synced, and who waits for the sync after that.
        var following: [UInt64: [Waiter]] = [:]
        var syncs: UInt64 = 0
    }

    private let pool: BlockingPool
    private let state = Mutex(State())

    init(pool: BlockingPool) { self.pool = pool }

    /// Returns when everything that was written to the file before the call is durable.
    func sync(_ writer: ChunkWriter) async throws {
        try await withCheckedThrowingContinuation { (waiter: Waiter) in
            let isFirst = state.withLock { state in
                guard state.following[writer.file] == nil else {
                    state.following[writer.file]?.append(waiter)
                    return false
                }
                state.following[writer.file] = []
                return true
            }
            guard isFirst else { return }
            pool.submit { [self] isRunning in run(writer, for: [waiter], isRunning: isRunning) }
        }
    }

    /// Syncs made so far.
    var syncs: UInt64 { state.withLock { $0.syncs } }

    private func run(_ writer: ChunkWriter, for first: [Waiter], isRunning: Bool) {
        var waiters = first
        while !waiters.isEmpty {
            let result = isRunning ? Self.sync(writer) : .failure(BlockingPool.stopped)
            for waiter in waiters { waiter.resume(with: result) }
            waiters = state.withLock { state in
                state.syncs += 1
                let next = state.following[writer.file] ?? []
                state.following[writer.file] = next.isEmpty ? nil : []
                return next
            }
        }
    }

    private static func sync(_ writer: ChunkWriter) -> Result<Void, any Error> {
        Result {
            try onDisk("the body could not be made durable") { () throws(DiskError) in
                try writer.sync()
            }
        }
    }
}
