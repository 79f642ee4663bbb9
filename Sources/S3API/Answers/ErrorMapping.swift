// The one place where the errors of storage and access become S3's.

internal import Access
internal import HTTPServer
internal import Storage

extension S3Error {
    package init(any error: any Error) {
        switch error {
        case let error as S3Error: self = error
        case let error as StorageError: self.init(error)
        case let error as AccessError: self.init(error)
        case let error as RequestBodyError: self.init(error)
        case let error as BodyTooLarge:
            self.init(
                .maxMessageLengthExceeded,
                "Your request was too big: more than \(error.limitBytes) bytes.")
        default:
            self.init(
                .internalError, "We encountered an internal error. Please try again.",
                cause: error)
        }
    }

    init(_ error: RequestBodyError) {
        switch error {
        case .connectionClosed: self = .incompleteBody
        case .timedOut:
            self.init(
                .requestTimeout,
                "Your socket connection to the server was not read from or written to within the"
                    + " timeout period.", cause: error)
        case .malformed(let what):
            self.init(.invalidRequest, "The body is malformed: \(what).", cause: error)
        case .requestEnded:
            self.init(.internalError, "The body was read after its answer.", cause: error)
        }
    }

    init(_ error: StorageError) {
        let (code, message): (Code, String?) =
            switch error.code {
            case .noSuchBucket: (.noSuchBucket, "The specified bucket does not exist")
            case .noSuchKey: (.noSuchKey, "The specified key does not exist.")
            case .noSuchUpload:
                (
                    .noSuchUpload,
                    "The specified multipart upload does not exist. The upload ID may be invalid, or"
                        + " the upload may have been aborted or completed."
                )
            // A name is here and its bytes are not: to be asked for again, never for good.
            case .noSuchBlob: (.serviceUnavailable, nil)
            case .bucketExists:
                (
                    .bucketAlreadyOwnedByYou,
                    "Your previous request to create the named bucket succeeded and you already own"
                        + " it."
                )
            case .bucketNotEmpty:
                (.bucketNotEmpty, "The bucket you tried to delete is not empty")
            case .preconditionFailed:
                (
                    .preconditionFailed,
                    "At least one of the pre-conditions you specified did not hold"
                )
            case .digestMismatch: (.badDigest, nil)
            case .sizeMismatch: (.incompleteBody, nil)
            case .invalidRange:
                (.invalidRange, "The requested range is not satisfiable")
            case .invalidPart: (.invalidPart, nil)
            case .invalidPartOrder:
                (
                    .invalidPartOrder,
                    "The list of parts was not in ascending order. Parts must be ordered by part"
                        + " number."
                )
            case .partTooSmall: (.entityTooSmall, nil)
            case .invalidArgument: (.invalidArgument, nil)
            case .limitExceeded: (.invalidRequest, nil)
            case .insufficientStorage: (.insufficientStorage, nil)
            // As Ceph's RADOS gateway calls it, with the status of a full disk: SDKs try neither again.
            case .quotaExceeded: (.quotaExceeded, nil)
            case .unavailable: (.serviceUnavailable, nil)
            case .damaged, .inputOutput, .refusedToOpen: (.internalError, nil)
            }
        self.init(code, message ?? error.message, cause: error)
    }

    init(_ error: AccessError) {
        let code: Code =
            switch error.code {
            case .missingAuthentication, .expired, .missingSignedHeader, .replayed, .notAllowed:
                .accessDenied
            case .ambiguousAuthentication, .malformedContentHash: .invalidArgument
            case .malformedAuthorization: .authorizationHeaderMalformed
            case .malformedQueryAuthentication: .authorizationQueryParametersError
            case .unsupportedAlgorithm, .missingContentHash, .malformedChunk: .invalidRequest
            case .unknownAccessKey: .invalidAccessKeyID
            case .signatureDoesNotMatch: .signatureDoesNotMatch
            case .requestTimeTooSkewed: .requestTimeTooSkewed
            case .contentHashMismatch: .contentSHA256Mismatch
            case .malformedTrailer: .malformedTrailer
            case .incompleteBody: .incompleteBody
            }
        self.init(code, error.message, cause: error)
    }
}
