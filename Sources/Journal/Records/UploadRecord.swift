// Upload sessions, their parts and their ends. Tags 12 to 17, 20 to 23 and 28 to 29 of a session are those of an
// object's record.

package import Storage

package enum UploadRecord {
    package static func encode(_ upload: Upload) -> [UInt8] {
        var writer = FieldWriter()
        writer.text(1, upload.id.text)
        writer.text(2, upload.name.bucket)
        writer.field(3, upload.name.key.bytes)
        writer.number(4, UInt64(bitPattern: upload.initiatedMilliseconds))
        if let algorithm = upload.checksumAlgorithm {
            writer.number(5, UInt64(algorithm.rawValue))
        }
        if let kind = upload.checksumKind { writer.number(6, UInt64(kind.rawValue)) }
        if upload.isSealed { writer.number(28, 1) }
        ContentFields.write(upload.headers, to: &writer)
        ContentFields.write(upload.userMetadata, upload.tags, to: &writer)
        ContentFields.write(upload.writer, to: &writer)
        return writer.bytes
    }

    package static func decode(encoded: ArraySlice<UInt8>) throws(RecordError) -> Upload {
        try RecordError.decoding { () throws(FieldError) in try decode(encoded) }
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> Upload {
        var reader = FieldReader(body, of: "upload record")
        var id: UploadID?
        var bucket: String?
        var key: ObjectKey?
        var initiated: Int64 = 0
        var algorithm: ChecksumAlgorithm?
        var kind: ObjectChecksum.Kind?
        var isSealed = false
        var fields = ContentFields()
        while let field = try reader.next() {
            switch field.tag {
            case 1: id = UploadID(field.text())
            case 2: bucket = field.text()
            case 3: key = ObjectKey(bytes: Array(field.bytes))
            case 4: initiated = Int64(bitPattern: try field.number())
            case 5: algorithm = ChecksumAlgorithm(rawValue: UInt8(clamping: try field.number()))
            case 6: kind = ObjectChecksum.Kind(rawValue: UInt8(clamping: try field.number()))
            case 28: isSealed = try field.number() != 0
            default:
                guard try fields.take(field) else {
                    try reader.passOver(field)
                    continue
                }
            }
        }
        guard let id, let bucket, let key else { throw reader.missing("id or name") }
        return Upload(
            id: id, name: ObjectName(bucket: bucket, key: key), initiatedMilliseconds: initiated,
            headers: fields.headers, userMetadata: fields.userMetadata, tags: fields.tags,
            checksumAlgorithm: algorithm, checksumKind: kind, isSealed: isSealed,
            writer: fields.writer)
    }
}

/// A part: like a blob, a reference to bytes; or a range of a blob that is here.
package struct PartRecord: Hashable, Sendable {
    package enum Source: Hashable, Sendable {
        case stored(StoredBytes)
        case copied(BlobID, offsetBytes: UInt64)
    }

    package var upload: UploadID
    package var part: UploadPart
    package var source: Source

    package init(upload: UploadID, part: UploadPart, source: Source) {
        self.upload = upload
        self.part = part
        self.source = source
    }

    package func encode() -> [UInt8] {
        var writer = FieldWriter()
        writer.text(1, upload.text)
        writer.number(2, UInt64(part.number))
        switch source {
        case .stored(let bytes): bytes.write(to: &writer)
        case .copied(let blob, let offset):
            writer.blob(8, blob)
            writer.number(9, offset)
        }
        writer.number(10, part.sizeBytes)
        writer.text(11, part.etag)
        writer.number(12, UInt64(bitPattern: part.lastModifiedMilliseconds))
        for (algorithm, value) in part.checksums.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            writer.field(13, [algorithm.rawValue] + value)
        }
        return writer.bytes
    }

    package init(encoded: ArraySlice<UInt8>) throws(RecordError) {
        self = try RecordError.decoding { () throws(FieldError) in try Self.decode(encoded) }
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> PartRecord {
        var reader = FieldReader(body, of: "part record")
        var upload: UploadID?
        var part = UploadPart(number: 0, sizeBytes: 0, etag: "", lastModifiedMilliseconds: 0)
        var stored: StoredBytes?
        var blob: BlobID?
        var offset: UInt64 = 0
        while let field = try reader.next() {
            switch field.tag {
            case 1: upload = UploadID(field.text())
            case 2: part.number = Int(clamping: try field.number())
            case 3...6: stored = try StoredBytes(field)
            case 8: blob = try field.blob()
            case 9: offset = try field.number()
            case 10: part.sizeBytes = try field.number()
            case 11: part.etag = field.text()
            case 12: part.lastModifiedMilliseconds = Int64(bitPattern: try field.number())
            case 13:
                guard let algorithm = field.bytes.first.flatMap(ChecksumAlgorithm.init) else {
                    throw .unknownCritical("checksum algorithm")
                }
                part.checksums[algorithm] = Array(field.bytes.dropFirst())
            default: try reader.passOver(field)
            }
        }
        guard let upload, part.number > 0 else { throw reader.missing("upload or number") }
        if let stored {
            return PartRecord(upload: upload, part: part, source: .stored(stored))
        }
        guard let blob else { throw reader.missing("bytes") }
        return PartRecord(upload: upload, part: part, source: .copied(blob, offsetBytes: offset))
    }
}

/// How an upload ended; kept for as long as completing it again is to answer the same.
package struct UploadEndedRecord: Hashable, Sendable {
    package enum Outcome: Hashable, Sendable {
        case aborted
        /// `list` names the parts that Complete named, by the SHA-256 of their list.
        case object(Version, list: BlobID)
        case blob(BlobID, list: BlobID)
    }

    package var upload: UploadID
    package var name: ObjectName
    package var outcome: Outcome
    package var endedMilliseconds: Int64

    package init(
        upload: UploadID, name: ObjectName, outcome: Outcome, endedMilliseconds: Int64
    ) {
        self.upload = upload
        self.name = name
        self.outcome = outcome
        self.endedMilliseconds = endedMilliseconds
    }

    package func encode() -> [UInt8] {
        var writer = FieldWriter()
        writer.text(1, upload.text)
        writer.text(2, name.bucket)
        writer.field(3, name.key.bytes)
        writer.number(4, UInt64(bitPattern: endedMilliseconds))
        switch outcome {
        case .aborted: break
        case .object(let version, let list):
            writer.version(5, version)
            writer.blob(6, list)
        case .blob(let blob, let list):
            writer.blob(7, blob)
            writer.blob(6, list)
        }
        return writer.bytes
    }

    package init(encoded: ArraySlice<UInt8>) throws(RecordError) {
        self = try RecordError.decoding { () throws(FieldError) in try Self.decode(encoded) }
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> UploadEndedRecord {
        var reader = FieldReader(body, of: "upload ended record")
        var upload: UploadID?
        var bucket: String?
        var key: ObjectKey?
        var ended: Int64 = 0
        var version: Version?
        var list: BlobID?
        var blob: BlobID?
        while let field = try reader.next() {
            switch field.tag {
            case 1: upload = UploadID(field.text())
            case 2: bucket = field.text()
            case 3: key = ObjectKey(bytes: Array(field.bytes))
            case 4: ended = Int64(bitPattern: try field.number())
            case 5: version = try field.version()
            case 6: list = try field.blob()
            case 7: blob = try field.blob()
            default: try reader.passOver(field)
            }
        }
        guard let upload, let bucket, let key else { throw reader.missing("id or name") }
        let outcome: Outcome =
            switch (version, blob, list) {
            case (let version?, _, let list?): .object(version, list: list)
            case (nil, let blob?, let list?): .blob(blob, list: list)
            default: .aborted
            }
        return UploadEndedRecord(
            upload: upload, name: ObjectName(bucket: bucket, key: key), outcome: outcome,
            endedMilliseconds: ended)
    }
}
