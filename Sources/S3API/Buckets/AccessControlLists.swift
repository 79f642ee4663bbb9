// ACLs as far as one owner needs them: everything is private, and setting that changes nothing.

internal import HTTPServer
internal import HTTPTypes
internal import NIOCore

extension S3Handler {
    func getObjectACL(_ request: S3Request) async throws -> ServerResponse {
        _ = try await find(request)
        return .document(owner.accessControlPolicy)
    }

    func putBucketACL(_ request: S3Request) async throws -> ServerResponse {
        try await requireBucket(request)
        return try await acceptPrivate(request)
    }

    func putObjectACL(_ request: S3Request) async throws -> ServerResponse {
        _ = try await find(request)
        return try await acceptPrivate(request)
    }

    /// The rules of headers have refused every canned ACL that grants more; a document may say no more
    /// than what is answered when it is asked for, as tools that copy objects send it back.
    private func acceptPrivate(_ request: S3Request) async throws -> ServerResponse {
        let body = try await request.document(limitBytes: request.limits.documentBytes)
        if body.readableBytes > 0 {
            let policy = try XMLElement.parse(
                body, root: "AccessControlPolicy", depth: request.limits.documentDepth,
                elements: request.limits.documentElements)
            try policy.expectChildren(["Owner", "AccessControlList"])
            let grants = policy.child("AccessControlList")?.children ?? []
            guard grants.allSatisfy(isOwners) else {
                throw S3Error(
                    .accessControlListNotSupported,
                    "The bucket does not allow ACLs that grant more than private.")
            }
        } else if !request.fields.contains(.acl) {
            throw S3Error.malformedXML
        }
        return ServerResponse(status: .ok)
    }

    private func isOwners(_ grant: XMLElement) -> Bool {
        grant.name == "Grant"
            && grant.child("Grantee")?.child("ID")?.trimmedText == owner.id
            && grant.child("Permission")?.trimmedText == "FULL_CONTROL"
    }
}
