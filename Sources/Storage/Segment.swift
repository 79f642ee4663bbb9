// What a read yields: bytes, or a lease on a region of a file that `sendfile` may send.

package import NIOCore

/// A region of a file whose bytes were verified and are resident. The bytes may be sent for as long as
/// `lease` is referenced; letting go of it unpins them.
package struct FileSegment: Sendable {
    package let descriptor: CInt
    package let offsetBytes: Int64
    package let lengthBytes: Int
    package let lease: any AnyObject & Sendable

    package init(
        descriptor: CInt, offsetBytes: Int64, lengthBytes: Int, lease: any AnyObject & Sendable
    ) {
        self.descriptor = descriptor
        self.offsetBytes = offsetBytes
        self.lengthBytes = lengthBytes
        self.lease = lease
    }
}

/// The next stretch of a body.
package enum Segment: Sendable {
    case bytes(ByteBuffer)
    case file(FileSegment)
}

/// A body being read, in order. One reader; `next` is not called again after `nil` or an error.
package protocol SegmentSource: AnyObject, Sendable {
    /// The next verified stretch; `nil` at the end. Throws `StorageError.damaged` before a byte that
    /// fails its checksum would be handed out.
    func next() async throws -> Segment?
}
