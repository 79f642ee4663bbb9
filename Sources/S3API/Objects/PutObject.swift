// PutObject: refuse what can be refused before the body is read, stream the body into the store, commit
// the name.

internal import HTTPServer
internal import HTTPTypes
internal import RegistryLayout
internal import Storage

extension S3Handler {
    func putObject(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let announced = try BodyAnnouncement(request)
        let attributes = try ObjectAttributes(request.fields, limits: request.limits)
        let conditions = request.writeConditions
        try await refuseEarly(name, conditions, sizeBytes: announced.lengthBytes)
        let isSealed = try await seals(request)
        // The key of a registry's blob names the digest of its bytes.
        let staged = try await receive(
            request, announced, isBlob: true, isSealed: isSealed,
            digest: try await promised.digest(of: name))
        var content = try ObjectContent(
            staged, attributes, checksum: announced.checksum?.algorithm, writer: request.writer)
        content.isSealed = isSealed
        let object = try await objects.commit(.put(name, content, staged, conditions))
        var response = ServerResponse(status: .ok)
        response.fields[.versionID] = object?.givenID
        response.fields[.eTag] = ETags.quoted(content.etag)
        response.fields.set(content.checksum, parts: 0)
        response.fields.setSealed(isSealed)
        return response
    }

    /// Refuses a write that could not be committed now, so that its body stays unread; whether it can be
    /// committed then, the commit decides. Throws `NoSuchBucket`, `PreconditionFailed`, `NoSuchKey`,
    /// `QuotaExceeded`.
    func refuseEarly(
        _ name: ObjectName, _ conditions: Preconditions, sizeBytes: UInt64
    ) async throws {
        let present = try await objects.object(name)?.content
        let etag = present?.etag
        if let wanted = conditions.ifMatch, !wanted.matches(etag) {
            throw etag == nil ? S3Error.noSuchKey : S3Error.preconditionFailed("If-Match")
        }
        if let unwanted = conditions.ifNoneMatch, unwanted.matches(etag) {
            throw S3Error.preconditionFailed("If-None-Match")
        }
        guard let quota = try await settings.value(of: name.bucket)?.quota, quota != .none else {
            return
        }
        let usage = try await usage(name.bucket)
        try quota.check(
            usage, to: usage.replacing(present?.sizeBytes, by: sizeBytes), of: name.bucket)
    }
}

extension ObjectVersion {
    /// The id that a write gave; `nil` in a bucket without versioning.
    var givenID: String? { versionID == .unversioned ? nil : versionID.description }
}

extension S3Request {
    /// The conditions of a write, which the store decides together with it.
    var writeConditions: Preconditions {
        Preconditions(
            ifMatch: fields[.ifMatch].map(ETags.parse),
            ifNoneMatch: fields[.ifNoneMatch].map(ETags.parse))
    }
}

extension S3Error {
    static func preconditionFailed(_ condition: String) -> S3Error {
        S3Error(
            .preconditionFailed,
            "At least one of the pre-conditions you specified did not hold"
        ).with("Condition", condition)
    }

    static let contentSHA256Mismatch = S3Error(
        .contentSHA256Mismatch,
        "The provided 'x-amz-content-sha256' header does not match what was computed.")
}

extension ObjectContent {
    /// What a body that was staged with SHA-256 is as an object.
    fileprivate init(
        _ staged: StagedBlob, _ attributes: ObjectAttributes, checksum: ChecksumAlgorithm?,
        writer: Writer
    ) throws {
        guard let blob = staged.blob else {
            preconditionFailure("a body is staged with SHA-256")
        }
        let value = checksum.flatMap { algorithm in
            staged.checksums[algorithm].map {
                ObjectChecksum(algorithm: algorithm, kind: .fullObject, bytes: $0)
            }
        }
        self.init(
            blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0,
            etag: staged.md5.map(Hexadecimal.encode) ?? MultipartRules.etag(ofWhole: blob),
            headers: attributes.headers, checksum: value,
            userMetadata: attributes.userMetadata, tags: attributes.tags, writer: writer)
    }
}
