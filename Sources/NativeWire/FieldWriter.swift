// Writes the fields of a message (see `WireFormat.swift`). Fields are given in ascending order of tag.

package import NIOCore

package struct FieldWriter {
    package private(set) var bytes = ByteBuffer()
    private var lastTag: UInt8 = 0

    package init() {}

    package mutating func integer<Value: FixedWidthInteger>(_ tag: UInt8, _ value: Value) {
        begin(tag, sizeBytes: MemoryLayout<Value>.size)
        bytes.writeInteger(value, endianness: .little)
    }

    package mutating func bytes(_ tag: UInt8, _ value: [UInt8]) {
        begin(tag, sizeBytes: value.count)
        bytes.writeBytes(value)
    }

    package mutating func buffer(_ tag: UInt8, _ value: ByteBuffer) {
        begin(tag, sizeBytes: value.readableBytes)
        bytes.writeImmutableBuffer(value)
    }

    package mutating func text(_ tag: UInt8, _ value: String) {
        begin(tag, sizeBytes: value.utf8.count)
        bytes.writeString(value)
    }

    /// Leaves the field out where there is no value.
    package mutating func text(_ tag: UInt8, ifSet value: String?) {
        guard let value else { return }
        text(tag, value)
    }

    package mutating func message(_ tag: UInt8, _ write: (inout FieldWriter) -> Void) {
        var inner = FieldWriter()
        write(&inner)
        buffer(tag, inner.bytes)
    }

    private mutating func begin(_ tag: UInt8, sizeBytes: Int) {
        precondition(tag >= lastTag, "field \(tag) is written after field \(lastTag)")
        lastTag = tag
        bytes.writeInteger(tag)
        guard sizeBytes >= 255 else {
            bytes.writeInteger(UInt8(sizeBytes))
            return
        }
        bytes.writeInteger(UInt8(255))
        bytes.writeInteger(UInt32(sizeBytes), endianness: .little)
    }
}
