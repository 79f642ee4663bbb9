// ACLs as far as one owner needs them: everything is private, and setting that changes nothing.

internal import HTTPServer
internal import HTTPTypes

extension S3Handler {
    func getObjectACL(_ request: S3Request) async throws -> ServerResponse {
        _ = try await content(request)
        return .document(owner.accessControlPolicy)
    }

    func putBucketACL(_ request: S3Request) async throws -> ServerResponse {
        try await requireBucket(request)
        return try acceptPrivate(request)
    }

    func putObjectACL(_ request: S3Request) async throws -> ServerResponse {
        _ = try await content(request)
        return try acceptPrivate(request)
    }

    private func acceptPrivate(_ request: S3Request) throws(S3Error) -> ServerResponse {
        // The rules of headers have refused every canned ACL that grants more.
        guard request.fields.contains(.acl) else {
            throw .notImplemented("An access control policy as a document")
        }
        return ServerResponse(status: .ok)
    }
}
