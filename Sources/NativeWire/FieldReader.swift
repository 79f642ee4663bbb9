// Reads the fields of a message (see `WireFormat.swift`). Strict: whatever the grammar does not allow is
// an error, and no input traps.

internal import NIOCore
internal import Storage

/// One field: a tag and the bytes of its value.
struct Field {
    let tag: UInt8
    let value: ByteBuffer

    func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(WireError)
        -> Value
    {
        guard value.readableBytes == MemoryLayout<Value>.size,
            let number = value.getInteger(
                at: value.readerIndex, endianness: .little, as: Value.self)
        else { throw invalid("is no number of \(MemoryLayout<Value>.size) bytes") }
        return number
    }

    func text(limitBytes: Int = WireLimits.frameBytes) throws(WireError) -> String {
        try limit(limitBytes)
        guard let text = String(validating: value.readableBytesView, as: UTF8.self) else {
            throw invalid("is not UTF-8")
        }
        return text
    }

    func bytes(limitBytes: Int = WireLimits.frameBytes) throws(WireError) -> [UInt8] {
        try limit(limitBytes)
        return Array(value.readableBytesView)
    }

    func buffer(limitBytes: Int) throws(WireError) -> ByteBuffer {
        try limit(limitBytes)
        return value
    }

    func region() throws(WireError) -> RegionID {
        let number = try integer(UInt64.self)
        guard number != 0 else { throw invalid("is no region id") }
        return RegionID(number)
    }

    func blob() throws(WireError) -> BlobID {
        guard let blob = BlobID(bytes: Array(value.readableBytesView)) else {
            throw invalid("is no SHA-256")
        }
        return blob
    }

    /// A field that is there only to say yes.
    func flag() throws(WireError) -> Bool {
        guard try integer(UInt8.self) == 1 else { throw invalid("is no flag") }
        return true
    }

    func key() throws(WireError) -> ObjectKey {
        ObjectKey(bytes: try bytes(limitBytes: WireLimits.keyBytes))
    }

    func bucket() throws(WireError) -> String {
        let name = try text(limitBytes: WireLimits.nameBytes)
        guard name == BucketName.system || BucketName.isValid(name) else {
            throw invalid("is no bucket name")
        }
        return name
    }

    /// What to do with a tag that the reader does not know.
    func skip() throws(WireError) {
        guard tag < 128 else {
            throw WireError(.unknownField, "field \(tag) is unknown and must be understood")
        }
    }

    func invalid(_ what: String) -> WireError {
        WireError(.invalidValue, "the value of field \(tag) \(what)")
    }

    private func limit(_ limitBytes: Int) throws(WireError) {
        guard value.readableBytes <= limitBytes else {
            throw WireError(
                .limitExceeded,
                "field \(tag) has \(value.readableBytes) bytes, of \(limitBytes) allowed")
        }
    }
}

/// Iterates over the fields of a message.
struct FieldReader {
    private var rest: ByteBuffer
    private let repeated: [UInt8]
    private var lastTag: UInt8?

    /// `repeated`: the tags that may come more than once.
    init(_ message: ByteBuffer, repeated: [UInt8] = []) {
        rest = message
        self.repeated = repeated
    }

    mutating func next() throws(WireError) -> Field? {
        guard let tag = rest.readInteger(as: UInt8.self) else { return nil }
        if let lastTag {
            guard tag > lastTag || (tag == lastTag && repeated.contains(tag)) else {
                throw WireError(.disorderedField, "field \(tag) comes after field \(lastTag)")
            }
        }
        lastTag = tag
        let sizeBytes = try size(of: tag)
        guard let value = rest.readSlice(length: sizeBytes) else {
            throw WireError(.truncated, "field \(tag) ends before its \(sizeBytes) bytes")
        }
        return Field(tag: tag, value: value)
    }

    private mutating func size(of tag: UInt8) throws(WireError) -> Int {
        guard let short = rest.readInteger(as: UInt8.self) else {
            throw WireError(.truncated, "field \(tag) has no size")
        }
        guard short == 255 else { return Int(short) }
        guard let long = rest.readInteger(endianness: .little, as: UInt32.self) else {
            throw WireError(.truncated, "field \(tag) has no size")
        }
        guard long >= 255 else {
            throw WireError(.invalidValue, "the size of field \(tag) is not in its short form")
        }
        return Int(long)
    }
}

/// The value of a field that must be there.
func required<Value>(_ value: Value?, _ name: String) throws(WireError) -> Value {
    guard let value else { throw WireError(.missingField, "\(name) is missing") }
    return value
}
