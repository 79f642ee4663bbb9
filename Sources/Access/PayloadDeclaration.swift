// What a request says of its body in `x-amz-content-sha256`.

internal import Storage

/// How a body is bound to the request's signature.
package enum PayloadDeclaration: Sendable, Hashable {
    /// The body has this SHA-256.
    case hashed([UInt8])
    /// The body is not signed.
    case unsigned
    /// The body is aws-chunked: each chunk is signed or none, with trailers behind the last or without.
    case chunked(isSigned: Bool, hasTrailer: Bool)

    /// Throws `malformedContentHash` for what is neither a hash nor a mode that is spoken here.
    package init(headerValue: some StringProtocol) throws(AccessError) {
        switch headerValue {
        case "UNSIGNED-PAYLOAD":
            self = .unsigned
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
            self = .chunked(isSigned: true, hasTrailer: false)
        case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
            self = .chunked(isSigned: true, hasTrailer: true)
        case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
            self = .chunked(isSigned: false, hasTrailer: true)
        default:
            guard let hash = Hexadecimal.decode(headerValue), hash.count == 32 else {
                throw AccessError(
                    .malformedContentHash,
                    "x-amz-content-sha256 is neither a SHA-256 nor a known payload mode")
            }
            self = .hashed(hash)
        }
    }

    package var headerValue: String {
        switch self {
        case .hashed(let hash): Hexadecimal.encode(hash)
        case .unsigned: "UNSIGNED-PAYLOAD"
        case .chunked(isSigned: true, hasTrailer: false): "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
        case .chunked(isSigned: true, hasTrailer: true):
            "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
        case .chunked(isSigned: false, hasTrailer: _): "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
        }
    }
}
