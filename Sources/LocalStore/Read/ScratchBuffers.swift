// Memory to read chunks into while they are checked, used over and over: fresh memory of this size costs
// as much as the check.

internal import ChunkFiles
internal import Synchronization

final class ScratchBuffers: Sendable {
    /// Owned by the list or by one borrower at a time.
    private struct Buffer: @unchecked Sendable {
        let memory: UnsafeMutableRawBufferPointer
    }

    private let idle = Mutex<[Buffer]>([])

    deinit {
        for buffer in idle.withLock({ $0 }) { buffer.memory.deallocate() }
    }

    /// Lends a buffer that is long enough for any record. There are as many as are lent at a time, which
    /// the threads of the pool bound.
    func withBuffer<Result, Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let buffer = idle.withLock { $0.popLast() } ?? Self.make()
        defer { idle.withLock { $0.append(buffer) } }
        return try body(buffer.memory)
    }

    private static func make() -> Buffer {
        let bytes = ChunkFormat.recordBytes(
            payloadBytes: ChunkFormat.payloadLimitBytes + ChunkFormat.sealTagBytes)
        return Buffer(memory: .allocate(byteCount: Int(bytes), alignment: 64))
    }
}
