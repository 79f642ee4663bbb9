// GetObjectAttributes: what is known of an object beside its bytes, as far as it is asked for.

internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import Storage

extension S3Handler {
    func getObjectAttributes(_ request: S3Request) async throws -> ServerResponse {
        let found = try await find(request)
        let content = found.content
        let wanted = try WantedAttributes(request.fields[.objectAttributes])
        let parts = try PartsPage(request, content)
        let document = XMLWriter.document("GetObjectAttributesResponse") { writer in
            if wanted.contains(.eTag) { writer.element("ETag", content.etag) }
            if wanted.contains(.checksum) {
                writer.write(content.checksum, content.partSizes.count)
            }
            if wanted.contains(.objectParts) { parts?.write(to: &writer) }
            if wanted.contains(.storageClass) {
                writer.element("StorageClass", content.headers.listedClass)
            }
            if wanted.contains(.objectSize) { writer.element("ObjectSize", content.sizeBytes) }
        }
        var response = ServerResponse.document(document)
        response.fields[.lastModified] = content.lastModifiedText
        response.fields[.versionID] = found.id
        return response
    }
}

/// What `x-amz-object-attributes` names.
private struct WantedAttributes {
    enum Attribute: String, CaseIterable {
        case eTag = "ETag"
        case checksum = "Checksum"
        case objectParts = "ObjectParts"
        case storageClass = "StorageClass"
        case objectSize = "ObjectSize"
    }

    private var attributes: Set<Attribute> = []

    /// Throws where nothing is named, or what there is not.
    init(_ text: String?) throws(S3Error) {
        for name in (text ?? "").split(separator: ",") {
            let trimmed = String(name.drop { $0 == " " }.prefix { $0 != " " })
            guard let attribute = Attribute(rawValue: trimmed) else {
                throw .invalidArgument(
                    "x-amz-object-attributes", trimmed, "Invalid attribute name specified.")
            }
            attributes.insert(attribute)
        }
        guard !attributes.isEmpty else {
            throw S3Error(
                .invalidRequest,
                "The x-amz-object-attributes header specifying the attributes to be retrieved is "
                    + "either missing or empty")
        }
    }

    func contains(_ attribute: Attribute) -> Bool { attributes.contains(attribute) }
}

/// How many parts an object was uploaded in. The parts themselves are listed only with checksums of their own (Amazon
/// S3 API Reference, GetObjectAttributesParts), which are not kept.
private struct PartsPage {
    private let sizes: [UInt64]
    private let marker: Int
    private let limit: Int

    /// `nil` for an object that was not uploaded in parts.
    init?(_ request: S3Request, _ content: ObjectContent) throws(S3Error) {
        let most = request.limits.listEntries
        marker = try Self.number(request.fields, .partNumberMarker) ?? 0
        limit = min(try Self.number(request.fields, .maxParts) ?? most, most)
        sizes = content.partSizes
        if sizes.isEmpty { return nil }
    }

    private static func number(
        _ fields: HTTPFields, _ name: HTTPField.Name
    ) throws(S3Error) -> Int? {
        guard let text = fields[name] else { return nil }
        guard let value = Int32(text), value >= 0 else {
            throw .invalidArgument(
                name.canonicalName, text, "Argument must be an integer of at least 0.")
        }
        return Int(value)
    }

    func write(to writer: inout XMLWriter) {
        let last = min(marker + limit, sizes.count)
        writer.element("ObjectParts") { writer in
            writer.element("PartsCount", sizes.count)
            writer.element("PartNumberMarker", marker)
            writer.element("NextPartNumberMarker", last)
            writer.element("MaxParts", limit)
            writer.element("IsTruncated", last < sizes.count)
        }
    }
}

extension XMLWriter {
    fileprivate mutating func write(_ checksum: ObjectChecksum?, _ parts: Int) {
        guard let checksum else { return }
        element("Checksum") {
            $0.element(checksum.algorithm.elementName, checksum.text(parts: parts))
            $0.element("ChecksumType", checksum.kind.wireName)
        }
    }
}
