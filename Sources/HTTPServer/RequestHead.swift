// What the server itself needs to know of a request's head, beside what the handler sees.

internal import HTTPTypes

/// How the end of a request's body is found (RFC 9112, section 6.3).
enum RequestFraming: Hashable {
    case none
    case length(UInt64)
    case chunked
}

struct RequestHead {
    var request: HTTPRequest
    var framing: RequestFraming
    /// HTTP/1.0: no chunked responses, no 100, closed unless asked otherwise.
    var isHTTP10: Bool
    var keepsAlive: Bool
    var expectsContinue: Bool
}

/// A request that the server itself turns away; the connection closes after the answer.
struct RequestRefusal: Error, Hashable {
    var status: HTTPResponse.Status
    /// What was wrong, for the client; never echoes what it sent.
    var reason: String

    static func malformed(_ reason: String) -> Self {
        Self(status: .badRequest, reason: reason)
    }

    static let requestLineTooLong = Self(
        status: .uriTooLong, reason: "the request line is too long")
    static let headTooLarge = Self(
        status: .requestHeaderFieldsTooLarge, reason: "the request's header fields are too large")
    static let tooManyFields = Self(
        status: .requestHeaderFieldsTooLarge, reason: "the request has too many header fields")
    static let headTimeout = Self(
        status: .requestTimeout, reason: "the request's head did not arrive in time")
    static let unsupportedVersion = Self(
        status: .httpVersionNotSupported, reason: "the HTTP version is not supported")
    static let unsupportedCoding = Self(
        status: .notImplemented, reason: "the transfer coding is not supported")
    static let unmetExpectation = Self(
        status: .expectationFailed, reason: "the expectation is not supported")
    static let tooManyConnections = Self(
        status: .serviceUnavailable, reason: "the server has too many connections")
}
