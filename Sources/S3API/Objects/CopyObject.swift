// CopyObject: a new name for a blob that is here; no byte is read or written, but where what lies in the clear is to
// be sealed. Its ETag and checksum stay, and what was sealed stays sealed.

internal import Checksums
internal import HTTPServer
internal import HTTPTypes
internal import RegistryLayout
internal import Storage

extension S3Handler {
    func copyObject(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let directives = try CopyDirectives(request.fields)
        let source = try await copySource(request)
        let isSealed = try await seals(request) || source.content.isSealed
        guard
            directives.changesAnything || name != source.name || source.isOlderVersion
                || isSealed != source.content.isSealed
        else {
            throw S3Error(
                .invalidRequest,
                "This copy request is illegal because it is trying to copy an object to itself"
                    + " without changing the object's metadata, storage class, website redirect"
                    + " location or encryption attributes.")
        }
        var content = try await copied(source.content, directives, request)
        content.isSealed = isSealed
        if let digest = try await promised.digest(of: name) {
            try await requireDigest(digest, of: content)
        }
        let object = try await objects.commit(.link(name, content, request.writeConditions))
        let modified = object?.content?.lastModifiedMilliseconds ?? 0
        let document = XMLWriter.document("CopyObjectResult") {
            $0.element("LastModified", CalendarDate(milliseconds: modified).iso8601)
            $0.element("ETag", ETags.quoted(content.etag))
            if let checksum = content.checksum {
                $0.element(
                    checksum.algorithm.elementName,
                    checksum.text(parts: content.partSizes.count))
                $0.element("ChecksumType", checksum.kind.wireName)
            }
        }
        var response = ServerResponse.document(document)
        response.fields.setSealed(isSealed)
        response.fields[.versionID] = object?.givenID
        response.fields[.copySourceVersionID] = source.versionID
        return response
    }

    private func copied(
        _ source: ObjectContent, _ directives: CopyDirectives, _ request: S3Request
    ) async throws -> ObjectContent {
        var content = source
        content.lastModifiedMilliseconds = 0
        content.writer = request.writer
        let attributes = try ObjectAttributes(request.fields, limits: request.limits)
        if directives.replacesMetadata {
            content.headers = attributes.headers
            content.userMetadata = attributes.userMetadata
        }
        // A copy never inherits its class (CopyObject, x-amz-storage-class).
        content.headers.storageClass = attributes.headers.storageClass
        if directives.replacesTags { content.tags = attributes.tags }
        if let algorithm = directives.checksum,
            content.checksum?.algorithm != algorithm || content.checksum?.kind != .fullObject
        {
            let bytes = try await blobs.rehash(content, ChecksumHasher(algorithm.kind))
            content.checksum = ObjectChecksum(
                algorithm: algorithm, kind: .fullObject, bytes: bytes)
        }
        return content
    }

    /// Throws `BadDigest` unless the bytes have the digest that the destination's key names.
    private func requireDigest(_ digest: ContentDigest, of content: ObjectContent) async throws {
        guard try await blobs.has(digest, content) else {
            throw S3Error(.badDigest, "The bytes of the source do not have the digest \(digest).")
        }
    }
}

/// What a copy takes from its source, and what from its request.
private struct CopyDirectives {
    let replacesMetadata: Bool
    let replacesTags: Bool
    let checksum: ChecksumAlgorithm?
    let hasStorageClass: Bool

    var changesAnything: Bool {
        replacesMetadata || replacesTags || checksum != nil || hasStorageClass
    }

    init(_ fields: HTTPFields) throws(S3Error) {
        replacesMetadata = try Self.replaces(fields, .metadataDirective)
        replacesTags = try Self.replaces(fields, .taggingDirective)
        checksum = try fields[.checksumAlgorithm].map { text throws(S3Error) in
            try ChecksumAlgorithm(wireName: text)
        }
        hasStorageClass = fields.contains(.storageClass)
    }

    private static func replaces(
        _ fields: HTTPFields, _ name: HTTPField.Name
    ) throws(S3Error) -> Bool {
        switch fields[name] {
        case nil, "COPY": return false
        case "REPLACE": return true
        case let other?:
            throw .invalidArgument(name.canonicalName, other, "Unknown directive.")
        }
    }
}
