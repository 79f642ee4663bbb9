// What the tests of this target open stores on: a real directory with RocksDB, or a simulated disk with
// an index in memory that forgets what it did not flush.

import ChunkFiles
import DiskIO
import Foundation
import Journal
import Logging
import MetadataIndex
import Simulation
import Storage
import Synchronization

@testable import LocalStore

/// A clock that is moved by hand.
final class TestClock: WallClock {
    private let now: Mutex<Int64>

    init(_ milliseconds: Int64 = 1_700_000_000_000) { now = Mutex(milliseconds) }

    func milliseconds() -> Int64 { now.withLock { $0 } }

    func advance(milliseconds: Int64) { now.withLock { $0 += milliseconds } }
}

/// A directory that goes with its last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent(
            "holdfast-store-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Small files, so that tests roll them over.
func testLimits() -> LocalStoreLimits {
    var limits = LocalStoreLimits()
    limits.reserveBytes = 0
    limits.blockingThreads = 4
    limits.chunks.fileBytes = 4 << 20
    limits.journal.fileBytes = 64 << 10
    limits.journal.windowBytes = 4 << 10
    return limits
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Numbers that are the same each time.
func numbers(seed: UInt64) -> @Sendable () -> UInt64 {
    let state = Mutex(SplitMix64(state: seed))
    return { state.withLock { $0.next() } }
}

struct SplitMix64: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

func openReal(
    _ directory: TemporaryDirectory, clock: TestClock = TestClock(),
    masterKeys: (any MasterKeys)? = MemoryMasterKeys(), limits: LocalStoreLimits = testLimits()
) async throws -> DurableStore {
    try await DurableStore.open(
        HeldDirectory(
            LocalStoreConfiguration(
                directory: directory.path + "/data", masterKeys: masterKeys, limits: limits),
            disk: PosixDisk()), index: .rocks(), clock: clock, random: numbers(seed: 1),
        logger: quiet)
}

/// One region on a simulated disk. Its index lives as long as it, and loses what a crash takes.
final class SimulatedRegion: Sendable {
    let disk: SimulatedDisk
    let clock = TestClock()
    let masterKeys = MemoryMasterKeys()
    private let index = Mutex(MemoryIndex())
    private let opened: Atomic<UInt64>
    private let rebuilds = Atomic(0)

    /// Regions of other seeds have other ids.
    init(seed: UInt64 = 0) {
        disk = SimulatedDisk()
        opened = Atomic(seed)
    }

    /// `wrapped` may put something between the store and its disk or its index.
    func open(
        limits: LocalStoreLimits = testLimits(), on wrapped: (any Disk)? = nil,
        index wrap: @escaping @Sendable (any KeyValueIndex) -> any KeyValueIndex = { $0 },
        uptime: @escaping @Sendable () -> Duration = { .zero }
    ) async throws -> DurableStore {
        clock.advance(milliseconds: 1000)
        let seed = opened.add(1, ordering: .relaxed).newValue
        return try await DurableStore.open(
            HeldDirectory(
                LocalStoreConfiguration(
                    directory: "/data", masterKeys: masterKeys, limits: limits),
                disk: wrapped ?? disk),
            index: factory(wrap), clock: clock, random: numbers(seed: seed), logger: quiet,
            uptime: uptime)
    }

    private func factory(
        _ wrap: @escaping @Sendable (any KeyValueIndex) -> any KeyValueIndex = { $0 }
    ) -> IndexFactory {
        IndexFactory(
            open: { [self] _ in wrap(index.withLock { $0 }) },
            destroy: { [self] _ in
                rebuilds.add(1, ordering: .relaxed)
                index.withLock { $0 = MemoryIndex() }
            })
    }

    /// The power goes and comes back.
    func losePower(_ loss: SimulatedDisk.Loss) {
        disk.crash(loss)
        restart()
    }

    func restart() {
        disk.restart()
        index.withLock { $0.dropUnflushed() }
    }

    /// The process is killed and started again.
    func kill() {
        disk.kill()
        index.withLock { $0.dropUnflushed() }
    }

    /// What a memtable that fills up does at any time.
    func flushIndex() throws { try index.withLock { $0 }.flush() }

    /// Everything in the index, but for its head.
    func indexEntries() throws -> [[UInt8]: [UInt8]] {
        let cursor = try index.withLock { $0 }.cursor(from: [0], to: [255])
        try cursor.seek(to: [0])
        var entries: [[UInt8]: [UInt8]] = [:]
        while let key = cursor.key {
            if key != KeySchema.head { entries[key] = cursor.value }
            try cursor.next()
        }
        return entries
    }

    /// Whether no start has discarded the index.
    var isIndexKept: Bool { rebuilds.load(ordering: .relaxed) == 0 }

    /// As `holdfast repair --rebuild-index` does it.
    func rebuildIndex() throws -> RebuiltIndex {
        try RebuildIndex(
            LocalStoreConfiguration(directory: "/data", limits: testLimits()), disk: disk,
            index: factory(), logger: quiet
        ).run()
    }

    /// The index is gone.
    func dropIndex() { index.withLock { $0 = MemoryIndex() } }
}
