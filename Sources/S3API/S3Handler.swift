// The S3 protocol over the contracts of storage. A request is parsed, authenticated, recognised as an
// operation, checked for headers that would be lost, and only then performed; a refusal on the way does not
// read its body. One operation is one file.

package import Access
package import HTTPServer
internal import HTTPTypes
package import Logging
internal import NIOCore
internal import RegistryLayout
package import Storage

package final class S3Handler: RequestHandler {
    let objects: any ObjectStore
    let blobs: any BlobStore
    let uploads: any UploadStore
    let versions: any ObjectVersions
    let buckets: Buckets
    let policies: KeptDocuments<BucketPolicy>
    let publicAccess: KeptDocuments<PublicAccessBlock>
    let settings: KeptDocuments<BucketSettings>
    let promised: PromisedDigests
    /// What a bucket shows.
    let usage: @Sendable (_ bucket: String) async throws -> BucketUsage
    let cors: KeptDocuments<CORSConfiguration>
    let versioning: KeptDocuments<BucketVersioning>
    let verifier: RequestVerifier
    let documents: DocumentBudget
    let clock: any WallClock
    let configuration: S3Configuration
    let logger: Logger
    let owner: Owner

    package init(
        objects: any ObjectStore, blobs: any BlobStore, uploads: any UploadStore,
        versions: any ObjectVersions, credentials: any CredentialSource, clock: any WallClock,
        configuration: S3Configuration, logger: Logger,
        usage: @escaping @Sendable (_ bucket: String) async throws -> BucketUsage
    ) {
        self.objects = objects
        self.blobs = blobs
        self.uploads = uploads
        self.versions = versions
        buckets = Buckets(objects: objects, blobs: blobs)
        let limits = configuration.limits
        settings = .bucketSettings(objects: objects, blobs: blobs)
        promised = PromisedDigests(settings)
        self.usage = usage
        let note = Self.noting(unknownDocumentsTo: logger)
        policies = KeptDocuments(.policy, objects: objects, blobs: blobs, onUnknown: note) {
            document, bucket in
            try BucketPolicy(inForce: document, of: bucket)
        }
        publicAccess = KeptDocuments(
            .publicAccessBlock, objects: objects, blobs: blobs, onUnknown: note
        ) { document, _ in
            PublicAccessBlock(inForce: document, limits: limits)
        }
        cors = KeptDocuments(.cors, objects: objects, blobs: blobs, onUnknown: note) {
            document, _ in
            try CORSConfiguration(document: document, limits: limits)
        }
        versioning = KeptDocuments(.versioning, objects: objects, blobs: blobs, onUnknown: note) {
            document, _ in
            BucketVersioning(document: document.readableBytesView)
        }
        verifier = RequestVerifier(
            credentials: credentials, acceptsQueryV2: configuration.acceptsQueryV2)
        documents = DocumentBudget(limitBytes: limits.collectedDocumentBytes)
        self.clock = clock
        self.configuration = configuration
        self.logger = logger
        owner = Owner(id: configuration.ownerID, name: configuration.ownerName)
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        var response: ServerResponse
        do {
            response =
                request.head.method == .options
                ? try await preflight(request) : try await perform(admit(request))
        } catch {
            let error = S3Error(any: error)
            log(error, request)
            request.trace.note(errorCode: error.code.rawValue)
            response = error.response(to: request)
        }
        if request.head.headerFields.contains(.origin), request.head.method != .options {
            response.fields.append(contentsOf: await crossOriginFields(request))
        }
        response.fields.append(HTTPField(name: .requestID, value: request.id))
        return response
    }

    private func perform(_ request: S3Request) async throws -> ServerResponse {
        let operation = try S3Operation(
            request.server.head.method, request.target, request.fields)
        request.server.trace.note(
            principal: request.principal.name, operation: operation.label,
            resource: request.target.resource)
        // A key's attempt is written down also where it is refused. Of those who sign nothing it is not: all are
        // refused, and anyone at all could push out what is written.
        if operation.action == .administer, request.verified.accessKey != nil {
            request.server.trace.note(resource: request.target.bucket, change: "")
        }
        try request.principal.require(
            operation.action, bucket: request.target.bucket,
            key: request.subject(of: operation))
        try HeaderRules.check(request.fields, operation)
        if operation.writes { try requireSight(request) }
        return try await perform(operation, request)
    }

    /// Who compares ETags by a write learns what is there (Amazon S3 User Guide, "Conditional writes").
    private func requireSight(_ request: S3Request) throws {
        guard let key = request.target.key else { return }
        let conditions = request.writeConditions
        guard conditions.ifMatch != nil || conditions.ifNoneMatch.map({ $0 != .any }) == true else {
            return
        }
        try request.principal.require(.read, bucket: request.target.bucket, key: key)
    }

    private func perform(
        _ operation: S3Operation, _ request: S3Request
    ) async throws -> ServerResponse {
        switch operation {
        case .getObject: try await getObject(request)
        case .headObject: try await headObject(request)
        case .putObject: try await putObject(request)
        case .deleteObject: try await deleteObject(request)
        case .deleteObjects: try await deleteObjects(request)
        case .copyObject: try await copyObject(request)
        case .listObjects: try await listObjects(request)
        case .listObjectsV2: try await listObjectsV2(request)
        case .listObjectVersions: try await listObjectVersions(request)
        case .createMultipartUpload: try await createMultipartUpload(request)
        case .uploadPart: try await uploadPart(request)
        case .uploadPartCopy: try await uploadPartCopy(request)
        case .listParts: try await listParts(request)
        case .listMultipartUploads: try await listMultipartUploads(request)
        case .completeMultipartUpload: try await completeMultipartUpload(request)
        case .abortMultipartUpload: try await abortMultipartUpload(request)
        case .listBuckets: try await listBuckets(request)
        case .createBucket: try await createBucket(request)
        case .headBucket: try await headBucket(request)
        case .deleteBucket: try await deleteBucket(request)
        case .getBucketLocation: try await getBucketLocation(request)
        case .getBucketSetting(let setting): try await getBucketSetting(setting, request)
        case .putBucketDocument(let kind): try await putBucketDocument(kind, request)
        case .deleteBucketDocument(let kind): try await deleteBucketDocument(kind, request)
        case .putBucketACL: try await putBucketACL(request)
        case .getObjectACL: try await getObjectACL(request)
        case .putObjectACL: try await putObjectACL(request)
        case .getObjectTagging: try await getObjectTagging(request)
        case .putObjectTagging: try await putObjectTagging(request)
        case .deleteObjectTagging: try await deleteObjectTagging(request)
        case .getObjectAttributes: try await getObjectAttributes(request)
        }
    }

    /// A document that a later version wrote, as another region took it in, is spoken of once.
    private static func noting(
        unknownDocumentsTo logger: Logger
    ) -> KeptDocuments<BucketPolicy>.Unknown {
        { bucket, error in
            logger.warning(
                "a document of a bucket is none that is known here",
                metadata: ["bucket": "\(bucket)", "error": "\(error)"])
        }
    }

    /// What is our fault goes into the log with its cause; the rest is the client's business.
    func log(_ error: S3Error, _ request: ServerRequest) {
        let isOurs = error.code.status.code >= 500 && error.code != .notImplemented
        let level: Logger.Level = isOurs ? .error : .debug
        logger.log(
            level: level, "\(error.code.rawValue): \(error.message)",
            metadata: [
                "request": "\(request.id)", "method": "\(request.head.method.rawValue)",
                "cause": "\(error.cause.map { String(describing: $0) } ?? "none")",
            ])
    }
}
