// A file for responses to be sent from.

import Foundation
import HTTPServer
import NIOCore
import Testing

/// A file that is gone from its directory from the beginning.
final class ScratchFile: Sendable {
    let descriptor: CInt
    let sizeBytes: Int

    /// Sparse, with a number at every 4096 bytes.
    init(sizeBytes: Int) throws {
        let path = NSTemporaryDirectory() + "holdfast-http-\(UUID())"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        unlink(path)
        try #require(ftruncate(descriptor, off_t(sizeBytes)) == 0)
        for offset in stride(from: 0, to: sizeBytes - 8, by: 1 << 16) {
            withUnsafeBytes(of: UInt64(offset) &* 0x9e37_79b9_7f4a_7c15) {
                _ = pwrite(descriptor, $0.baseAddress, 8, off_t(offset))
            }
        }
        self.descriptor = descriptor
        self.sizeBytes = sizeBytes
    }

    deinit { close(descriptor) }

    func part(_ offset: Int, _ count: Int, lease: (any AnyObject & Sendable)? = nil) -> ResponsePart
    {
        .file(
            FileRegionPart(
                descriptor: descriptor, offsetBytes: Int64(offset), lengthBytes: count,
                lease: lease ?? self))
    }

    /// Whether these are the bytes at `offset`.
    func holds(_ bytes: ByteBuffer, at offset: Int) -> Bool {
        bytes.withUnsafeReadableBytes { bytes in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
            defer { copy.deallocate() }
            guard let base = bytes.baseAddress, let copyBase = copy.baseAddress,
                pread(descriptor, copyBase, bytes.count, off_t(offset)) == bytes.count
            else { return false }
            return memcmp(base, copyBase, bytes.count) == 0
        }
    }
}
