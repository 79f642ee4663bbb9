// Buckets come and go, and say where they are.

internal import HTTPServer
internal import HTTPTypes
internal import NIOCore
internal import Storage

extension S3Handler {
    /// A bucket exists in every region, so that a location asks for nothing that is not so; but it must be
    /// a document that can be read.
    func createBucket(_ request: S3Request) async throws -> ServerResponse {
        let bucket = try request.bucket
        let body = try await request.document(limitBytes: request.limits.documentBytes)
        if body.readableBytes > 0 {
            let root = try XMLElement.parse(
                body, root: "CreateBucketConfiguration", depth: request.limits.documentDepth,
                elements: request.limits.documentElements)
            try root.expectChildren(["LocationConstraint"])
        }
        do {
            try await buckets.create(bucket)
        } catch let error as StorageError where error.code == .invalidArgument {
            // A valid name that nobody is given.
            throw S3Error.invalidBucketName(bucket)
        }
        return ServerResponse(status: .ok, fields: [.location: "/" + bucket])
    }

    func headBucket(_ request: S3Request) async throws -> ServerResponse {
        try await requireBucket(request)
        return ServerResponse(
            status: .ok,
            fields: [.bucketRegion: configuration.region, .contentType: "application/xml"])
    }

    func deleteBucket(_ request: S3Request) async throws -> ServerResponse {
        try await buckets.delete(request.bucket)
        return ServerResponse(status: .noContent)
    }

    func getBucketLocation(_ request: S3Request) async throws -> ServerResponse {
        try await requireBucket(request)
        // The oldest region's name is the empty one (Amazon S3 API Reference, GetBucketLocation).
        let region = configuration.region == "us-east-1" ? "" : configuration.region
        return .document(XMLWriter.document("LocationConstraint") { $0.text(region) })
    }

    func getBucketSetting(
        _ setting: BucketSetting, _ request: S3Request
    ) async throws -> ServerResponse {
        try await requireBucket(request)
        if let document = try await bucketDocument(setting, request) { return document }
        switch setting.answer(owner: owner) {
        case .document(let document): return .document(document)
        case .absent(let error): throw error.with("BucketName", try request.bucket)
        }
    }

    /// Throws `NoSuchBucket`.
    func requireBucket(_ request: S3Request) async throws {
        let name = try request.bucket
        guard try await buckets.bucket(name) != nil else { throw S3Error.noSuchBucket(name) }
    }
}

extension S3Error {
    static func noSuchBucket(_ name: String) -> S3Error {
        S3Error(.noSuchBucket, "The specified bucket does not exist").with("BucketName", name)
    }
}
