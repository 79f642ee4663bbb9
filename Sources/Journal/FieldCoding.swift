// Fields: how the body of a record is made of tagged values, and taken apart again. A field that equals
// its default is not written, so that later fields cost nothing where they are not used.

internal import Storage

/// Whether a reader that does not know a field may pass over it.
enum FieldWeight: UInt64 {
    case ignorable = 0
    case critical = 1
}

/// Builds the body of a record.
struct FieldWriter {
    private(set) var bytes: [UInt8] = []

    init(reserving capacity: Int = 256) { bytes.reserveCapacity(capacity) }

    mutating func field(
        _ tag: UInt64, _ value: some Collection<UInt8>, _ weight: FieldWeight = .critical
    ) {
        bytes.append(varint: tag << 1 | weight.rawValue)
        bytes.append(varint: UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    mutating func text(_ tag: UInt64, _ value: String?, _ weight: FieldWeight = .critical) {
        guard let value else { return }
        field(tag, value.utf8, weight)
    }

    /// A varint.
    mutating func number(_ tag: UInt64, _ value: UInt64, _ weight: FieldWeight = .critical) {
        bytes.append(varint: tag << 1 | weight.rawValue)
        bytes.append(varint: value.varintBytes)
        bytes.append(varint: value)
    }

    /// Two 64-bit values, as versions and positions are.
    mutating func pair(
        _ tag: UInt64, _ first: UInt64, _ second: UInt64, _ weight: FieldWeight = .critical
    ) {
        bytes.append(varint: tag << 1 | weight.rawValue)
        bytes.append(varint: 16)
        bytes.append(littleEndian: first)
        bytes.append(littleEndian: second)
    }

    mutating func version(_ tag: UInt64, _ version: Version) {
        pair(tag, version.stamp.rawValue, version.region.value)
    }

    mutating func blob(_ tag: UInt64, _ blob: BlobID) {
        bytes.append(varint: tag << 1 | FieldWeight.critical.rawValue)
        bytes.append(varint: UInt64(BlobID.byteCount))
        for word in [blob.word0, blob.word1, blob.word2, blob.word3] {
            bytes.append(littleEndian: word.byteSwapped)
        }
    }

    /// A field that is itself made of fields.
    mutating func group(
        _ tag: UInt64, _ weight: FieldWeight = .critical, _ build: (inout FieldWriter) -> Void
    ) {
        var inner = FieldWriter(reserving: 64)
        build(&inner)
        field(tag, inner.bytes, weight)
    }
}

/// What is wrong with a body; the reader of the file adds where.
enum FieldError: Error, Hashable {
    case malformed(String)
    case unknownCritical(String)
}

/// One field as it was found.
struct Field {
    let tag: UInt64
    let isCritical: Bool
    let bytes: ArraySlice<UInt8>
}

/// Takes the body of a record apart.
struct FieldReader {
    private var rest: ArraySlice<UInt8>
    private let owner: String

    /// `owner` names the record in errors.
    init(_ bytes: ArraySlice<UInt8>, of owner: String) {
        rest = bytes
        self.owner = owner
    }

    mutating func next() throws(FieldError) -> Field? {
        guard !rest.isEmpty else { return nil }
        let head = try varint()
        let length = try varint()
        guard length <= UInt64(rest.count) else { throw .malformed("\(owner): a field is cut off") }
        let bytes = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        return Field(tag: head >> 1, isCritical: head & 1 == 1, bytes: bytes)
    }

    /// For the `default` of a switch over tags.
    func passOver(_ field: Field) throws(FieldError) {
        guard !field.isCritical else { throw .unknownCritical("\(owner), field \(field.tag)") }
    }

    func missing(_ what: String) -> FieldError { .malformed("\(owner) has no \(what)") }

    private mutating func varint() throws(FieldError) -> UInt64 {
        guard let value = rest.takeVarint() else { throw .malformed("\(owner): a bad number") }
        return value
    }
}

extension Field {
    func text() -> String { String(decoding: bytes, as: UTF8.self) }

    func number() throws(FieldError) -> UInt64 {
        var rest = bytes
        guard let value = rest.takeVarint(), rest.isEmpty else {
            throw .malformed("field \(tag) is no number")
        }
        return value
    }

    func pair() throws(FieldError) -> (UInt64, UInt64) {
        guard bytes.count == 16 else { throw .malformed("field \(tag) is no pair") }
        let base = bytes.startIndex
        return (
            bytes.littleEndian(UInt64.self, at: base), bytes.littleEndian(UInt64.self, at: base + 8)
        )
    }

    func version() throws(FieldError) -> Version {
        let (stamp, region) = try pair()
        guard let region = RegionID(stored: region) else {
            throw .malformed("field \(tag) has a version of region zero")
        }
        return Version(stamp: HybridTimestamp(rawValue: stamp), region: region)
    }

    func position() throws(FieldError) -> FeedPosition {
        let (incarnation, number) = try pair()
        return FeedPosition(incarnation: incarnation, number: number)
    }

    func region() throws(FieldError) -> RegionID {
        guard let region = RegionID(stored: try number()) else {
            throw .malformed("field \(tag) is region zero")
        }
        return region
    }

    func blob() throws(FieldError) -> BlobID {
        guard let blob = BlobID(bytes: bytes) else {
            throw .malformed("field \(tag) is no SHA-256")
        }
        return blob
    }
}

extension ArraySlice<UInt8> {
    /// Takes a varint off the front; `nil` where there is none.
    mutating func takeVarint() -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while shift < 64, let byte = popFirst() {
            value |= UInt64(byte & 0x7f) << shift
            if byte & 0x80 == 0 { return value }
            shift += 7
        }
        return nil
    }
}
