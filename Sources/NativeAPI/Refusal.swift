// How the native APIs say no. Each error type of the layers below is mapped here, once, exhaustively.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import NativeWire
internal import Replication
internal import Storage

/// A request that is not done, and why.
struct Refusal: Error {
    let status: HTTPResponse.Status
    let code: ErrorDocument.Code
    let message: String

    init(_ status: HTTPResponse.Status, _ code: ErrorDocument.Code, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    static func noSuchCall(_ request: ServerRequest) -> Refusal {
        Refusal(.notFound, .noSuchCall, "\(request.head.method) of this path is no call")
    }
}

extension Refusal {
    /// What went wrong on this side is told as such, and nothing of it.
    init(_ error: any Error) {
        switch error {
        case let refusal as Refusal: self = refusal
        case let error as WireError: self.init(.badRequest, .malformed, error.description)
        case let error as BodyTooLarge:
            self.init(
                .contentTooLarge, .limitExceeded, "a body of more than \(error.limitBytes) bytes")
        case let error as AccessError: self.init(.unauthorized, .unauthenticated, error.message)
        case let error as TransportError: self.init(transport: error)
        case let error as StorageError: self.init(storage: error)
        default: self.init(.internalServerError, .failed, "it failed here; the log says why")
        }
    }

    private init(transport error: TransportError) {
        switch error.code {
        case .unauthenticated: self.init(.unauthorized, .unauthenticated, error.message)
        case .incompatible: self.init(.badRequest, .incompatible, error.message)
        case .malformed: self.init(.badRequest, .malformed, error.message)
        case .notFound: self.init(.notFound, .neverHad, error.message)
        case .unknownPosition: self.init(.conflict, .unknownPosition, error.message)
        case .refused: self.init(.forbidden, .refused, error.message)
        case .busy, .unreachable: self.init(.serviceUnavailable, .busy, error.message)
        }
    }

    private init(storage error: StorageError) {
        switch error.code {
        case .noSuchBlob, .noSuchBucket, .noSuchKey, .noSuchUpload:
            self.init(.notFound, .neverHad, error.message)
        case .damaged: self.init(.notFound, .damaged, error.message)
        case .invalidRange: self.init(.rangeNotSatisfiable, .invalidRange, error.message)
        case .invalidArgument, .invalidPart, .invalidPartOrder, .partTooSmall, .digestMismatch,
            .sizeMismatch, .preconditionFailed, .bucketExists, .bucketNotEmpty:
            self.init(.badRequest, .malformed, error.message)
        case .limitExceeded, .quotaExceeded:
            self.init(.badRequest, .limitExceeded, error.message)
        case .unavailable, .insufficientStorage:
            self.init(.serviceUnavailable, .busy, error.message)
        case .inputOutput, .refusedToOpen:
            self.init(.internalServerError, .failed, error.message)
        }
    }
}
