// How the storage driver API says no: each error of the layers below becomes one of the driver's codes here, once,
// and each code its status.

internal import Access
internal import HTTPServer
package import HTTPTypes
internal import NativeWire
package import Storage

extension DriverError {
    /// What went wrong on this side is told as such, and nothing of it.
    init(any error: any Error) {
        switch error {
        case let error as DriverError: self = error
        case let error as AccessError: self.init(access: error)
        case let error as RequestBodyError: self.init(body: error)
        case let error as CancellationError:
            self.init(.unavailable, "the client is gone", cause: error)
        default: self.init(.failed, "it failed here; the log says why", cause: error)
        }
    }

    private init(access error: AccessError) {
        let code: Code =
            switch error.code {
            case .notAllowed: .accessDenied
            case .missingAuthentication, .ambiguousAuthentication, .malformedAuthorization,
                .malformedQueryAuthentication, .unsupportedAlgorithm, .unknownAccessKey,
                .signatureDoesNotMatch, .requestTimeTooSkewed, .expired, .missingSignedHeader,
                .missingContentHash, .malformedContentHash, .replayed:
                .unauthenticated
            case .contentHashMismatch: .digestMismatch
            case .malformedChunk, .malformedTrailer, .incompleteBody: .invalidRequest
            }
        self.init(code, error.message, cause: error)
    }

    private init(body error: RequestBodyError) {
        switch error {
        case .connectionClosed:
            self.init(.sizeMismatch, "the connection ended before the body", cause: error)
        case .timedOut:
            self.init(.sizeMismatch, "nothing came of the body for too long", cause: error)
        case .malformed(let what):
            self.init(.invalidRequest, "the body is malformed: \(what)", cause: error)
        case .requestEnded:
            self.init(.failed, "it failed here; the log says why", cause: error)
        }
    }
}

extension DriverError.Code {
    package var status: HTTPResponse.Status {
        switch self {
        case .invalidRequest, .invalidPath, .digestMismatch, .sizeMismatch, .unsupported:
            .badRequest
        case .unauthenticated: .unauthorized
        case .accessDenied: .forbidden
        case .bucketNotFound, .pathNotFound, .writerNotFound, .noSuchCall: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .writerBusy, .writerClosed: .conflict
        case .limitExceeded: .contentTooLarge
        case .invalidOffset: .rangeNotSatisfiable
        case .damaged, .failed: .internalServerError
        case .unavailable: .serviceUnavailable
        case .insufficientStorage: HTTPResponse.Status(code: 507)
        }
    }
}

extension ServerResponse {
    static func refusal(_ error: DriverError, to request: ServerRequest) -> ServerResponse {
        request.trace.note(errorCode: error.code.rawValue)
        let document = DriverErrorDocument(
            code: error.code, message: error.message, requestID: request.id)
        do {
            var response = try json(error.code.status, document)
            switch error.code {
            case .unavailable: response.fields[.retryAfter] = "1"
            case .methodNotAllowed:
                let path = (request.head.path ?? "").prefix { $0 != "?" }
                let calls = DriverCall.calls(at: path)
                response.fields[.allow] =
                    calls.isEmpty ? "GET" : calls.map(\.method).joined(separator: ", ")
            default: break
            }
            return response
        } catch {
            preconditionFailure("a refusal cannot be encoded: \(error)")
        }
    }
}
