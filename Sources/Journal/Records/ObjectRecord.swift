// One version of an object as the journal and the index hold it. Next free tag: 30. Tag 24: quarantined
// since (milliseconds); tag 25: history, kept until (milliseconds); tag 26: recorded at (milliseconds); tag 27:
// what clients call it: the stamp of its id, nothing for `null` of a bucket whose versioning was suspended; without
// the field, `null` of a bucket without versioning; tag 28: its bytes are sealed wherever they are kept (1).

package import Storage

package enum ObjectRecord {
    private enum Kind: UInt64 {
        case put = 0
        case tombstone = 1
        case purge = 2
    }

    package static func encode(_ version: ObjectVersion) -> [UInt8] {
        var writer = FieldWriter(reserving: 384)
        writer.text(1, version.name.bucket)
        writer.field(2, version.name.key.bytes)
        writer.version(3, version.version)
        if let position = version.position {
            writer.pair(4, position.incarnation, position.number)
        }
        switch version.kind {
        case .put(let content):
            writer.number(5, Kind.put.rawValue)
            write(content, to: &writer)
        case .tombstone: writer.number(5, Kind.tombstone.rawValue)
        case .purge(let target):
            writer.number(5, Kind.purge.rawValue)
            writer.version(6, target)
        }
        writer.number(7, UInt64(version.state.rawValue))
        if let until = version.keptUntilMilliseconds {
            writer.number(25, UInt64(bitPattern: until))
        }
        if let recorded = version.recordedMilliseconds {
            writer.number(26, UInt64(bitPattern: recorded), .ignorable)
        }
        switch version.versionID {
        case .unversioned: break
        case .null: writer.field(27, [])
        case .stamp(let id): writer.version(27, id)
        }
        return writer.bytes
    }

    private static func write(_ content: ObjectContent, to writer: inout FieldWriter) {
        writer.blob(8, content.blob)
        writer.number(9, content.sizeBytes)
        writer.number(10, UInt64(bitPattern: content.lastModifiedMilliseconds))
        writer.text(11, content.etag)
        ContentFields.write(content.headers, to: &writer)
        if let checksum = content.checksum {
            let head = [checksum.algorithm.rawValue, checksum.kind.rawValue]
            writer.field(18, head + checksum.bytes)
        }
        if !content.partSizes.isEmpty {
            var packed: [UInt8] = []
            for size in content.partSizes { packed.append(varint: size) }
            writer.field(19, packed)
        }
        ContentFields.write(content.userMetadata, content.tags, to: &writer)
        ContentFields.write(content.writer, to: &writer)
        if let since = content.quarantinedMilliseconds {
            writer.number(24, UInt64(bitPattern: since), .ignorable)
        }
        // Who does not know it would keep the bytes in the clear.
        if content.isSealed { writer.number(28, 1) }
    }

    package static func decode(encoded: ArraySlice<UInt8>) throws(RecordError) -> ObjectVersion {
        try RecordError.decoding { () throws(FieldError) in try decode(encoded) }
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> ObjectVersion {
        var reader = FieldReader(body, of: "object record")
        var draft = Draft()
        while let field = try reader.next() {
            guard try draft.take(field) else {
                try reader.passOver(field)
                continue
            }
        }
        guard let bucket = draft.bucket, let key = draft.key, let version = draft.version,
            let kind = draft.kind, let state = draft.state
        else { throw reader.missing("name, version, kind or state") }
        return ObjectVersion(
            name: ObjectName(bucket: bucket, key: key), version: version, position: draft.position,
            kind: try draft.finished(kind, reader), state: state, versionID: draft.versionID,
            keptUntilMilliseconds: draft.keptUntil, recordedMilliseconds: draft.recorded)
    }

    /// What has been read of a record so far.
    private struct Draft {
        var bucket: String?
        var key: ObjectKey?
        var version: Version?
        var position: FeedPosition?
        var kind: Kind?
        var target: Version?
        var state: ObjectVersion.State?
        var blob: BlobID?
        var size: UInt64 = 0
        var lastModified: Int64 = 0
        var etag = ""
        var checksum: ObjectChecksum?
        var partSizes: [UInt64] = []
        var fields = ContentFields()
        var quarantined: Int64?
        var isSealed = false
        var keptUntil: Int64?
        var recorded: Int64?
        var versionID = VersionID.unversioned

        /// Whether the tag is known.
        mutating func take(_ field: Field) throws(FieldError) -> Bool {
            switch field.tag {
            case 1: bucket = field.text()
            case 2: key = ObjectKey(bytes: Array(field.bytes))
            case 3: version = try field.version()
            case 4: position = try field.position()
            case 5: kind = Kind(rawValue: try field.number())
            case 6: target = try field.version()
            case 7: state = ObjectVersion.State(rawValue: UInt8(clamping: try field.number()))
            case 8: blob = try field.blob()
            case 9: size = try field.number()
            case 10: lastModified = Int64(bitPattern: try field.number())
            case 11: etag = field.text()
            case 18: checksum = try ObjectChecksum(field)
            case 19:
                var rest = field.bytes
                while let size = rest.takeVarint() { partSizes.append(size) }
            case 24: quarantined = Int64(bitPattern: try field.number())
            case 25: keptUntil = Int64(bitPattern: try field.number())
            case 26: recorded = Int64(bitPattern: try field.number())
            case 27: versionID = field.bytes.isEmpty ? .null : .stamp(try field.version())
            case 28: isSealed = try field.number() != 0
            default: return try fields.take(field)
            }
            return true
        }

        func finished(
            _ kind: Kind, _ reader: FieldReader
        ) throws(FieldError) -> ObjectVersion.Kind {
            switch kind {
            case .tombstone: return .tombstone
            case .purge:
                guard let target else { throw reader.missing("purged version") }
                return .purge(target)
            case .put:
                guard let blob else { throw reader.missing("blob") }
                return .put(
                    ObjectContent(
                        blob: blob, sizeBytes: size, lastModifiedMilliseconds: lastModified,
                        etag: etag, headers: fields.headers, checksum: checksum,
                        partSizes: partSizes, userMetadata: fields.userMetadata, tags: fields.tags,
                        isSealed: isSealed, writer: fields.writer,
                        quarantinedMilliseconds: quarantined))
            }
        }
    }
}

extension ObjectChecksum {
    /// Algorithm, kind, value.
    init(_ field: Field) throws(FieldError) {
        let bytes = Array(field.bytes)
        guard bytes.count >= 2, let algorithm = ChecksumAlgorithm(rawValue: bytes[0]),
            let kind = Kind(rawValue: bytes[1])
        else { throw .unknownCritical("checksum algorithm or kind") }
        self.init(algorithm: algorithm, kind: kind, bytes: Array(bytes.dropFirst(2)))
    }
}
