// The one error type of authentication and authorization. Fronts map its codes once, in one exhaustive
// switch each.

package struct AccessError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The S3 code that belongs to each is in parentheses.
    package enum Code: String, Sendable, CaseIterable {
        /// The request carries no signature at all (`AccessDenied`, or an anonymous principal).
        case missingAuthentication
        /// More than one kind of signature (`InvalidArgument`).
        case ambiguousAuthentication
        /// An `Authorization` header that cannot be read (`AuthorizationHeaderMalformed`).
        case malformedAuthorization
        /// Query parameters of a presigned URL that cannot be read (`AuthorizationQueryParametersError`).
        case malformedQueryAuthentication
        /// A kind of signature that is not spoken here (`InvalidRequest`).
        case unsupportedAlgorithm
        /// `InvalidAccessKeyId`.
        case unknownAccessKey
        /// `SignatureDoesNotMatch`; also for a chunk or a trailer of a streamed body.
        case signatureDoesNotMatch
        /// The request's time is more than the skew away from ours (`RequestTimeTooSkewed`).
        case requestTimeTooSkewed
        /// A presigned URL whose time is over (`AccessDenied`, "Request has expired").
        case expired
        /// A header that must be signed is not, or a signed one is missing (`AccessDenied`).
        case missingSignedHeader
        /// `x-amz-content-sha256` is needed and missing (`InvalidRequest`).
        case missingContentHash
        /// `x-amz-content-sha256` is no hash and no known mode (`InvalidArgument`).
        case malformedContentHash
        /// The body is not the one that was signed (`XAmzContentSHA256Mismatch`).
        case contentHashMismatch
        /// An aws-chunked body that breaks its grammar (`InvalidRequest`).
        case malformedChunk
        /// Trailers that cannot be read, or are not those announced (`MalformedTrailerError`).
        case malformedTrailer
        /// The body ended early, or its length is not the announced one (`IncompleteBody`).
        case incompleteBody
        /// A peer's request that was seen before.
        case replayed
        /// Authenticated, but not allowed (`AccessDenied`).
        case notAllowed
    }

    package let code: Code
    /// A sentence for the person who reads it; never a secret, a key or an expected signature.
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code.rawValue): \(message)" }
}
