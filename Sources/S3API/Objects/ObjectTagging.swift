// The tags of an object: shown, replaced, taken away. They change without its bytes: the object is linked
// anew with other tags, and keeps its ETag and its time.

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func getObjectTagging(_ request: S3Request) async throws -> ServerResponse {
        .document(TagSet(try await content(request).tags).document)
    }

    func putObjectTagging(_ request: S3Request) async throws -> ServerResponse {
        let checksum = try ChecksumAnnouncement(request.fields)
        let body = try await request.document(
            limitBytes: request.limits.documentBytes, checksum: checksum)
        let set = try TagSet(document: body, most: request.limits.tags, limits: request.limits)
        try await tag(request, set)
        return ServerResponse(status: .ok)
    }

    func deleteObjectTagging(_ request: S3Request) async throws -> ServerResponse {
        try await tag(request, TagSet([]))
        return ServerResponse(status: .noContent)
    }

    private func tag(_ request: S3Request, _ set: TagSet) async throws {
        try request.requireNullVersion()
        let name = try request.name
        // Who writes the object meanwhile goes first, as if the tags had come before it or after it.
        for _ in 0..<request.limits.taggingAttempts {
            guard let version = try await objects.object(name), var content = version.content
            else { throw S3Error.noSuchKey.with("Key", name.key.string) }
            content.tags = set.tags
            content.writer = request.writer
            do {
                let condition = Preconditions(version: version.version)
                try await objects.commit(.link(name, content, condition))
                return
            } catch let error as StorageError where error.code == .preconditionFailed {
                continue
            }
        }
        throw S3Error(.serviceUnavailable, "The object is written too often; please try again.")
    }
}
