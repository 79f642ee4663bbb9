// What stands between a store and its disk or index in tests: a disk whose syncs of the journal wait to
// be let through, and an index whose next batch fails.

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
        return path.hasSuffix(".journal") ? HeldFile(file, self) : file
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
    private let disk: HeldDisk

    init(_ file: any DiskFile, _ disk: HeldDisk) {
        self.file = file
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
        disk.pass()
        try file.sync()
    }
    func startWriteback(_ range: Range<UInt64>) { file.startWriteback(range) }
    func punch(_ range: Range<UInt64>) throws(DiskError) { try file.punch(range) }
    func isResident(_ range: Range<UInt64>) -> Bool { file.isResident(range) }
    func expectRandomReads() { file.expectRandomReads() }

    func readAhead(_ range: Range<UInt64>) { file.readAhead(range) }
    func evict(_ range: Range<UInt64>) { file.evict(range) }
    func allocatedBytes() throws(DiskError) -> UInt64 { try file.allocatedBytes() }
}

/// An index whose next batches fail, as many as `failures` says.
final class FailingIndex: KeyValueIndex {
    private let index: any KeyValueIndex
    private let failures: Mutex<Int>

    init(_ index: any KeyValueIndex, failures: Int) {
        self.index = index
        self.failures = Mutex(failures)
    }

    func fail(_ count: Int) { failures.withLock { $0 = count } }

    func get(_ key: Bytes) throws(IndexError) -> Bytes? { try index.get(key) }
    func getCached(_ key: Bytes) -> CachedLookup { index.getCached(key) }
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
        try index.apply(batch)
    }
    func flush() throws(IndexError) { try index.flush() }
    func statistics() -> [String: UInt64] { index.statistics() }
    func close() throws(IndexError) { try index.close() }
}
