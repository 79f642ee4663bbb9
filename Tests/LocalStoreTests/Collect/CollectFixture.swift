// A store whose garbage is collected, and what a test wants to know of it.

import ChunkFiles
import DiskIO
import Journal
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

func collectStore(
    _ region: SimulatedRegion, limits: LocalStoreLimits = collectLimits(),
    on disk: (any Disk)? = nil, uptime: @escaping @Sendable () -> Duration = { .zero }
) async throws -> DurableStore {
    let store = try await region.open(limits: limits, on: disk, uptime: uptime)
    try await store.makeLedgerBucket()
    return store
}

extension DropBlobs {
    static func of(_ blob: BlobID, grace: Duration = .zero) -> DropBlobs {
        DropBlobs(candidates: [DeadBlob(blob: blob, sizeBytes: 0)], grace: grace)
    }
}

extension Scenario {
    /// What is live in a file that is mostly dead.
    static let kept = pattern(30_000, seed: 40)
}

extension DurableStore {
    /// Makes a file with one live blob in it, at `kept`, whose others are dropped, and lets go of it.
    func mostlyDead(_ ledger: Ledger) async throws -> (kept: BlobID, dropped: [BlobID]) {
        try await put("kept", Scenario.kept, ledger)
        var dropped: [BlobID] = []
        for seed in 41...45 {
            dropped.append(try await keep(stage(bytes: pattern(30_000, seed: UInt64(seed)))).blob)
        }
        let drop = DropBlobs(
            candidates: dropped.map { DeadBlob(blob: $0, sizeBytes: 30_000) }, grace: .zero)
        #expect(try await committer.queue.submit(drop).count == 5)
        let files = try chunks.reader.files()
        chunks.appender.seal(Set(files))
        try await eventually("all files are let go of") {
            !files.contains { chunks.appender.isHeld($0) }
        }
        return (try await blob(at: "kept"), dropped)
    }

    /// Runs one collection as a job and returns its report.
    @discardableResult
    func collect(_ options: GarbageOptions = GarbageOptions()) async throws -> JobReport {
        let board = JobBoard(clock: clock)
        let begun = try board.begin(.collectGarbage(options)) { [self] job in
            try await collectGarbage(options, job)
        }
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await board.run() }
            try await eventually("the collection ends") {
                board.report(begun.id)?.state != .running
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

extension DurableStore {
    /// Runs commits so that one group decides all of them, in this order.
    func inOneGroup<Answer: Sendable>(
        _ disk: HeldDisk, _ commits: [@Sendable () async throws -> Answer]
    ) async throws -> [Answer] {
        try await withThrowingTaskGroup(of: (Int, Answer?).self) { group in
            try await disk.holding { isHeld in
                group.addTask { [self] in
                    _ = try await keep(stage(bytes: pattern(9)))
                    return (-1, nil)
                }
                try await isHeld()
                for (number, commit) in commits.enumerated() {
                    group.addTask { (number, try await commit()) }
                    try await eventually("commit \(number) waits for the committer") {
                        committer.queue.waitingCount >= number + 1
                    }
                }
            }
            var answers: [Int: Answer] = [:]
            for try await (number, answer) in group { answers[number] = answer }
            return answers.sorted { $0.key < $1.key }.map(\.value)
        }
    }

    /// Drops a blob, runs `meanwhile` between the decision and the sync of its record, and begins `then` at
    /// that time as well.
    func whileDropping(
        _ blob: BlobID, _ disk: HeldDisk,
        _ meanwhile: @Sendable () async throws -> Void = {},
        then: @escaping @Sendable () async throws -> Void = {}
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await disk.holding { isHeld in
                group.addTask { [self] in
                    let dropped = try await committer.queue.submit(DropBlobs.of(blob))
                    #expect(dropped.map(\.blob) == [blob])
                }
                try await isHeld()
                try await meanwhile()
                group.addTask { try await then() }
            }
            try await group.waitForAll()
        }
    }

    /// Drops a blob that is leased, as no collection does.
    func dropWhatever(_ blob: BlobID) async throws {
        try await committer.queue.submit(DropWhatever(blob: blob))
    }
}

private struct DropWhatever: Decision {
    let blob: BlobID

    func decide(_ context: inout CommitContext) throws(StorageError) {
        try context.record(.blobState(BlobStateRecord(blob: blob, change: .dropped)))
    }
}
