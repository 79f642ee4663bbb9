// The one error type of the storage contracts. Fronts map it once, in one exhaustive switch each.

package struct StorageError: Error, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable, CaseIterable {
        case noSuchBucket
        case noSuchKey
        case noSuchUpload
        case noSuchBlob
        case bucketExists
        case bucketNotEmpty
        case preconditionFailed
        /// A digest or checksum that was promised is not the one of the bytes.
        case digestMismatch
        /// The body is shorter or longer than was promised.
        case sizeMismatch
        case invalidRange
        case invalidPart
        case invalidPartOrder
        case partTooSmall
        case invalidArgument
        /// A named limit was reached.
        case limitExceeded
        /// The disk is full.
        case insufficientStorage
        /// The bucket holds as much as it may.
        case quotaExceeded
        /// The bytes stored here failed their checksum and no good copy was found.
        case damaged
        /// Not now: more waits than is taken, or the store is stopping, or it stopped acknowledging after a
        /// failed sync.
        case unavailable
        /// The disk refused.
        case inputOutput
        /// The data on disk is of a format that this daemon does not know, or in use by another.
        case refusedToOpen
    }

    package let code: Code
    /// A sentence for the person who reads it; names digests and keys, never a path of the host.
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
}
