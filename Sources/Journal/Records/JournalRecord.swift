// The records of the journal: what each says, and which number names its type. Types and tags are
// stored: never renumber one, never use one again. The next free type is 15.

package import Storage

/// One record.
package enum JournalRecord: Hashable, Sendable {
    case blob(BlobRecord)
    case blobState(BlobStateRecord)
    case chunkMoved(ChunkMovedRecord)
    /// A chunk file that is about to be unlinked.
    case fileRetired(UInt64)
    case object(ObjectVersion)
    case upload(Upload)
    case part(PartRecord)
    case uploadEnded(UploadEndedRecord)
    case incarnation(IncarnationRecord)
    case cursor(CursorRecord)
    case receipt(ReceiptRecord)
    case register(RegisterRecord)
    case watermark(WatermarkRecord)
    /// A version that was history is not kept any more.
    case versionExpired(VersionReference)
}

extension JournalRecord {
    /// Appends the record as a batch holds it: type, length, fields.
    package func append(to bytes: inout [UInt8]) {
        let (type, body) = typeAndBody
        // Every type so far changes what a reader would show, so every one is critical.
        bytes.append(varint: type << 1 | 1)
        bytes.append(varint: UInt64(body.count))
        bytes += body
    }

    private var typeAndBody: (UInt64, [UInt8]) {
        switch self {
        case .blob(let record): (1, record.encode())
        case .blobState(let record): (2, record.encode())
        case .chunkMoved(let record): (3, record.encode())
        case .fileRetired(let file): (4, FileRetired.encode(file))
        case .object(let version): (5, ObjectRecord.encode(version))
        case .upload(let upload): (6, UploadRecord.encode(upload))
        case .part(let record): (7, record.encode())
        case .uploadEnded(let record): (8, record.encode())
        case .incarnation(let record): (9, record.encode())
        case .cursor(let record): (10, record.encode())
        case .receipt(let record): (11, record.encode())
        case .register(let record): (12, record.encode())
        case .watermark(let record): (13, record.encode())
        case .versionExpired(let reference): (14, ExpiredVersion.encode(reference))
        }
    }

    /// Takes one record off the front of a batch's body; `nil` for one that may be passed over.
    static func take(from rest: inout ArraySlice<UInt8>) throws(FieldError) -> JournalRecord? {
        guard let head = rest.takeVarint(), let length = rest.takeVarint(),
            length <= UInt64(rest.count)
        else { throw .malformed("a record is cut off") }
        let body = rest.prefix(Int(length))
        rest = rest.dropFirst(Int(length))
        if let record = try decode(type: head >> 1, body) { return record }
        guard head & 1 == 0 else { throw .unknownCritical("record type \(head >> 1)") }
        return nil
    }

    private static func decode(
        type: UInt64, _ body: ArraySlice<UInt8>
    ) throws(FieldError) -> JournalRecord? {
        switch type {
        case 1: .blob(try BlobRecord.decode(body))
        case 2: .blobState(try BlobStateRecord.decode(body))
        case 3: .chunkMoved(try ChunkMovedRecord.decode(body))
        case 4: .fileRetired(try FileRetired.decode(body))
        case 5: .object(try ObjectRecord.decode(body))
        case 6: .upload(try UploadRecord.decode(body))
        case 7: .part(try PartRecord.decode(body))
        case 8: .uploadEnded(try UploadEndedRecord.decode(body))
        case 9: .incarnation(try IncarnationRecord.decode(body))
        case 10: .cursor(try CursorRecord.decode(body))
        case 11: .receipt(try ReceiptRecord.decode(body))
        case 12: .register(try RegisterRecord.decode(body))
        case 13: .watermark(try WatermarkRecord.decode(body))
        case 14: .versionExpired(try ExpiredVersion.decode(body))
        default: nil
        }
    }
}

/// Why a body that an index or a journal holds cannot be understood.
package struct RecordError: Error, Sendable, Hashable, CustomStringConvertible {
    package let description: String

    init(_ error: FieldError) {
        description =
            switch error {
            case .malformed(let what): what
            case .unknownCritical(let what): "unknown and critical: " + what
            }
    }

    /// Runs a decoder and gives its error this type.
    static func decoding<Value>(
        _ decode: () throws(FieldError) -> Value
    ) throws(RecordError) -> Value {
        do { return try decode() } catch { throw RecordError(error) }
    }
}
