// One chunk file being written. Appending hands out places one after the other; the writes themselves go
// to their places from whatever thread, so that no lock is held while the disk works.
//
// Invariants:
//  - A place is handed out once. A write that fails leaves a gap, which a scan steps over; nothing is
//    ever truncated or written twice.
//  - After a failed write (unless the disk was merely full) or a failed sync the file takes no more
//    chunks, and after a failed sync it never again says that it is durable: what a page cache shows of
//    it proves nothing.
//  - The file's header and its name are durable before the first chunk is taken.

internal import Checksums
package import DiskIO
internal import Synchronization

package final class ChunkWriter: Sendable {
    private struct State: Sendable {
        var endBytes = UInt64(ChunkFormat.headerBytes)
        /// Up to here the kernel was asked to write back.
        var writebackBytes: UInt64 = 0
        var isSealed = false
        var syncFailure: DiskError?
    }

    package let file: UInt64
    private let hold: ChunkHold
    private let handle: any DiskFile
    private let limits: ChunkLimits
    private let state = Mutex(State())

    /// Creates the file that is held in `directory`.
    package init(
        disk: some Disk, directory: String, storeID: UInt64, hold: ChunkHold, limits: ChunkLimits
    ) throws(DiskError) {
        let file = hold.file
        self.file = file
        self.hold = hold
        self.limits = limits
        let path = directory + "/" + ChunkFormat.name(of: file)
        handle = try disk.open(path, .create)
        do throws(DiskError) {
            try handle.write(ChunkFileHeader(storeID: storeID, file: file).bytes, at: 0)
            try handle.sync()
            try disk.syncDirectory(directory)
        } catch {
            // Nothing refers to it; left behind where the disk refuses that too, it holds no record.
            try? disk.remove(path)
            throw error
        }
    }

    /// Appends a chunk, without copying its payload. `nil` where the file is full or takes no more:
    /// another file is needed.
    package func append(
        _ payload: [UnsafeRawBufferPointer], crc32c: UInt32, seal: ChunkSeal? = nil
    ) throws(DiskError) -> ChunkReference? {
        let length = payload.reduce(0) { $0 + $1.count }
        let limit = ChunkFormat.payloadLimitBytes + ChunkFormat.sealTagBytes
        precondition((1...limit).contains(length), "a chunk has 1 byte to 1 MiB, not \(length)")
        guard let offset = reserve(ChunkFormat.recordBytes(payloadBytes: length)) else {
            return nil
        }
        let place = ChunkPlace(file: file, offsetBytes: offset)
        let header = ChunkHeader(payloadBytes: UInt32(length), crc32c: crc32c, seal: seal)
            .bytes(at: place)
        do throws(DiskError) {
            try handle.write(header, payload, at: offset)
        } catch {
            if !error.isFull { state.withLock { $0.isSealed = true } }
            throw error
        }
        startWriteback()
        return ChunkReference(
            id: ChunkID(file: file, offsetBytes: offset), lengthBytes: UInt32(length),
            crc32c: crc32c, isSealed: seal != nil)
    }

    /// Makes every chunk that `append` has returned durable. Once it has failed it always fails. One
    /// call at a time: the kernel reports a failure to one of two that overlap.
    package func sync() throws(DiskError) {
        if let failure = state.withLock({ $0.syncFailure }) { throw failure }
        do throws(DiskError) {
            try handle.sync()
        } catch {
            state.withLock { state in
                state.isSealed = true
                state.syncFailure = error
            }
            throw error
        }
    }

    /// Takes no more chunks.
    package func seal() { state.withLock { $0.isSealed = true } }

    package var isSealed: Bool { state.withLock { $0.isSealed } }

    package var sizeBytes: UInt64 { state.withLock { $0.endBytes } }

    private func reserve(_ bytes: UInt64) -> UInt64? {
        state.withLock { state in
            guard !state.isSealed else { return nil }
            let offset = state.endBytes
            state.endBytes += bytes
            if state.endBytes >= limits.fileBytes { state.isSealed = true }
            return offset
        }
    }

    /// Has the disk work while the body still arrives, so that the sync at its end is short.
    private func startWriteback() {
        let range: Range<UInt64>? = state.withLock { state in
            guard state.endBytes - state.writebackBytes >= limits.writebackBytes else {
                return nil
            }
            defer { state.writebackBytes = state.endBytes }
            return state.writebackBytes..<state.endBytes
        }
        if let range { handle.startWriteback(range) }
    }
}
