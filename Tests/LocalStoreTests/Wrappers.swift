// What stands between a store and its disk or index in tests: a disk whose syncs of the journal wait to
// be let through, an index whose next batch fails, and one whose look-ups wait.

import DiskIO
import Dispatch
import MetadataIndex
import Simulation
import Synchronization

/// A disk that lets no sync of a journal file through while it is held.
final class HeldDisk: Disk {
    private struct State {
        var isHeld = false
        var syncs = 0
        /// Syncs that wait to be let through.
        var waiting = 0
        var afterSync: (@Sendable (_ path: String) -> Void)?
    }

    private let disk: any Disk
    private let state = Mutex(State())
    private let gate = DispatchSemaphore(value: 0)

    init(_ disk: any Disk) { self.disk = disk }

    /// Holds the next sync for as long as `body` runs, however that ends. `body` is given what returns when a
    /// sync is held.
    func holding<Value>(
        _ body: (_ isHeld: () async throws -> Void) async throws -> Value
    ) async throws -> Value {
        state.withLock { $0.isHeld = true }
        defer {
            let waiting = state.withLock { state in
                defer { (state.isHeld, state.waiting) = (false, 0) }
                return state.waiting
            }
            for _ in 0..<waiting { gate.signal() }
        }
        return try await body { [self] in
            try await eventually("a sync of the journal is held") {
                state.withLock { $0.waiting > 0 }
            }
        }
    }

    /// Syncs of journal files so far, the one that is held included.
    var journalSyncs: Int { state.withLock { $0.syncs } }

    /// Runs `body` whenever a file, whatever it is, has been synced.
    func afterSync(_ body: (@Sendable (_ path: String) -> Void)?) {
        state.withLock { $0.afterSync = body }
    }

    fileprivate func synced(_ path: String) { state.withLock { $0.afterSync }?(path) }

    fileprivate func pass() {
        let mustWait = state.withLock { state in
            state.syncs += 1
            if state.isHeld { state.waiting += 1 }
            return state.isHeld
        }
        if mustWait { gate.wait() }
    }

    func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        let file = try disk.open(path, mode)
        return HeldFile(file, path, self)
    }

    func list(_ directory: String) throws(DiskError) -> [String] { try disk.list(directory) }
    func makeDirectory(_ path: String) throws(DiskError) { try disk.makeDirectory(path) }
    func exists(_ path: String) -> Bool { disk.exists(path) }
    func rename(_ source: String, to destination: String) throws(DiskError) {
        try disk.rename(source, to: destination)
    }
    func remove(_ path: String) throws(DiskError) { try disk.remove(path) }
    func syncDirectory(_ path: String) throws(DiskError) { try disk.syncDirectory(path) }
    func space(at directory: String) throws(DiskError) -> DiskSpace {
        try disk.space(at: directory)
    }
    func allocatedBytes(at path: String) throws(DiskError) -> UInt64 {
        try disk.allocatedBytes(at: path)
    }
    func lock(_ path: String) throws(DiskError) -> any DiskLock { try disk.lock(path) }
}

private final class HeldFile: DiskFile {
    private let file: any DiskFile
    private let path: String
    private let disk: HeldDisk

    init(_ file: any DiskFile, _ path: String, _ disk: HeldDisk) {
        self.file = file
        self.path = path
        self.disk = disk
    }

    var descriptor: CInt { file.descriptor }
    func sizeBytes() throws(DiskError) -> UInt64 { try file.sizeBytes() }
    func write(_ buffers: [UnsafeRawBufferPointer], at offset: UInt64) throws(DiskError) {
        try file.write(buffers, at: offset)
    }
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        try file.read(into: buffer, at: offset)
    }
    func readResident(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int? {
        try file.readResident(into: buffer, at: offset)
    }
    func sync() throws(DiskError) {
        if path.hasSuffix(".journal") { disk.pass() }
        try file.sync()
        disk.synced(path)
    }
    func startWriteback(_ range: Range<UInt64>) { file.startWriteback(range) }
    func punch(_ range: Range<UInt64>) throws(DiskError) { try file.punch(range) }
    func isResident(_ range: Range<UInt64>) -> Bool { file.isResident(range) }
    func expectRandomReads() { file.expectRandomReads() }
    func evict(_ range: Range<UInt64>) { file.evict(range) }
    func allocatedBytes() throws(DiskError) -> UInt64 { try file.allocatedBytes() }
}

/// An index whose next batches fail, as many as `failures` says, and that knows how large the others were.
final class FailingIndex: KeyValueIndex {
    private let index: any KeyValueIndex
    private let failures: Mutex<Int>
    private let largest = Mutex(0)

    init(_ index: any KeyValueIndex, failures: Int) {
        self.index = index
        self.failures = Mutex(failures)
    }

    func fail(_ count: Int) { failures.withLock { $0 = count } }

    /// Keys and values of the largest batch.
    var largestBatchBytes: Int { largest.withLock { $0 } }

    func get(_ key: Bytes) throws(IndexError) -> Bytes? { try index.get(key) }
    func getCached(_ key: Bytes) -> CachedLookup<Bytes> { index.getCached(key) }
    func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor {
        try index.cursor(from: from, to: to)
    }
    func snapshot() throws(IndexError) -> any IndexSnapshot { try index.snapshot() }
    func apply(_ batch: [IndexChange]) throws(IndexError) {
        let fails = failures.withLock { failures in
            defer { failures = max(0, failures - 1) }
            return failures > 0
        }
        if fails { throw .inputOutput("as the test wants it") }
        let bytes = batch.reduce(0) { sum, change in
            switch change {
            case .put(let key, let value): sum + key.count + value.count
            case .delete(let key): sum + key.count
            case .deleteRange(let from, let to): sum + from.count + to.count
            }
        }
        largest.withLock { $0 = max($0, bytes) }
        try index.apply(batch)
    }
    func flush() throws(IndexError) { try index.flush() }
    func rewrite(_ range: KeyRange) throws(IndexError) { try index.rewrite(range) }
    func statistics() -> [String: UInt64] { index.statistics() }
    func close() throws(IndexError) { try index.close() }
}

/// Where look-ups wait while it is closed.
final class IndexGate: Sendable {
    private let state = Mutex((isClosed: false, waiting: 0))
    private let opening = DispatchSemaphore(value: 0)

    /// Look-ups that wait.
    var waiting: Int { state.withLock { $0.waiting } }

    func close() { state.withLock { $0.isClosed = true } }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (false, 0) }
            return state.waiting
        }
        for _ in 0..<waiting { opening.signal() }
    }

    fileprivate func pass() {
        let mustWait = state.withLock { state in
            if state.isClosed { state.waiting += 1 }
            return state.isClosed
        }
        if mustWait { opening.wait() }
    }
}

/// An index whose look-ups of one space pass a gate.
final class GatedIndex: KeyValueIndex {
    private let index: any KeyValueIndex
    private let space: UInt8
    private let gate: IndexGate

    init(_ index: any KeyValueIndex, _ space: UInt8, _ gate: IndexGate) {
        self.index = index
        self.space = space
        self.gate = gate
    }

    func get(_ key: Bytes) throws(IndexError) -> Bytes? {
        if key.first == space { gate.pass() }
        return try index.get(key)
    }
    func getCached(_ key: Bytes) -> CachedLookup<Bytes> { index.getCached(key) }
    func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor {
        try index.cursor(from: from, to: to)
    }
    func snapshot() throws(IndexError) -> any IndexSnapshot { try index.snapshot() }
    func apply(_ batch: [IndexChange]) throws(IndexError) { try index.apply(batch) }
    func flush() throws(IndexError) { try index.flush() }
    func rewrite(_ range: KeyRange) throws(IndexError) { try index.rewrite(range) }
    func statistics() -> [String: UInt64] { index.statistics() }
    func close() throws(IndexError) { try index.close() }
}
