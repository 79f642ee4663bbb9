// How bytes go out where they are encrypted: by copies, a piece at a time, so that what one connection holds
// of them is bounded, and the event loop is never busy with one for long.

internal import Glibc
internal import NIOCore

extension ConnectionHandler {
    /// Sends a region of a file, as fast as the client takes it. Its lease is held until all of it is encrypted.
    /// Throws `ClientGone`, or the `IOError` of a read.
    func writeCopies(of region: FileRegionPart) async throws {
        defer { withExtendedLifetime(region.lease) {} }
        var sent = 0
        while sent < region.lengthBytes {
            let count = min(region.lengthBytes - sent, shared.limits.encryptedBytes)
            try shared.cleartext.read(count, of: region, at: sent)
            write(shared.cleartext)
            sent += count
            // A client that takes bytes as fast as they are encrypted would otherwise keep its event loop to
            // itself.
            guard await roomForMore() else { throw ClientGone() }
            await Task.yield()
        }
    }

    /// TLS encrypts, in one buffer that it keeps, all that was written when it is flushed.
    func writeEncrypted(_ buffer: ByteBuffer) {
        var rest = buffer
        while rest.readableBytes > shared.limits.encryptedBytes,
            let piece = rest.readSlice(length: shared.limits.encryptedBytes)
        {
            context?.write(wrapOutboundOut(.byteBuffer(piece)), promise: nil)
            context?.flush()
        }
        context?.write(wrapOutboundOut(.byteBuffer(rest)), promise: nil)
    }
}

extension ByteBuffer {
    /// Replaces what is in the buffer by `count` bytes of the region, which are in memory.
    fileprivate mutating func read(
        _ count: Int, of region: FileRegionPart, at offset: Int
    ) throws {
        clear(minimumCapacity: count)
        var done = 0
        while done < count {
            let place = Int(region.offsetBytes) + offset + done
            var code: CInt = 0
            let got = writeWithUnsafeMutableBytes(minimumWritableBytes: count - done) { space in
                let result = pread(region.descriptor, space.baseAddress, count - done, off_t(place))
                if result < 0 { code = errno }
                return max(result, 0)
            }
            if code == EINTR { continue }
            // A region that ends before its length is as unreadable as one that fails.
            guard got > 0 else { throw IOError(errnoCode: code == 0 ? EIO : code, reason: "pread") }
            done += got
        }
    }
}
