// Who may come in: the signature is verified before anything else of a request is believed, and the
// operation is allowed before anything of it is done.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    /// The request as one of an authenticated principal, or of everyone. Does not read its body.
    func admit(_ request: ServerRequest) async throws -> S3Request {
        let signed = plain(request)
        let verified = try await verifier.verify(signed, nowMilliseconds: clock.milliseconds())
        let target = try target(of: request, signed)
        guard let verified else { return try await admitAnonymous(request, target) }
        return S3Request(
            server: request, target: target,
            fields: request.head.headerFields.hoisting(target.query), verified: verified,
            limits: configuration.limits, documents: documents)
    }

    /// What an unauthenticated request names.
    func target(_ request: ServerRequest) throws(S3Error) -> RequestTarget {
        try target(of: request, plain(request))
    }

    /// The bucket comes out of the very host that the signature covers.
    private func plain(_ request: ServerRequest) -> PlainRequest {
        var plain = PlainRequest(request)
        plain.hostBucket = RequestTarget.virtualHostBucket(
            host: plain.header("host"), domain: configuration.domain)
        return plain
    }

    private func target(
        of request: ServerRequest, _ signed: PlainRequest
    ) throws(S3Error) -> RequestTarget {
        try RequestTarget(
            request.head.path ?? "", virtualHostBucket: signed.hostBucket,
            limits: configuration.limits)
    }

    /// A request without a signature may do what the bucket's policy allows to everyone.
    private func admitAnonymous(
        _ request: ServerRequest, _ target: RequestTarget
    ) async throws -> S3Request {
        guard let bucket = target.bucket, BucketName.isValid(bucket),
            let policy = try await policies.value(of: bucket),
            try await publicAccess.value(of: bucket)?.restrictsPublicBuckets != true
        else { throw AccessError(.missingAuthentication, "the request is not signed") }
        // Who signs nothing must not choose how others' bytes are shown (GetObject, "Overriding response
        // header values").
        guard !target.query.items.contains(where: { $0.name.hasPrefix("response-") }) else {
            throw S3Error(
                .invalidRequest,
                "Request specific response headers cannot be used for anonymous GET requests.")
        }
        return S3Request(
            server: request, target: target, fields: request.head.headerFields,
            verified: .anonymous(policy), limits: configuration.limits, documents: documents)
    }
}

extension PlainRequest {
    fileprivate init(_ request: ServerRequest) {
        self.init(
            method: request.head.method.rawValue, target: request.head.path ?? "",
            authority: request.head.authority,
            headers: request.head.headerFields.map {
                PlainHeader($0.name.canonicalName, $0.value)
            })
    }
}

extension HTTPFields {
    /// With the `x-amz-` fields that a presigned URL carries in its query: they mean the same there. A
    /// field of the request itself goes first.
    fileprivate func hoisting(_ query: RequestQuery) -> HTTPFields {
        guard query.has("X-Amz-Signature") else { return self }
        var result = self
        for item in query.items {
            let canonical = item.name.lowercased()
            guard canonical.hasPrefix("x-amz-"), !Self.signing.contains(canonical),
                let name = HTTPField.Name(item.name), !contains(name)
            else { continue }
            result.append(HTTPField(name: name, value: item.value))
        }
        return result
    }

    /// What makes the signature itself.
    private static let signing: Set<String> = [
        "x-amz-algorithm", "x-amz-content-sha256", "x-amz-credential", "x-amz-date",
        "x-amz-expires", "x-amz-security-token", "x-amz-signature", "x-amz-signedheaders",
    ]
}

extension S3Operation {
    /// What a key must be allowed to do. Deleting many keys is asked of each key, and which buckets are listed
    /// of each bucket.
    var action: Action {
        switch self {
        case .listBuckets, .headBucket, .getBucketLocation, .deleteObjects: .find
        case .getBucketSetting, .listObjects, .listObjectsV2, .listObjectVersions,
            .listMultipartUploads:
            .list
        case .createBucket, .deleteBucket, .putBucketACL, .putBucketDocument,
            .deleteBucketDocument:
            .administer
        case .getObject, .headObject: .read
        case .getObjectACL, .getObjectTagging, .getObjectAttributes: .readAttributes
        case .putObject, .copyObject, .putObjectACL, .putObjectTagging, .deleteObjectTagging,
            .createMultipartUpload, .uploadPart,
            .uploadPartCopy, .listParts, .completeMultipartUpload, .abortMultipartUpload:
            .write
        case .deleteObject: .delete
        }
    }
}

extension S3Request {
    /// What the operation is done to: a key, or the prefix of what is listed.
    func subject(of operation: S3Operation) -> ObjectKey? {
        switch operation {
        case .listObjects, .listObjectsV2, .listObjectVersions, .listMultipartUploads:
            ObjectKey(query["prefix"] ?? "")
        default: target.key
        }
    }
}
