// Finds the end of a request's body: by its length, or by the chunked coding (RFC 9112, section 7.1).
// Bytes are handed on as slices of what was received. Extensions and trailers are read and dropped, and are
// held to the same strictness as a head: whoever reads them more loosely could be made to see another
// request where this one ends.

internal import HTTPTypes
internal import NIOCore

struct RequestBodyDecoder {
    enum Step {
        case bytes(ByteBuffer)
        case end
        /// What is buffered does not suffice.
        case needsMore
    }

    private enum State {
        case payload(left: UInt64, isChunk: Bool)
        case chunkSize
        case chunkEnd
        case trailer(fieldsLeft: Int)
        case ended
    }

    private var state: State
    private let limits: HTTPLimits

    init(framing: RequestFraming, limits: HTTPLimits) {
        self.limits = limits
        self.state =
            switch framing {
            case .none: .ended
            case .length(let length): .payload(left: length, isChunk: false)
            case .chunked: .chunkSize
            }
    }

    var isEnded: Bool {
        if case .ended = state { true } else { false }
    }

    /// How many bytes are still to come; `nil` where only their end will tell.
    var remainingBytes: UInt64? {
        switch state {
        case .ended: 0
        case .payload(let left, isChunk: false): left
        default: nil
        }
    }

    /// Consumes framing and at most one stretch of payload.
    mutating func next(_ buffer: inout ByteBuffer) throws(RequestRefusal) -> Step {
        while true {
            switch state {
            case .ended:
                return .end
            case .payload(let left, let isChunk):
                let count = Int(min(left, UInt64(buffer.readableBytes)))
                guard count > 0, let bytes = buffer.readSlice(length: count) else {
                    return .needsMore
                }
                let rest = left - UInt64(count)
                state = rest > 0 ? .payload(left: rest, isChunk: isChunk) : Self.after(isChunk)
                return .bytes(bytes)
            case .chunkSize:
                guard let line = try readLine(&buffer) else { return .needsMore }
                let size = try Self.chunkSize(line)
                state =
                    size > 0
                    ? .payload(left: size, isChunk: true)
                    : .trailer(fieldsLeft: limits.fieldCount)
            case .chunkEnd:
                if let first = buffer.readableBytesView.first, first != UInt8(ascii: "\r") {
                    throw .malformed("a chunk is longer than its size")
                }
                guard let line = try readLine(&buffer) else { return .needsMore }
                guard line.readableBytes == 0 else {
                    throw .malformed("a chunk is longer than its size")
                }
                state = .chunkSize
            case .trailer(let fieldsLeft):
                guard let line = try readLine(&buffer) else { return .needsMore }
                guard fieldsLeft > 0 else { throw .tooManyFields }
                guard line.readableBytes > 0 else {
                    state = .ended
                    continue
                }
                guard Self.isFieldLine(line) else { throw .malformed("a trailer is malformed") }
                state = .trailer(fieldsLeft: fieldsLeft - 1)
            }
        }
    }

    private static func after(_ isChunk: Bool) -> State { isChunk ? .chunkEnd : .ended }

    /// A line without its CR LF. The search starts over with each arrival; the limit keeps it short.
    private func readLine(_ buffer: inout ByteBuffer) throws(RequestRefusal) -> ByteBuffer? {
        guard let length = try lineLength(in: buffer) else { return nil }
        let line = buffer.readSlice(length: length)
        buffer.moveReaderIndex(forwardBy: 2)
        return line
    }

    private func lineLength(in buffer: ByteBuffer) throws(RequestRefusal) -> Int? {
        let bytes = buffer.readableBytesUInt8Span
        var end = 0
        while end < bytes.count, bytes[end] != UInt8(ascii: "\n") { end += 1 }
        guard end <= limits.chunkLineBytes else {
            throw .malformed("a line of the chunked coding is too long")
        }
        guard end < bytes.count else { return nil }
        guard end > 0, bytes[end - 1] == UInt8(ascii: "\r") else {
            throw .malformed("a line does not end with CR LF")
        }
        for index in 0..<(end - 1) where Self.isControl(bytes[index]) {
            throw .malformed("a line of the chunked coding has a control character")
        }
        return end - 1
    }

    private static func isControl(_ byte: UInt8) -> Bool {
        byte < 0x20 && byte != UInt8(ascii: "\t") || byte == 0x7f
    }

    /// Hexadecimal digits, then perhaps white space and extensions behind a semicolon.
    private static func chunkSize(_ line: ByteBuffer) throws(RequestRefusal) -> UInt64 {
        var size: UInt64 = 0
        var digits = 0
        for byte in line.readableBytesView {
            guard let value = digit(byte) else { break }
            digits += 1
            guard digits <= 15 else { throw .malformed("a chunk's size is too large") }
            size = size << 4 | UInt64(value)
        }
        guard digits > 0 else { throw .malformed("a chunk has no size") }
        let rest = line.readableBytesView.dropFirst(digits)
        guard rest.isEmpty || rest.first(where: { !isBlank($0) }) == UInt8(ascii: ";") else {
            throw .malformed("a chunk's size is malformed")
        }
        return size
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }

    /// `name: value` (RFC 9112, section 5). Control characters were refused with the line.
    private static func isFieldLine(_ line: ByteBuffer) -> Bool {
        let bytes = line.readableBytesView
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
        let name = bytes[..<colon]
        return name.allSatisfy { $0 < 0x80 }
            && HTTPField.Name(String(decoding: name, as: UTF8.self)) != nil
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
    }
}
