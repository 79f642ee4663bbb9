// What a put recorded, as a message of the wire (tags: see `WireFormat.swift`).

internal import NIOCore
internal import Storage

extension FieldWriter {
    mutating func content(_ content: ObjectContent) {
        bytes(1, content.blob.bytes)
        integer(2, content.sizeBytes)
        integer(3, content.lastModifiedMilliseconds)
        text(4, content.etag)
        headers(content.headers)
        if let checksum = content.checksum {
            message(11) { fields in
                fields.integer(1, checksum.algorithm.rawValue)
                fields.integer(2, checksum.kind.rawValue)
                fields.bytes(3, checksum.bytes)
            }
        }
        if !content.partSizes.isEmpty { partSizes(content.partSizes) }
        for field in content.userMetadata { metadata(13, field) }
        for field in content.tags { metadata(14, field) }
        if !content.writer.principal.isEmpty { text(15, content.writer.principal) }
        if !content.writer.requestID.isEmpty { text(16, content.writer.requestID) }
        if let since = content.quarantinedMilliseconds { integer(17, since) }
        text(18, ifSet: content.headers.storageClass)
        if content.isSealed { integer(128, UInt8(1)) }
    }

    private mutating func headers(_ headers: ContentHeaders) {
        text(5, ifSet: headers.contentType)
        text(6, ifSet: headers.contentEncoding)
        text(7, ifSet: headers.contentLanguage)
        text(8, ifSet: headers.contentDisposition)
        text(9, ifSet: headers.cacheControl)
        text(10, ifSet: headers.expires)
    }

    private mutating func partSizes(_ sizes: [UInt64]) {
        var bytes = ByteBuffer()
        for size in sizes { bytes.writeInteger(size, endianness: .little) }
        buffer(12, bytes)
    }

    private mutating func metadata(_ tag: UInt8, _ field: MetadataField) {
        message(tag) { fields in
            fields.text(1, field.name)
            fields.text(2, field.value)
        }
    }
}

extension ObjectContent {
    /// Numbers that could not be true are refused here, once: nobody further in has to expect a date that no
    /// calendar has, or sizes whose sum is none.
    private static func check(sizeBytes: UInt64, partSizes: [UInt64]) throws(WireError) {
        guard sizeBytes <= WireLimits.blobBytes else {
            throw WireError(.invalidValue, "an object of \(sizeBytes) bytes")
        }
        var rest = sizeBytes
        for size in partSizes {
            guard size <= rest else {
                throw WireError(.invalidValue, "parts that are larger than the whole")
            }
            rest -= size
        }
        guard partSizes.isEmpty || rest == 0 else {
            throw WireError(.invalidValue, "parts that are smaller than the whole")
        }
    }

    init(message: ByteBuffer) throws(WireError) {
        var fields = FieldReader(message, repeated: [13, 14])
        var blob: BlobID?
        var sizeBytes: UInt64?
        var lastModified: Int64?
        var etag: String?
        var rest = ObjectContent.Rest()
        while let field = try fields.next() {
            switch field.tag {
            case 1: blob = try field.blob()
            case 2: sizeBytes = try field.integer()
            case 3: lastModified = try field.integer()
            case 4: etag = try field.text()
            default: try rest.take(field)
            }
        }
        let size = try required(sizeBytes, "the size of a put")
        let milliseconds = try required(lastModified, "the time of a put")
        try Self.check(sizeBytes: size, partSizes: rest.partSizes)
        for date in [milliseconds, rest.quarantined ?? 0] {
            guard WireLimits.dateMilliseconds.contains(date) else {
                throw WireError(.invalidValue, "a date beyond the years 0 to 9999")
            }
        }
        self.init(
            blob: try required(blob, "the blob of a put"), sizeBytes: size,
            lastModifiedMilliseconds: milliseconds,
            etag: try required(etag, "the etag of a put"), headers: rest.headers,
            checksum: rest.checksum, partSizes: rest.partSizes, userMetadata: rest.userMetadata,
            tags: rest.tags, isSealed: rest.isSealed, writer: rest.writer,
            quarantinedMilliseconds: rest.quarantined)
    }

    /// What may be absent.
    private struct Rest {
        var headers = ContentHeaders()
        var checksum: ObjectChecksum?
        var partSizes: [UInt64] = []
        var userMetadata: [MetadataField] = []
        var tags: [MetadataField] = []
        var writer = Writer()
        var quarantined: Int64?
        var isSealed = false

        mutating func take(_ field: Field) throws(WireError) {
            switch field.tag {
            case 5: headers.contentType = try field.text()
            case 6: headers.contentEncoding = try field.text()
            case 7: headers.contentLanguage = try field.text()
            case 8: headers.contentDisposition = try field.text()
            case 9: headers.cacheControl = try field.text()
            case 10: headers.expires = try field.text()
            case 18: headers.storageClass = try field.text()
            case 11: checksum = try field.checksum()
            case 12: partSizes = try field.partSizes()
            case 13: userMetadata.append(try field.metadata(after: userMetadata.count))
            case 14: tags.append(try field.metadata(after: tags.count))
            case 15: writer.principal = try field.text()
            case 16: writer.requestID = try field.text()
            case 17: quarantined = try field.integer()
            case 128: isSealed = try field.flag()
            default: try field.skip()
            }
        }
    }
}

extension Field {
    fileprivate func checksum() throws(WireError) -> ObjectChecksum {
        var fields = FieldReader(value)
        var algorithm: ChecksumAlgorithm?
        var kind: ObjectChecksum.Kind?
        var bytes: [UInt8]?
        while let field = try fields.next() {
            switch field.tag {
            case 1: algorithm = ChecksumAlgorithm(rawValue: try field.integer())
            case 2: kind = ObjectChecksum.Kind(rawValue: try field.integer())
            case 3: bytes = try field.bytes(limitBytes: 64)
            default: try field.skip()
            }
        }
        return ObjectChecksum(
            algorithm: try required(algorithm, "a known algorithm of a checksum"),
            kind: try required(kind, "a known kind of a checksum"),
            bytes: try required(bytes, "the value of a checksum"))
    }

    fileprivate func partSizes() throws(WireError) -> [UInt64] {
        var rest = try buffer(limitBytes: WireLimits.parts * 8)
        guard rest.readableBytes % 8 == 0 else { throw invalid("is no list of sizes") }
        var sizes: [UInt64] = []
        while let size = rest.readInteger(endianness: .little, as: UInt64.self) {
            sizes.append(size)
        }
        return sizes
    }

    fileprivate func metadata(after count: Int) throws(WireError) -> MetadataField {
        guard count < WireLimits.metadataFields else {
            throw WireError(.limitExceeded, "more than \(count) metadata fields")
        }
        var fields = FieldReader(value)
        var name: String?
        var text: String?
        while let field = try fields.next() {
            switch field.tag {
            case 1: name = try field.text()
            case 2: text = try field.text()
            default: try field.skip()
            }
        }
        return MetadataField(
            name: try required(name, "the name of a metadata field"),
            value: try required(text, "the value of a metadata field"))
    }
}
