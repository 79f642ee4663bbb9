// Several buffers as one gathered write.

internal import NIOCore

extension [ByteBuffer] {
    /// The readable bytes of all of them, in place. The pointers are valid during `body` only.
    func withUnsafeBuffers<Result, Failure: Error>(
        _ body: ([UnsafeRawBufferPointer]) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // What NIO hands out here stays where it is for as long as the storage is referenced and nobody
        // writes; `self` references it, and a buffer that is written elsewhere is copied first.
        let pointers = map { buffer in
            buffer.withUnsafeReadableBytesWithStorageManagement { bytes, _ in bytes }
        }
        defer { withExtendedLifetime(self) {} }
        return try body(pointers)
    }
}
