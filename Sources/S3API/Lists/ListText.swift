// What the lists have in common: how keys are shown, and the parameters that every list takes.

internal import Storage

struct ListText: Sendable {
    let isURLEncoded: Bool
    let prefix: ObjectKey
    /// `nil` where it is missing or empty: both mean none.
    let delimiter: [UInt8]?

    /// Throws for an encoding that is not `url`.
    init(_ query: RequestQuery) throws(S3Error) {
        switch query["encoding-type"] {
        case nil, "": isURLEncoded = false
        case "url": isURLEncoded = true
        case let other?:
            throw .invalidArgument("encoding-type", other, "Invalid Encoding Method specified")
        }
        prefix = ObjectKey(query["prefix"] ?? "")
        delimiter = query["delimiter"].flatMap { $0.isEmpty ? nil : Array($0.utf8) }
    }

    func show(_ key: ObjectKey) -> String { show(key.bytes) }

    func show(_ bytes: [UInt8]) -> String {
        isURLEncoded ? PercentCoding.encode(bytes) : String(decoding: bytes, as: UTF8.self)
    }

    func show(_ text: String) -> String { isURLEncoded ? show(Array(text.utf8)) : text }

    /// `Prefix`, `Delimiter` and `EncodingType`, which every list repeats.
    func write(to writer: inout XMLWriter) {
        writer.element("Prefix", show(prefix))
        if let delimiter { writer.element("Delimiter", show(delimiter)) }
        if isURLEncoded { writer.element("EncodingType", "url") }
    }

    func write(commonPrefix: ObjectKey, to writer: inout XMLWriter) {
        writer.element("CommonPrefixes") { $0.element("Prefix", show(commonPrefix)) }
    }
}

extension XMLWriter {
    /// The elements that describe an object in a list.
    mutating func describe(
        _ content: ObjectContent, key: String, owner: Owner?, mark: VersionMark? = nil
    ) {
        element("Key", key)
        mark?.write(to: &self)
        element(
            "LastModified", CalendarDate(milliseconds: content.lastModifiedMilliseconds).iso8601)
        element("ETag", ETags.quoted(content.etag))
        if let checksum = content.checksum {
            element("ChecksumAlgorithm", checksum.algorithm.wireName)
            element("ChecksumType", checksum.kind.wireName)
        }
        element("Size", content.sizeBytes)
        if let owner { owner.write(to: &self) }
        element("StorageClass", content.headers.listedClass)
    }
}
