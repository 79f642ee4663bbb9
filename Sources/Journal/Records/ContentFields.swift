// The fields that objects and upload sessions have in common: tags 12 to 17, 20 to 23 and 29 of both.

internal import Storage

struct ContentFields {
    var headers = ContentHeaders()
    var userMetadata: [MetadataField] = []
    var tags: [MetadataField] = []
    var writer = Writer()

    static func write(_ headers: ContentHeaders, to writer: inout FieldWriter) {
        writer.text(12, headers.contentType)
        writer.text(13, headers.contentEncoding)
        writer.text(14, headers.contentLanguage)
        writer.text(15, headers.contentDisposition)
        writer.text(16, headers.cacheControl)
        writer.text(17, headers.expires)
        writer.text(29, headers.storageClass, .ignorable)
    }

    static func write(
        _ userMetadata: [MetadataField], _ tags: [MetadataField], to writer: inout FieldWriter
    ) {
        for field in userMetadata { writer.field(20, field.encoded) }
        for field in tags { writer.field(21, field.encoded) }
    }

    static func write(_ author: Writer, to writer: inout FieldWriter) {
        if !author.principal.isEmpty { writer.text(22, author.principal, .ignorable) }
        if !author.requestID.isEmpty { writer.text(23, author.requestID, .ignorable) }
    }

    /// Whether the tag is one of these.
    mutating func take(_ field: Field) throws(FieldError) -> Bool {
        switch field.tag {
        case 12: headers.contentType = field.text()
        case 13: headers.contentEncoding = field.text()
        case 14: headers.contentLanguage = field.text()
        case 15: headers.contentDisposition = field.text()
        case 16: headers.cacheControl = field.text()
        case 17: headers.expires = field.text()
        case 20: userMetadata.append(try MetadataField(field))
        case 21: tags.append(try MetadataField(field))
        case 22: writer.principal = field.text()
        case 23: writer.requestID = field.text()
        case 29: headers.storageClass = field.text()
        default: return false
        }
        return true
    }
}

extension MetadataField {
    /// The length of the name, the name, the value.
    var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(varint: UInt64(name.utf8.count))
        bytes += name.utf8
        bytes += value.utf8
        return bytes
    }

    init(_ field: Field) throws(FieldError) {
        var rest = field.bytes
        guard let length = rest.takeVarint(), length <= UInt64(rest.count) else {
            throw .malformed("field \(field.tag) is no name and value")
        }
        self.init(
            name: String(decoding: rest.prefix(Int(length)), as: UTF8.self),
            value: String(decoding: rest.dropFirst(Int(length)), as: UTF8.self))
    }
}
