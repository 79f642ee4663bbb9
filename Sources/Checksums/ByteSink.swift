// The shapes in which bytes come, for everything that hashes them as they pass.

package import NIOCore

/// A reference that consumes bytes in order; the other shapes of bytes follow from the pointer's.
package protocol ByteSink: AnyObject {
    func update(_ bytes: UnsafeRawBufferPointer)
}

extension ByteSink {
    package func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The readable bytes of a buffer, without copying them.
    package func update(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { update($0) }
    }

    package func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }
}
