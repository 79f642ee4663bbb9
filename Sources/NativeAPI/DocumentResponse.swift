// Responses whose body is one document.

internal import HTTPServer
internal import HTTPTypes
internal import Logging
internal import NIOCore
internal import NativeWire

extension ServerResponse {
    static func document(
        _ status: HTTPResponse.Status, type: String, _ bytes: ByteBuffer
    ) -> ServerResponse {
        var response = ServerResponse(status: status, body: .bytes(bytes))
        response.fields[.contentType] = type
        response.fields[.cacheControl] = "no-store"
        return response
    }

    static func json(
        _ status: HTTPResponse.Status, _ document: some Encodable
    ) throws -> ServerResponse {
        .document(status, type: AdminCall.documentType, try JSONDocument.encode(document))
    }

    static func refusal(_ refusal: Refusal, to request: ServerRequest) -> ServerResponse {
        request.trace.note(errorCode: refusal.code.rawValue)
        let document = ErrorDocument(
            code: refusal.code, message: refusal.message, requestID: request.id)
        do {
            return try json(refusal.status, document)
        } catch {
            preconditionFailure("a refusal cannot be encoded: \(error)")
        }
    }

    /// The response of `body`, or the refusal that its error means; what failed here is logged.
    static func of(
        _ request: ServerRequest, logger: Logger, _ body: () async throws -> ServerResponse
    ) async -> ServerResponse {
        do {
            return try await body()
        } catch {
            let refusal = Refusal(error)
            if refusal.code == .failed {
                logger.error(
                    "request failed", metadata: ["id": "\(request.id)", "error": "\(error)"])
            }
            return .refusal(refusal, to: request)
        }
    }
}
