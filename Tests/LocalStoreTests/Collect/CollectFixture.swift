// A store whose garbage is collected, and what a test wants to know of it.

import ChunkFiles
import DiskIO
import NIOCore
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

/// Small chunks and small files, and everything is worth while.
func collectLimits() -> LocalStoreLimits {
    var limits = testLimits()
    limits.ingest.chunkBytes = 16 << 10
    limits.ingest.inlineBytes = 1 << 10
    limits.chunks.fileBytes = 128 << 10
    limits.chunks.lanes = 2
    limits.collect.grace = .zero
    limits.collect.leastWasteBytes = 8 << 10
    limits.collect.bytesPerSecond = 0
    limits.collect.batchBytes = 48 << 10
    limits.collect.stepEntries = 5
    limits.collect.busyWait = .zero
    return limits
}

/// A time since the start that is moved by hand.
final class TestUptime: Sendable {
    private let now = Mutex<Duration>(.zero)

    func advance(_ duration: Duration) { now.withLock { $0 += duration } }

    var elapsed: @Sendable () -> Duration { { [self] in now.withLock { $0 } } }
}

extension DurableStore {
    /// Runs one collection as a job and returns its report.
    @discardableResult
    func collect(_ options: GarbageOptions = GarbageOptions()) async throws -> JobReport {
        let board = JobBoard(clock: clock)
        let begun = try board.begin(.collectGarbage(options)) { [self] job in
            try await collectGarbage(options, job)
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await board.run() }
            while board.report(begun.id)?.state == .running {
                try await Task.sleep(for: .milliseconds(1))
            }
            group.cancelAll()
            return try #require(board.report(begun.id))
        }
    }

    /// Runs one collection that must come to its end.
    func collectAll() async throws {
        let report = try await collect()
        let kept = report.findings.first { $0.outcome == .kept }
        guard report.state == .done, kept == nil else {
            throw StorageError(.unavailable, "\(report.state), \(kept?.reason ?? "nothing kept")")
        }
    }

    func makeLedgerBucket() async throws {
        try await Buckets(objects: self, blobs: self).create(Ledger.bucket)
    }

    func delete(_ key: ObjectKey, _ ledger: Ledger) async throws {
        try await ledger.change(key, to: nil) { try await commit(.delete(Ledger.name(key), .none)) }
    }

    func blob(at key: ObjectKey) async throws -> BlobID {
        try #require(try await object(Ledger.name(key))?.content?.blob)
    }

    /// Bytes that chunk files occupy.
    func physicalBytes() throws -> UInt64 { try chunks.space.allocatedBytes() }

    /// Bytes of the records of everything live.
    func liveBytes() async throws -> UInt64 {
        let report = try await collect(GarbageOptions(isDryRun: true))
        return report.figures["live_bytes"] ?? 0
    }
}
