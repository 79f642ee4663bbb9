// The one error type of storage drivers. Fronts map its codes once, in one exhaustive switch each; on the
// wire a code is its raw value.

package struct DriverError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case bucketNotFound = "BucketNotFound"
        /// There is neither a file nor a directory at the path, or not what the call is for.
        case pathNotFound = "PathNotFound"
        case invalidPath = "InvalidPath"
        /// A negative offset of a read, or one of a write that is not the size so far.
        case invalidOffset = "InvalidOffset"
        /// The bytes do not have the digest that was promised, or that their path names.
        case digestMismatch = "DigestMismatch"
        /// The bytes are more or fewer than was promised.
        case sizeMismatch = "SizeMismatch"
        /// The writer was committed or cancelled, or was never opened.
        case writerNotFound = "WriterNotFound"
        /// Somebody else writes by this writer at this moment.
        case writerBusy = "WriterBusy"
        /// The call came after the writer was closed, committed or cancelled here.
        case writerClosed = "WriterClosed"
        /// The driver does not do this.
        case unsupported = "Unsupported"
        /// A named limit was reached.
        case limitExceeded = "LimitExceeded"
        /// The disk, or the quota, is full.
        case insufficientStorage = "InsufficientStorage"
        /// The bytes stored here failed their checksum and no good copy was found.
        case damaged = "Damaged"
        /// Who asks is not known: the key, the signature or the clock was refused.
        case unauthenticated = "Unauthenticated"
        /// The key may not do this.
        case accessDenied = "AccessDenied"
        /// The call is not as the protocol has it.
        case invalidRequest = "InvalidRequest"
        /// There is no such call.
        case noSuchCall = "NoSuchCall"
        /// There is, by another method.
        case methodNotAllowed = "MethodNotAllowed"
        /// Not now; the same call may succeed later.
        case unavailable = "Unavailable"
        /// It failed where the bytes are; the log there says why.
        case failed = "Failed"
    }

    package let code: Code
    /// A sentence for the person who reads it.
    package let message: String
    package let cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    package var description: String {
        "\(code.rawValue): \(message)" + (cause.map { " (\($0))" } ?? "")
    }

    static func notFound(_ path: DriverPath) -> DriverError {
        DriverError(.pathNotFound, "there is no “\(path)”")
    }
}

extension DriverError {
    /// What an error of the stores is to who uses a driver.
    init(_ error: StorageError) {
        let code: Code =
            switch error.code {
            case .noSuchBucket: .bucketNotFound
            case .noSuchKey: .pathNotFound
            case .noSuchUpload: .writerNotFound
            // A name is here and its bytes are not: to be asked for again, never for good.
            case .noSuchBlob, .unavailable: .unavailable
            case .digestMismatch: .digestMismatch
            case .sizeMismatch: .sizeMismatch
            case .invalidRange: .invalidOffset
            // Parts that are listed and then completed change only by another's hand.
            case .invalidPart, .invalidPartOrder, .partTooSmall: .writerBusy
            case .limitExceeded: .limitExceeded
            case .insufficientStorage, .quotaExceeded: .insufficientStorage
            case .damaged: .damaged
            case .bucketExists, .bucketNotEmpty, .preconditionFailed, .invalidArgument,
                .inputOutput, .refusedToOpen:
                .failed
            }
        self.init(code, error.message, cause: error)
    }

    /// Runs what asks the stores.
    package static func mapping<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as StorageError {
            throw DriverError(error)
        }
    }
}
