// What a connection has received and nobody has taken yet, read as one request at a time: a head, then
// its body, then the next head. It never looks beyond the message that is being taken, so bytes that a
// client pipelines stay bytes. A pure value: bytes in, messages out.

internal import DequeModule
internal import NIOCore

struct InboundMessages {
    private var buffers = Deque<ByteBuffer>()
    private(set) var bufferedBytes = 0
    private var headParser: RequestHeadParser
    private var bodyDecoder: RequestBodyDecoder
    private let limits: HTTPLimits

    init(limits: HTTPLimits) {
        self.limits = limits
        self.headParser = RequestHeadParser(limits: limits)
        self.bodyDecoder = RequestBodyDecoder(framing: .none, limits: limits)
    }

    /// Arrivals of a few bytes are put together: what is held is at most a small multiple of the bytes
    /// themselves, whatever buffers they came in.
    mutating func append(_ buffer: ByteBuffer) {
        let count = buffer.readableBytes
        guard count > 0 else { return }
        bufferedBytes += count
        if var last = buffers.last, last.readableBytes + count <= Self.joinedBytes {
            buffers.removeLast()
            last.writeImmutableBuffer(buffer)
            buffers.append(last)
        } else if count < buffer.capacity / 4, buffer.capacity > ReceiveBuffers.headBytes {
            var exact = ByteBufferAllocator().buffer(capacity: count)
            exact.writeImmutableBuffer(buffer)
            buffers.append(exact)
        } else {
            buffers.append(buffer)
        }
    }

    private static let joinedBytes = 16 << 10

    /// Whether the body of the current request has been taken to its end.
    var isBodyEnded: Bool { bodyDecoder.isEnded }

    /// What is left of the current body; `nil` where only its end will tell.
    var bodyRemainingBytes: UInt64? { bodyDecoder.remainingBytes }

    /// Whether a part of the next head has come.
    var isInsideHead: Bool { headParser.isInside(buffers.first ?? ByteBuffer()) }

    /// The next request's head, once it is whole. The body before it must have ended.
    mutating func nextHead(_ names: FieldNameCache) throws(RequestRefusal) -> RequestHead? {
        precondition(isBodyEnded, "the next head was asked for inside a body")
        while var buffer = takeFirst() {
            let head = try headParser.parse(&buffer, names: names)
            putBack(buffer)
            if let head {
                bodyDecoder = RequestBodyDecoder(framing: head.framing, limits: limits)
                return head
            }
            guard buffers.count > 1 || buffer.readableBytes == 0 else { return nil }
            if buffer.readableBytes > 0 { joinFirstTwo() }
        }
        return nil
    }

    /// The next stretch of the current request's body.
    mutating func nextBody() throws(RequestRefusal) -> RequestBodyDecoder.Step {
        while var buffer = takeFirst() {
            let step = try bodyDecoder.next(&buffer)
            putBack(buffer)
            guard case .needsMore = step else { return step }
            guard buffers.count > 1 || buffer.readableBytes == 0 else { return .needsMore }
            if buffer.readableBytes > 0 { joinFirstTwo() }
        }
        return isBodyEnded ? .end : .needsMore
    }

    /// Drops everything; nothing more will be taken.
    mutating func discardAll() {
        buffers = []
        bufferedBytes = 0
    }

    private mutating func takeFirst() -> ByteBuffer? {
        guard let buffer = buffers.popFirst() else { return nil }
        bufferedBytes -= buffer.readableBytes
        return buffer
    }

    private mutating func putBack(_ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0 else { return }
        bufferedBytes += buffer.readableBytes
        buffers.prepend(buffer)
    }

    /// A line that ends in the next buffer: puts the two together.
    private mutating func joinFirstTwo() {
        guard var first = buffers.popFirst(), var second = buffers.popFirst() else { return }
        first.writeBuffer(&second)
        buffers.prepend(first)
    }
}
