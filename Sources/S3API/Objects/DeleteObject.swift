// DeleteObject: deleting what is not there succeeds.

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func deleteObject(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        try request.requireNullVersion()
        let conditions = Preconditions(ifMatch: request.fields[.ifMatch].map(ETags.parse))
        try await objects.commit(.delete(name, conditions))
        return ServerResponse(status: .noContent)
    }
}
