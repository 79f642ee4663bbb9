// The settings of a bucket that are documents of their own: put, shown, taken away. What is put is read
// strictly, so that nothing is kept that would not be heeded.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import Storage

extension S3Handler {
    func putBucketDocument(
        _ kind: BucketDocument, _ request: S3Request
    ) async throws -> ServerResponse {
        try await requireBucket(request)
        let checksum = try ChecksumAnnouncement(request.fields)
        let body = try await request.document(
            limitBytes: request.limits.documentBytes, checksum: checksum)
        let bucket = try request.bucket
        let document = try Self.checked(body, kind, bucket, request.limits)
        if kind == .policy { try await requireNoBlock(of: bucket) }
        try await buckets.set(kind, to: document, of: bucket)
        return ServerResponse(status: kind.putStatus, fields: kind.fields)
    }

    func deleteBucketDocument(
        _ kind: BucketDocument, _ request: S3Request
    ) async throws -> ServerResponse {
        try await buckets.set(kind, to: nil, of: request.bucket)
        return ServerResponse(status: .noContent)
    }

    /// The answer to the question for a setting that was made.
    func bucketDocument(
        _ setting: BucketSetting, _ request: S3Request
    ) async throws -> ServerResponse? {
        guard let kind = setting.document,
            let document = try await buckets.document(kind, of: request.bucket)
        else { return nil }
        switch setting {
        case .versioning:
            let versioning = BucketVersioning(document: document.readableBytesView)
            return .document(versioning.configuration)
        case .policyStatus:
            // Every policy that is taken speaks of everyone.
            return .document(
                XMLWriter.document("PolicyStatus") { $0.element("IsPublic", "true") })
        case .policy:
            return ServerResponse(
                status: .ok, fields: [.contentType: "application/json"], body: .bytes(document))
        default:
            var response = ServerResponse.document(document)
            response.fields.append(contentsOf: kind.fields)
            return response
        }
    }

    /// What is kept of a document that was put. Throws where it says what is not understood or not offered.
    private static func checked(
        _ body: ByteBuffer, _ kind: BucketDocument, _ bucket: String, _ limits: S3Limits
    ) throws(S3Error) -> ByteBuffer {
        switch kind {
        case .encryption: try EncryptionConfiguration(document: body, limits: limits).document
        case .cors: try CORSConfiguration(document: body, limits: limits).document
        case .lifecycle: try LifecycleConfiguration(document: body, limits: limits).document
        case .tagging:
            try TagSet(document: body, most: limits.bucketTags, limits: limits).document
        case .publicAccessBlock: try PublicAccessBlock(document: body, limits: limits).document
        case .policy: try checkedPolicy(body, bucket)
        case .versioning:
            ByteBuffer(string: try BucketVersioning(configuration: body, limits: limits).document)
        }
    }

    private static func checkedPolicy(
        _ body: ByteBuffer, _ bucket: String
    ) throws(S3Error) -> ByteBuffer {
        do throws(BucketPolicy.Refusal) {
            _ = try BucketPolicy(document: body.readableBytesView, bucket: bucket)
            return body
        } catch {
            switch error {
            case .malformed(let why): throw S3Error(.malformedPolicy, why)
            case .notOffered(let what): throw S3Error.notImplemented(what)
            }
        }
    }

    private func requireNoBlock(of bucket: String) async throws {
        guard try await publicAccess.value(of: bucket)?.blocksPublicPolicy == true else { return }
        throw AccessError(.notAllowed, "the bucket's public access block refuses a public policy")
    }
}

extension BucketSetting {
    /// The document that the setting is kept in; `nil` where no bucket can have it.
    var document: BucketDocument? {
        switch self {
        case .cors: .cors
        case .encryption: .encryption
        case .lifecycle: .lifecycle
        case .policy, .policyStatus: .policy
        case .publicAccessBlock: .publicAccessBlock
        case .tagging: .tagging
        case .versioning: .versioning
        case .accelerate, .acl, .logging, .notification, .objectLock,
            .ownershipControls, .replication, .requestPayment, .website:
            nil
        }
    }
}

extension BucketDocument {
    /// As the API reference has it, an operation without its verb.
    var label: String {
        switch self {
        case .cors: "BucketCors"
        case .encryption: "BucketEncryption"
        case .lifecycle: "BucketLifecycleConfiguration"
        case .policy: "BucketPolicy"
        case .publicAccessBlock: "PublicAccessBlock"
        case .tagging: "BucketTagging"
        case .versioning: "BucketVersioning"
        }
    }

    /// What is said beside the document.
    fileprivate var fields: HTTPFields {
        guard case .lifecycle = self else { return [:] }
        return [.transitionLeastSize: LifecycleConfiguration.leastSize]
    }

    fileprivate var putStatus: HTTPResponse.Status {
        switch self {
        case .policy, .tagging: .noContent
        case .cors, .encryption, .lifecycle, .publicAccessBlock, .versioning: .ok
        }
    }
}

extension BucketPolicy {
    /// A policy that another region took, and this one does not know how to enforce, allows nothing here.
    init(inForce document: ByteBuffer, of bucket: String) throws(AccessError) {
        do throws(Refusal) {
            try self.init(document: document.readableBytesView, bucket: bucket)
        } catch {
            throw AccessError(
                .notAllowed, "the policy of bucket “\(bucket)” is none that is known here")
        }
    }
}
