// How much memory a read from the socket is given. A connection that waits for a head keeps one small
// buffer; the body of a request is read into large ones that belong to whoever takes them, so that none of
// them stays with the connection when the body has ended.

internal import NIOCore

struct ReceiveBuffers: RecvByteBufferAllocator {
    /// Enough for the head of a signed request.
    static let headBytes = 2 << 10

    private let bytes: Int
    private let isKept: Bool

    /// For heads: one buffer, used again and again.
    static let heads = ReceiveBuffers(bytes: headBytes, isKept: true)

    /// For a body of which so many bytes are still to come (`nil`: unknown): a new buffer for each read.
    static func body(remainingBytes: UInt64?, limits: HTTPLimits) -> ReceiveBuffers {
        let bytes = remainingBytes.map { Int(min($0, UInt64(limits.receiveBytes))) }
        return ReceiveBuffers(bytes: max(bytes ?? limits.receiveBytes, headBytes), isKept: false)
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: bytes) }

    /// NIO keeps buffers only for those who tell a size.
    func nextBufferSize() -> Int? { isKept ? bytes : nil }

    /// NIO takes a new buffer where this one "may grow".
    mutating func record(actualReadBytes: Int) -> Bool { !isKept }
}
