// The header fields that describe an object in an answer.

internal import HTTPTypes
internal import Storage

extension HTTPFields {
    /// The fields of a GET or HEAD of `content`. `overrides` are the query's `response-…` parameters.
    init(_ content: ObjectContent, overrides: RequestQuery) throws(S3Error) {
        self.init()
        reserveCapacity(12)
        append(HTTPField(name: .eTag, value: ETags.quoted(content.etag)))
        append(HTTPField(name: .lastModified, value: content.lastModifiedText))
        append(HTTPField(name: .acceptRanges, value: "bytes"))
        let headers = content.headers
        append(
            HTTPField(name: .contentType, value: headers.contentType ?? "binary/octet-stream"))
        append(.contentEncoding, ifPresent: headers.contentEncoding)
        append(.contentLanguage, ifPresent: headers.contentLanguage)
        append(.contentDisposition, ifPresent: headers.contentDisposition)
        append(.cacheControl, ifPresent: headers.cacheControl)
        append(.expires, ifPresent: headers.expires)
        append(.storageClass, ifPresent: headers.storageClass)
        for field in content.userMetadata {
            guard let name = HTTPField.Name("x-amz-meta-" + field.name) else { continue }
            append(HTTPField(name: name, value: field.value))
        }
        if !content.tags.isEmpty {
            append(HTTPField(name: .taggingCount, value: String(content.tags.count)))
        }
        setSealed(content.isSealed)
        try apply(overrides)
    }

    /// The checksum and its type; nothing where there is none.
    mutating func set(_ checksum: ObjectChecksum?, parts: Int) {
        guard let checksum else { return }
        self[checksum.algorithm.headerName] = checksum.text(parts: parts)
        self[.checksumType] = checksum.kind.wireName
    }

    private mutating func append(_ name: HTTPField.Name, ifPresent value: String?) {
        if let value { append(HTTPField(name: name, value: value)) }
    }

    private mutating func apply(_ query: RequestQuery) throws(S3Error) {
        for item in query.items where item.name.utf8.starts(with: "response-".utf8) {
            guard let name = Self.overridable[item.name] else {
                throw .invalidArgument(
                    item.name, item.value, "This response header cannot be overridden.")
            }
            guard HTTPField.isValidValue(item.value) else {
                throw .invalidArgument(
                    item.name, item.value, "The value cannot stand in a header.")
            }
            self[name] = item.value
        }
    }

    private static let overridable: [String: HTTPField.Name] = [
        "response-cache-control": .cacheControl,
        "response-content-disposition": .contentDisposition,
        "response-content-encoding": .contentEncoding,
        "response-content-language": .contentLanguage,
        "response-content-type": .contentType,
        "response-expires": .expires,
    ]
}

extension ContentHeaders {
    /// The class that answers do not name, but lists do.
    static let standardClass = "STANDARD"

    /// The class of storage as a list shows it.
    var listedClass: String { storageClass ?? Self.standardClass }
}

extension ObjectContent {
    var lastModifiedText: String { CalendarDate(milliseconds: lastModifiedMilliseconds).http }
}
