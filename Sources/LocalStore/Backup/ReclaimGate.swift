// Between those who take bytes away from chunk files and those who copy the files. Bytes go only within a
// step; while a backup lasts no step begins, and it begins when none is under way.
//
// So what a chunk file holds of anything that was live when the backup began, it holds until the backup ends.
// Everything else of a collection goes on: blobs are dropped, and their bytes go in a run after the backup.

internal import Synchronization

final class ReclaimGate: Sendable {
    private struct State {
        var steps = 0
        var backups = 0
    }

    static let reason = "a backup is being made; what is dead goes in a run after it"

    private static let poll: Duration = .milliseconds(5)

    private let state = Mutex(State())

    var isClosed: Bool { state.withLock { $0.backups > 0 } }

    /// Takes bytes away, unless a backup is being made; returns whether it did.
    func step(_ body: () async throws -> Void) async rethrows -> Bool {
        let mayBegin = state.withLock { state in
            guard state.backups == 0 else { return false }
            state.steps += 1
            return true
        }
        guard mayBegin else { return false }
        defer { state.withLock { $0.steps -= 1 } }
        try await body()
        return true
    }

    /// Runs `body` while no bytes go.
    func whileClosed<Value>(_ body: () async throws -> Value) async throws -> Value {
        state.withLock { $0.backups += 1 }
        defer { state.withLock { $0.backups -= 1 } }
        while state.withLock({ $0.steps > 0 }) { try await Task.sleep(for: Self.poll) }
        return try await body()
    }
}
