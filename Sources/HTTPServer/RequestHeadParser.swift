// Reads the head of an HTTP/1 request line by line, straight into the values that handlers see.
//
// Strict where leniency has been used to smuggle requests (RFC 9112, sections 2.2, 5 and 6): lines end
// with CR LF and nothing else, no white space before a colon, no folded lines, no control characters,
// one Content-Length of digits, never beside a Transfer-Encoding, `chunked` the only coding, one Host.
//
// It takes one head and leaves what follows as bytes, so that a client that pipelines a thousand
// requests makes the server hold bytes, not a thousand requests; and every limit has its own answer.
// A test compares its verdicts with those of llhttp (NIOHTTP1).

internal import HTTPTypes
internal import NIOCore

struct RequestHeadParser {
    private let limits: HTTPLimits
    private var builder: RequestHeadBuilder?
    /// How far behind the reader index there is no line feed.
    private var searchedBytes = 0
    /// Bytes of this head's lines that were consumed.
    private var consumedBytes = 0

    init(limits: HTTPLimits) { self.limits = limits }

    /// Whether a part of a head has been seen that is not yet whole.
    func isInside(_ buffer: ByteBuffer) -> Bool { builder != nil || buffer.readableBytes > 0 }

    /// Consumes lines up to the end of the head; `nil` where more bytes are needed.
    mutating func parse(
        _ buffer: inout ByteBuffer, names: FieldNameCache
    ) throws(RequestRefusal) -> RequestHead? {
        while let lineBytes = try lineLength(in: buffer) {
            let start = buffer.readerIndex
            if builder != nil {
                if lineBytes == 0 {
                    buffer.moveReaderIndex(forwardBy: 2)
                    return try finish()
                }
                try builder?.addField(buffer, at: start, count: lineBytes, names: names)
            } else if lineBytes > 0 {
                builder = try RequestHeadBuilder(
                    requestLine: buffer, at: start, count: lineBytes, limits: limits)
            }
            consumedBytes += lineBytes + 2
            buffer.moveReaderIndex(forwardBy: lineBytes + 2)
        }
        return nil
    }

    private mutating func finish() throws(RequestRefusal) -> RequestHead? {
        let head = try builder?.finish()
        builder = nil
        consumedBytes = 0
        return head
    }

    /// The length of the next line without its CR LF; `nil` where its end has not arrived.
    private mutating func lineLength(in buffer: ByteBuffer) throws(RequestRefusal) -> Int? {
        let bytes = buffer.readableBytesUInt8Span
        var index = searchedBytes
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n") { index += 1 }
        try checkLimits(lineBytes: index)
        guard index < bytes.count else {
            searchedBytes = index
            return nil
        }
        searchedBytes = 0
        guard index > 0, bytes[index - 1] == UInt8(ascii: "\r") else {
            throw .malformed("a line does not end with CR LF")
        }
        return index - 1
    }

    private func checkLimits(lineBytes: Int) throws(RequestRefusal) {
        if builder == nil, lineBytes > limits.requestLineBytes { throw .requestLineTooLong }
        if consumedBytes + lineBytes > limits.headBytes { throw .headTooLarge }
    }
}
