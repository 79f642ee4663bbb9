// Bytes on their way, wherever they come from: another region, a client, memory.

package import NIOCore
internal import Synchronization

/// Bytes as they arrive. One reader; letting go of it ends the transfer. `next` is not called again after
/// `nil` or an error.
package protocol ByteSource: AnyObject, Sendable {
    /// `nil` when all that was asked for has arrived; throws when it was cut short.
    func next() async throws -> ByteBuffer?
}

/// Bytes that are in memory.
package final class BufferSource: ByteSource {
    private let rest: Mutex<ByteBuffer?>

    package init(_ bytes: ByteBuffer) { rest = Mutex(bytes.readableBytes > 0 ? bytes : nil) }

    package func next() async throws -> ByteBuffer? { rest.withLock { $0.take() } }
}
