// What a request names: a bucket and a key, by path (`/bucket/key`) or by host (`bucket.domain/key`), and
// the query. Keys are data: `..` and `//` are characters of a key like any others.

package import Storage

/// The query of a request, decoded, in its order.
package struct RequestQuery: Sendable {
    package struct Item: Sendable {
        let name: String
        let value: String
    }

    package let items: [Item]

    /// The value of the first parameter of this name, empty for one without “=”; `nil` where there is none.
    package subscript(name: String) -> String? {
        items.first { $0.name == name }?.value
    }

    func has(_ name: String) -> Bool { items.contains { $0.name == name } }
}

package struct RequestTarget: Sendable {
    /// `nil` for the service itself. Not yet checked to be a valid name.
    package let bucket: String?
    /// `nil` for a bucket; never empty.
    package let key: ObjectKey?
    package let query: RequestQuery

    /// The path as it came, for errors.
    package let resource: String

    /// Parses a raw request target. `virtualHostBucket` is the bucket that the host named, if any.
    package init(
        _ target: String, virtualHostBucket: String? = nil, limits: S3Limits
    ) throws(S3Error) {
        let bytes = target.utf8.span
        let pathStart = Self.pathStart(bytes)
        let pathEnd = Self.firstIndex(of: UInt8(ascii: "?"), in: bytes, from: pathStart)
        guard pathStart < pathEnd, bytes[pathStart] == UInt8(ascii: "/") else {
            throw Self.invalidURI
        }
        resource = Self.text(bytes.extracting(pathStart..<pathEnd))
        query = try Self.parseQuery(bytes, from: pathEnd + 1)
        if let virtualHostBucket {
            bucket = virtualHostBucket
            key = try Self.key(bytes.extracting(pathStart + 1..<pathEnd), limits: limits)
            return
        }
        let slash = Self.firstIndex(of: UInt8(ascii: "/"), in: bytes, from: pathStart + 1)
        let bucketEnd = min(slash, pathEnd)
        guard pathStart + 1 < pathEnd else {
            bucket = nil
            key = nil
            return
        }
        guard let name = PercentCoding.decode(bytes.extracting(pathStart + 1..<bucketEnd)) else {
            throw Self.invalidURI
        }
        bucket = String(decoding: name, as: UTF8.self)
        key =
            bucketEnd < pathEnd
            ? try Self.key(bytes.extracting(bucketEnd + 1..<pathEnd), limits: limits) : nil
    }

    /// The bucket in front of `domain` in a Host header; `nil` where the host is another.
    package static func virtualHostBucket(host: String?, domain: String?) -> String? {
        guard let domain, let host else { return nil }
        let name = host.prefix { $0 != ":" }.lowercased()
        guard name.hasSuffix("." + domain) else { return nil }
        let bucket = name.dropLast(domain.count + 1)
        return bucket.isEmpty ? nil : String(bucket)
    }

    static let invalidURI = S3Error(.invalidURI, "Couldn't parse the specified URI.")

    /// A key out of its percent-encoded form; `nil` where there is nothing.
    static func key(
        _ encoded: Span<UInt8>, plusIsSpace: Bool = false, limits: S3Limits
    ) throws(S3Error) -> ObjectKey? {
        guard !encoded.isEmpty else { return nil }
        guard let bytes = PercentCoding.decode(encoded, plusIsSpace: plusIsSpace), isUTF8(bytes)
        else { throw invalidURI }
        guard bytes.count <= limits.keyBytes else {
            throw S3Error(.keyTooLong, "Your key is too long.")
                .with("Size", String(bytes.count))
                .with("MaxSizeAllowed", String(limits.keyBytes))
        }
        return ObjectKey(bytes: bytes)
    }

    static func isUTF8(_ bytes: [UInt8]) -> Bool {
        bytes.allSatisfy { $0 < 0x80 } || String(validating: bytes, as: UTF8.self) != nil
    }

    /// Behind the authority of an absolute form (RFC 9112 section 3.2.2), which proxies send.
    private static func pathStart(_ bytes: Span<UInt8>) -> Int {
        guard !bytes.isEmpty, bytes[0] != UInt8(ascii: "/") else { return 0 }
        let colon = firstIndex(of: UInt8(ascii: ":"), in: bytes, from: 0)
        guard colon + 2 < bytes.count, bytes[colon + 1] == UInt8(ascii: "/"),
            bytes[colon + 2] == UInt8(ascii: "/")
        else { return 0 }
        return firstIndex(of: UInt8(ascii: "/"), in: bytes, from: colon + 3)
    }

    private static func parseQuery(
        _ bytes: Span<UInt8>, from start: Int
    ) throws(S3Error) -> RequestQuery {
        guard start < bytes.count else { return RequestQuery(items: []) }
        var items: [RequestQuery.Item] = []
        var index = start
        while index < bytes.count {
            let end = firstIndex(of: UInt8(ascii: "&"), in: bytes, from: index)
            let equals = min(firstIndex(of: UInt8(ascii: "="), in: bytes, from: index), end)
            if end > index {
                items.append(
                    RequestQuery.Item(
                        name: try decodeQuery(bytes.extracting(index..<equals)),
                        value: try decodeQuery(bytes.extracting(min(equals + 1, end)..<end))))
            }
            index = end + 1
        }
        return RequestQuery(items: items)
    }

    private static func decodeQuery(_ bytes: Span<UInt8>) throws(S3Error) -> String {
        guard let decoded = PercentCoding.decode(bytes, plusIsSpace: true),
            let text = String(validating: decoded, as: UTF8.self)
        else { throw invalidURI }
        return text
    }

    /// The index of the first such byte, or the end.
    private static func firstIndex(of byte: UInt8, in bytes: Span<UInt8>, from start: Int) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != byte { index += 1 }
        return min(index, bytes.count)
    }

    private static func text(_ bytes: Span<UInt8>) -> String {
        bytes.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    }
}
