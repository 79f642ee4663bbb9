// What the headers of a write say about the object beside its bytes.

internal import HTTPTypes
internal import Storage

struct ObjectAttributes: Sendable, Hashable {
    var headers: ContentHeaders
    var userMetadata: [MetadataField]
    var tags: [MetadataField]

    init(_ fields: HTTPFields, limits: S3Limits) throws(S3Error) {
        headers = Self.contentHeaders(fields)
        userMetadata = try Self.userMetadata(fields, limits: limits)
        tags =
            try fields[.tagging].map { text throws(S3Error) in
                try Self.tags(text, limits: limits)
            } ?? []
    }

    private static func contentHeaders(_ fields: HTTPFields) -> ContentHeaders {
        ContentHeaders(
            contentType: said(fields[.contentType]),
            contentEncoding: fields[.contentEncoding].flatMap(withoutChunking),
            contentLanguage: said(fields[.contentLanguage]),
            contentDisposition: said(fields[.contentDisposition]),
            cacheControl: said(fields[.cacheControl]),
            expires: said(fields[.expires]),
            storageClass: said(fields[.storageClass], besides: ContentHeaders.standardClass))
    }

    /// Browsers send an empty type for a file that they do not know: nothing is said by it.
    private static func said(_ text: String?, besides standard: String = "") -> String? {
        text.flatMap { $0.isEmpty || $0 == standard ? nil : $0 }
    }

    /// `aws-chunked` is how the body travelled, not how the object is encoded.
    private static func withoutChunking(_ text: String) -> String? {
        guard text.contains("aws-chunked") else { return said(text) }
        let codings = text.split(separator: ",").map { $0.drop { $0 == " " } }
        let kept = codings.filter { !$0.hasPrefix("aws-chunked") && !$0.isEmpty }
        return kept.isEmpty ? nil : kept.joined(separator: ", ")
    }

    private static func userMetadata(
        _ fields: HTTPFields, limits: S3Limits
    ) throws(S3Error) -> [MetadataField] {
        var result: [MetadataField] = []
        var sizeBytes = 0
        for field in fields where field.name.canonicalName.utf8.starts(with: prefix.utf8) {
            let name = String(field.name.canonicalName.dropFirst(prefix.utf8.count))
            if let known = result.firstIndex(where: { $0.name == name }) {
                result[known].value += "," + field.value
            } else {
                result.append(MetadataField(name: name, value: field.value))
                sizeBytes += name.utf8.count
            }
            sizeBytes += field.value.utf8.count
        }
        guard sizeBytes <= limits.userMetadataBytes else {
            throw S3Error(
                .metadataTooLarge,
                "Your metadata headers exceed the maximum allowed metadata size.")
        }
        return result
    }

    /// Tags as a query string: `name=value&name=value`.
    static func tags(_ text: String, limits: S3Limits) throws(S3Error) -> [MetadataField] {
        var result: [MetadataField] = []
        for pair in text.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decode(halves[0]),
                let value = decode(halves.count > 1 ? halves[1] : "")
            else { throw S3Error(.invalidTag, "The tags you provided are not valid.") }
            result.append(MetadataField(name: name, value: value))
        }
        return try TagSet(result, most: limits.tags, limits: limits).tags
    }

    private static func decode(_ text: Substring) -> String? {
        PercentCoding.decode(String(text), plusIsSpace: true).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    private static let prefix = "x-amz-meta-"
}
