// A disk in memory that can lose power. It keeps apart what a file shows and what would survive, file by
// file in sectors of 512 bytes and directory by directory, and takes the difference away in a crash:
// all of it, or a random part as a real disk would.
//
// Every call that changes something is counted, so that a scenario can be cut off at each call in turn; and
// every call at all, so that any can be made to fail. What a failed sync leaves is the worst that kernels do: the pages
// read back as good, count as clean, and are gone after a crash.

package import DiskIO
internal import Glibc
internal import Synchronization

package final class SimulatedDisk: Disk {
    package enum Operation: String, Sendable, Hashable {
        case open
        case read
        case stat
        case list
        case space
        case lock
        // What follows changes something.
        case create
        case write
        case sync
        case punch
        case rename
        case remove
        case makeDirectory
        case syncDirectory
    }

    /// One call; the first has number 1.
    package struct Call: Sendable, Hashable {
        package var operation: Operation
        package var path: String
    }

    /// What a crash does to what was not synced.
    package enum Loss: Sendable, Hashable {
        case everything
        /// Each sector by itself is kept or lost, of names a first few are kept.
        case random(seed: UInt64)
        /// Nothing is lost: it is the process that ends, in the middle of a call.
        case nothing
    }

    /// The code of every error while the power is off, and of every handle from before.
    package static let poweredOff = ESHUTDOWN

    let state: Mutex<SimulatedDiskState>

    /// An empty disk with a root directory.
    package init(availableBytes: UInt64 = 1 << 40) {
        state = Mutex(SimulatedDiskState(availableBytes: availableBytes))
    }

    // MARK: What a test does to it

    /// Every call so far that changes something.
    package var calls: [Call] { state.withLock { $0.calls } }

    /// Every call so far, reads and questions included.
    package var uses: [Call] { state.withLock { $0.uses } }

    /// Cuts the power when this one of `calls` is made: it and all later ones throw `poweredOff`.
    package func crash(atCall number: Int, _ loss: Loss) {
        state.withLock { $0.crashAtCall = (number, loss) }
    }

    /// Cuts the power now.
    package func crash(_ loss: Loss) { state.withLock { $0.crash(loss) } }

    package var isPoweredOff: Bool { state.withLock { $0.isPoweredOff } }

    /// The power is back. Handles and locks from before are dead.
    package func restart() {
        state.withLock { state in
            state.isPoweredOff = false
            state.crashAtCall = nil
            state.epoch += 1
            state.locks = []
        }
    }

    /// A process that is killed and started again: handles and locks are dead, but what was written and not
    /// synced is still there.
    package func kill() {
        state.withLock { state in
            state.epoch += 1
            state.locks = []
        }
    }

    /// Makes this one of `calls` fail. A write that fails may have written its beginning.
    package func fail(call number: Int, with code: CInt) {
        state.withLock { $0.failures[number] = code }
    }

    /// Makes this one of `uses` fail.
    package func fail(use number: Int, with code: CInt) {
        state.withLock { $0.failure = (number, code) }
    }

    /// Makes every call of a kind fail from now on, or none any more.
    package func fail(every operation: Operation, with code: CInt?) {
        state.withLock { $0.failingOperations[operation] = code }
    }

    /// Space left; writes beyond fail with `ENOSPC`.
    package var availableBytes: UInt64 {
        get { state.withLock { $0.availableBytes } }
        set { state.withLock { $0.availableBytes = newValue } }
    }

    /// Puts a directory on a file system of its own, with so much space left.
    package func mount(_ directory: String, availableBytes: UInt64) {
        state.withLock { $0.mounts[directory] = availableBytes }
    }

    /// Rot: a bit changes on the disk, and in memory as well unless `onlyOnDisk`.
    package func flip(
        _ path: String, at offset: UInt64, bit: UInt8 = 0, onlyOnDisk: Bool = false
    ) {
        state.withLock { state in
            guard let file = state.names[path] else { preconditionFailure("no file \(path)") }
            state.files[file]?.flip(Int(offset), bit: bit, onlyOnDisk: onlyOnDisk)
        }
    }

    /// What is in memory is given up, where it was written back.
    package func evictAll() {
        state.withLock { state in
            for file in state.files.keys { state.files[file]?.evict(0..<Int.max) }
        }
    }

    /// A range reads as zeros from now on.
    package func zero(_ path: String, _ range: Range<UInt64>) {
        spoil(path) { $0.zero(Int(range.lowerBound)..<Int(range.upperBound)) }
    }

    /// The file ends there.
    package func cut(_ path: String, to size: UInt64) { spoil(path) { $0.cut(to: Int(size)) } }

    private func spoil(_ path: String, _ change: (inout SimulatedContent) -> Void) {
        state.withLock { state in
            guard let file = state.names[path], var content = state.files[file] else {
                preconditionFailure("no file \(path)")
            }
            change(&content)
            state.files[file] = content
        }
    }

    /// A bad medium: reads that touch the range fail with `EIO`, for ever or so many times.
    package func makeUnreadable(_ path: String, _ range: Range<UInt64>, times: Int = .max) {
        state.withLock { $0.unreadable[path] = (range, times) }
    }

    /// What a file shows now; `nil` where there is none.
    package func content(of path: String) -> [UInt8]? {
        state.withLock { state in state.names[path].flatMap { state.files[$0]?.content } }
    }

    /// Paths of all files, ascending.
    package var paths: [String] { state.withLock { $0.names.keys.sorted() } }

    // MARK: Disk

    package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        try change { state throws(DiskError) in
            if mode == .create {
                try state.count(.create, path)
                guard state.names[path] == nil else {
                    throw DiskError(code: EEXIST, operation: "open", path: path)
                }
                try state.requireDirectory(of: path, "open")
                state.create(path)
            } else {
                try state.use(.open, path)
            }
            guard let file = state.names[path] else {
                throw DiskError(code: ENOENT, operation: "open", path: path)
            }
            return SimulatedFile(
                disk: self, file: file, path: path, epoch: state.epoch,
                isDirect: mode == .readDirect)
        }
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        try change { state throws(DiskError) in
            try state.use(.list, directory)
            guard state.directories.contains(directory) else {
                throw DiskError(code: ENOENT, operation: "list", path: directory)
            }
            let paths = Array(state.names.keys) + Array(state.directories)
            let prefix = directory == "/" ? "/" : directory + "/"
            return paths.filter { $0 != "/" && SimulatedDiskState.parent(of: $0) == directory }
                .map { String($0.dropFirst(prefix.count)) }.sorted()
        }
    }

    package func makeDirectory(_ path: String) throws(DiskError) {
        try change { state throws(DiskError) in
            try state.count(.makeDirectory, path)
            var path = path
            while state.directories.insert(path).inserted {
                path = SimulatedDiskState.parent(of: path)
            }
        }
    }

    package func exists(_ path: String) -> Bool {
        state.withLock { $0.names[path] != nil || $0.directories.contains(path) }
    }

    package func rename(_ source: String, to destination: String) throws(DiskError) {
        try change { state throws(DiskError) in
            try state.count(.rename, source)
            guard let file = state.names[source] else {
                throw DiskError(code: ENOENT, operation: "rename", path: source)
            }
            try state.requireDirectory(of: destination, "rename")
            state.apply(.init(set: [(source, nil), (destination, file)]))
        }
    }

    package func remove(_ path: String) throws(DiskError) {
        try change { state throws(DiskError) in
            try state.count(.remove, path)
            guard state.names[path] != nil else {
                throw DiskError(code: ENOENT, operation: "remove", path: path)
            }
            state.apply(.init(set: [(path, nil)]))
        }
    }

    package func syncDirectory(_ path: String) throws(DiskError) {
        try change { state throws(DiskError) in
            try state.count(.syncDirectory, path)
            state.syncNames(in: path)
        }
    }

    package func space(at directory: String) throws(DiskError) -> DiskSpace {
        try change { state throws(DiskError) in
            try state.use(.space, directory)
            let availableBytes = state.space(of: directory)
            return DiskSpace(
                totalBytes: availableBytes + state.usedBytes, availableBytes: availableBytes)
        }
    }

    package func allocatedBytes(at path: String) throws(DiskError) -> UInt64 {
        try change { state throws(DiskError) in
            try state.use(.stat, path)
            guard let file = state.names[path], let content = state.files[file] else {
                throw DiskError(code: ENOENT, operation: "stat", path: path)
            }
            return content.allocatedBytes
        }
    }

    package func lock(_ path: String) throws(DiskError) -> any DiskLock {
        try change { state throws(DiskError) in
            try state.use(.lock, path)
            guard state.locks.insert(path).inserted else {
                throw DiskError(code: EWOULDBLOCK, operation: "lock", path: path)
            }
            return SimulatedLock(disk: self, path: path, epoch: state.epoch)
        }
    }

    /// Changes the state; `Mutex` rethrows without the type.
    func change<Result: Sendable>(
        _ body: (inout SimulatedDiskState) throws(DiskError) -> Result
    ) throws(DiskError) -> Result {
        var failure: DiskError?
        let result: Result? = state.withLock { state in
            do throws(DiskError) {
                return try body(&state)
            } catch {
                failure = error
                return nil
            }
        }
        if let failure { throw failure }
        guard let result else { preconditionFailure("neither a result nor a failure") }
        return result
    }
}
