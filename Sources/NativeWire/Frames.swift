// Frames: the checked stretches that a document consists of (see `WireFormat.swift`). The end frame says
// how many there were, so that a document that was cut at a frame's edge is not taken for a whole one.

internal import Checksums
package import NIOCore

/// Writes a document frame by frame.
package struct DocumentWriter: Sendable {
    package private(set) var bytes = ByteBuffer()
    private var count: UInt32 = 0

    package init() {}

    package mutating func frame(_ kind: FrameKind, _ write: (inout FieldWriter) -> Void) {
        var fields = FieldWriter()
        write(&fields)
        append(kind, fields.bytes)
        count += 1
    }

    /// The whole document. Nothing is written after it.
    package consuming func finish() -> ByteBuffer {
        var fields = FieldWriter()
        fields.integer(1, count)
        append(.end, fields.bytes)
        return bytes
    }

    private mutating func append(_ kind: FrameKind, _ fields: ByteBuffer) {
        let lengthBytes = fields.readableBytes + 1
        precondition(
            lengthBytes <= WireLimits.frameBytes,
            "a \(kind) of \(lengthBytes) bytes exceeds what a frame may hold")
        var check = CRC32C()
        check.update([kind.rawValue])
        check.update(fields)
        bytes.writeInteger(UInt32(lengthBytes), endianness: .little)
        bytes.writeInteger(check.value, endianness: .little)
        bytes.writeInteger(kind.rawValue)
        bytes.writeImmutableBuffer(fields)
    }
}

/// One frame whose checksum matched.
struct Frame {
    let kind: FrameKind
    let fields: ByteBuffer

    func expect(_ expected: FrameKind) throws(WireError) {
        guard kind == expected else {
            throw WireError(.unexpectedFrame, "a \(kind) stands where a \(expected) belongs")
        }
    }
}

/// Reads a document frame by frame.
struct DocumentReader {
    private var rest: ByteBuffer
    private var count: UInt32 = 0

    init(_ document: ByteBuffer) { rest = document }

    /// `nil` at the end, which is checked.
    mutating func next() throws(WireError) -> Frame? {
        let frame = try read()
        guard frame.kind == .end else {
            count += 1
            return frame
        }
        try checkEnd(frame)
        return nil
    }

    /// The next frame, which must be there.
    mutating func frame(_ kind: FrameKind) throws(WireError) -> Frame {
        guard let frame = try next() else {
            throw WireError(.missingField, "the document ends where a \(kind) belongs")
        }
        try frame.expect(kind)
        return frame
    }

    /// Nothing but the end frame is left.
    mutating func finish() throws(WireError) {
        if let frame = try next() {
            throw WireError(.unexpectedFrame, "a \(frame.kind) stands where the end belongs")
        }
    }

    private mutating func read() throws(WireError) -> Frame {
        guard let lengthBytes = rest.readInteger(endianness: .little, as: UInt32.self),
            let check = rest.readInteger(endianness: .little, as: UInt32.self)
        else { throw WireError(.truncated, "the document has no end") }
        guard (1...WireLimits.frameBytes).contains(Int(lengthBytes)) else {
            throw WireError(.limitExceeded, "a frame of \(lengthBytes) bytes")
        }
        guard var payload = rest.readSlice(length: Int(lengthBytes)) else {
            throw WireError(.truncated, "a frame ends before its \(lengthBytes) bytes")
        }
        guard CRC32C.checksum(payload) == check else {
            throw WireError(.checksumMismatch, "a frame does not match its checksum")
        }
        guard let code = payload.readInteger(as: UInt8.self), let kind = FrameKind(rawValue: code)
        else { throw WireError(.unexpectedFrame, "a frame of an unknown kind") }
        return Frame(kind: kind, fields: payload)
    }

    private func checkEnd(_ frame: Frame) throws(WireError) {
        var fields = FieldReader(frame.fields)
        var announced: UInt32?
        while let field = try fields.next() {
            switch field.tag {
            case 1: announced = try field.integer()
            default: try field.skip()
            }
        }
        guard announced == count else {
            throw WireError(.truncated, "frames of the document are missing")
        }
        guard rest.readableBytes == 0 else {
            throw WireError(.trailingBytes, "\(rest.readableBytes) bytes behind the end")
        }
    }
}
