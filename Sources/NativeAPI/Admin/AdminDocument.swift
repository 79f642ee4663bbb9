// The documents that come with calls of the admin API.

internal import HTTPServer
internal import HTTPTypes
internal import NativeWire

extension ServerRequest {
    /// More than any call of the admin API takes.
    private static let adminBytes = 64 << 10

    /// The body, as the document that the call takes.
    func adminDocument<Document: Decodable>(
        _ type: Document.Type = Document.self
    ) async throws -> Document {
        let body = try await body.collect(limitBytes: Self.adminBytes)
        do {
            return try JSONDocument.decode(from: body)
        } catch {
            throw Refusal(.badRequest, .malformed, "the request cannot be read: \(error)")
        }
    }
}
