// How the native protocols say no: JSON, in words for the person who reads it.

/// The body of every refusal of the peer and admin APIs.
package struct ErrorDocument: Sendable, Hashable, Codable {
    package enum Code: String, Sendable, Codable, CaseIterable {
        /// The key, the signature or the clock was refused.
        case unauthenticated
        /// The protocol ranges do not meet.
        case incompatible
        /// The request is not what the protocol allows.
        case malformed
        /// A named limit of the request was exceeded.
        case limitExceeded
        /// No such call.
        case noSuchCall
        /// The region that asks is not taken any more.
        case refused
        /// A cursor was never issued here.
        case unknownPosition
        /// Bytes that are expected here and have not arrived.
        case pending
        case neverHad
        case damaged
        /// The range lies outside the blob.
        case invalidRange
        /// Cannot now: stopping, or not ready.
        case busy
        /// Cannot yet: the store is being opened.
        case starting
        /// It failed here; the log says why.
        case failed
    }

    package var code: Code
    package var message: String
    package var requestID: String

    package init(code: Code, message: String, requestID: String) {
        self.code = code
        self.message = message
        self.requestID = requestID
    }
}
