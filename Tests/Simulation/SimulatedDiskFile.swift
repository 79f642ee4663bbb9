// Handles of the simulated disk. They die with the power, and with the process that opened them.

internal import DiskIO
internal import Glibc
internal import Synchronization

final class SimulatedFile: DiskFile {
    /// None: nothing can be sent from here by `sendfile`.
    let descriptor: CInt = -1
    private let disk: SimulatedDisk
    private let file: Int
    private let path: String
    private let epoch: Int
    private let isDirect: Bool

    init(disk: SimulatedDisk, file: Int, path: String, epoch: Int, isDirect: Bool) {
        self.isDirect = isDirect
        self.disk = disk
        self.file = file
        self.path = path
        self.epoch = epoch
    }

    func sizeBytes() throws(DiskError) -> UInt64 {
        try alive("stat") { state throws(DiskError) in
            try state.use(.stat, self.path)
            return UInt64(state.files[self.file]?.content.count ?? 0)
        }
    }

    func allocatedBytes() throws(DiskError) -> UInt64 {
        try alive("stat") { state throws(DiskError) in
            try state.use(.stat, self.path)
            return state.files[self.file]?.allocatedBytes ?? 0
        }
    }

    func write(_ buffers: [UnsafeRawBufferPointer], at offset: UInt64) throws(DiskError) {
        // Gathered first: pointers do not go into the lock.
        var gathered: [UInt8] = []
        gathered.reserveCapacity(buffers.reduce(0) { $0 + $1.count })
        for buffer in buffers { gathered += Array(buffer) }
        let bytes = gathered
        try alive("write") { state throws(DiskError) in
            let size = state.files[self.file]?.content.count ?? 0
            let added = UInt64(max(0, Int(offset) + bytes.count - size))
            do throws(DiskError) {
                try state.count(.write, self.path)
                try state.takeSpace(added, for: self.path)
                state.files[self.file]?.write(bytes[...], at: Int(offset))
            } catch {
                // Half of it came through before the disk refused.
                if !state.isPoweredOff {
                    state.files[self.file]?.write(bytes.prefix(bytes.count / 2), at: Int(offset))
                }
                throw error
            }
        }
    }

    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        let (count, isDirect) = (buffer.count, isDirect)
        if isDirect { requireAligned(buffer, offset) }
        let bytes = try alive("read") { state throws(DiskError) in
            try state.use(.read, self.path)
            try state.requireReadable(self.path, offset..<offset + UInt64(count))
            return state.files[self.file]?.read(
                count, at: Int(offset), pastMemory: isDirect) ?? []
        }
        buffer.copyBytes(from: bytes)
        return bytes.count
    }

    /// A real disk may refuse anything else (open(2), `O_DIRECT`).
    private func requireAligned(_ buffer: UnsafeMutableRawBufferPointer, _ offset: UInt64) {
        let unit = OpenMode.directAlignmentBytes
        precondition(
            offset.isMultiple(of: unit) && UInt64(buffer.count).isMultiple(of: unit)
                && UInt(bitPattern: buffer.baseAddress).isMultiple(of: UInt(unit)),
            "a direct read of \(buffer.count) bytes at \(offset) is not aligned")
    }

    func readResident(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int? {
        guard isResident(offset..<offset + UInt64(buffer.count)) else { return nil }
        return try read(into: buffer, at: offset)
    }

    func startWriteback(_ range: Range<UInt64>) {}

    func sync() throws(DiskError) {
        try alive("sync") { state throws(DiskError) in
            do throws(DiskError) {
                try state.count(.sync, self.path)
                state.files[self.file]?.sync()
            } catch {
                if !state.isPoweredOff { state.files[self.file]?.failSync() }
                throw error
            }
        }
    }

    func punch(_ range: Range<UInt64>) throws(DiskError) {
        try alive("punch") { state throws(DiskError) in
            try state.count(.punch, self.path)
            state.files[self.file]?.punch(Int(range.lowerBound)..<Int(range.upperBound))
        }
    }

    func isResident(_ range: Range<UInt64>) -> Bool {
        let range = Int(range.lowerBound)..<Int(range.upperBound)
        return disk.state.withLock { $0.files[file]?.isResident(range) ?? false }
    }

    /// The simulated disk never reads ahead.
    func expectRandomReads() {}

    func evict(_ range: Range<UInt64>) {
        let range = Int(range.lowerBound)..<Int(min(range.upperBound, UInt64(Int32.max)))
        disk.state.withLock { state in state.files[file]?.evict(range) }
    }

    /// The state, if the handle is alive.
    private func alive<Result: Sendable>(
        _ operation: String, _ body: (inout SimulatedDiskState) throws(DiskError) -> Result
    ) throws(DiskError) -> Result {
        try disk.change { state throws(DiskError) in
            guard state.epoch == self.epoch, !state.isPoweredOff else {
                throw DiskError(
                    code: SimulatedDisk.poweredOff, operation: operation, path: self.path)
            }
            return try body(&state)
        }
    }
}

final class SimulatedLock: DiskLock {
    private let disk: SimulatedDisk
    private let path: String
    private let epoch: Int

    init(disk: SimulatedDisk, path: String, epoch: Int) {
        self.disk = disk
        self.path = path
        self.epoch = epoch
    }

    deinit {
        disk.state.withLock { state in
            if state.epoch == epoch { state.locks.remove(path) }
        }
    }
}
