// AbortMultipartUpload: the session and its parts are gone when this answers.

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func abortMultipartUpload(_ request: S3Request) async throws -> ServerResponse {
        try await uploads.abort(request.uploadID, of: request.name)
        return ServerResponse(status: .noContent)
    }
}
