// The tags of an object: shown, replaced, taken away. They change without its bytes: something else is said of the
// same version, which keeps its id, its ETag and its time.

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func getObjectTagging(_ request: S3Request) async throws -> ServerResponse {
        let found = try await find(request)
        var response = ServerResponse.document(TagSet(found.content.tags).document)
        response.fields[.versionID] = found.id
        return response
    }

    func putObjectTagging(_ request: S3Request) async throws -> ServerResponse {
        let checksum = try ChecksumAnnouncement(request.fields)
        let body = try await request.document(
            limitBytes: request.limits.documentBytes, checksum: checksum)
        let set = try TagSet(document: body, most: request.limits.tags, limits: request.limits)
        return try await tag(request, set, .ok)
    }

    func deleteObjectTagging(_ request: S3Request) async throws -> ServerResponse {
        try await tag(request, TagSet([]), .noContent)
    }

    private func tag(
        _ request: S3Request, _ set: TagSet, _ status: HTTPResponse.Status
    ) async throws -> ServerResponse {
        let name = try request.name
        // Who writes the object meanwhile goes first, as if the tags had come before it or after it.
        for _ in 0..<request.limits.taggingAttempts {
            let found = try await find(request)
            var content = found.content
            content.tags = set.tags
            content.writer = request.writer
            do {
                try await objects.commit(.amend(name, content, found.version.version))
                var response = ServerResponse(status: status)
                response.fields[.versionID] = found.id
                return response
            } catch let error as StorageError where error.code == .preconditionFailed {
                continue
            }
        }
        throw S3Error(.serviceUnavailable, "The object is written too often; please try again.")
    }
}
