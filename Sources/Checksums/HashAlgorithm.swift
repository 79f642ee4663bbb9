// The hash functions this project speaks, and OpenSSL's implementation of each, looked up once: a
// lookup by name costs more than the hash of a small request.

internal import COpenSSL

/// A cryptographic hash function.
package enum HashAlgorithm: Sendable, Hashable, CaseIterable {
    case sha256
    case sha512
    /// Only as a checksum that clients ask for; never for security.
    case sha1
    /// Only for ETags and `Content-MD5`; never for security.
    case md5

    /// The length of a digest.
    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        case .sha1: 20
        case .md5: 16
        }
    }

    /// OpenSSL's implementation; lives as long as the process.
    var implementation: OpaquePointer {
        switch self {
        case .sha256: Implementations.sha256
        case .sha512: Implementations.sha512
        case .sha1: Implementations.sha1
        case .md5: Implementations.md5
        }
    }
}

/// `EVP_MD` values are immutable and may be used by any number of threads (EVP_MD_fetch(3)).
private enum Implementations {
    nonisolated(unsafe) static let sha256 = fetch("SHA2-256")
    nonisolated(unsafe) static let sha512 = fetch("SHA2-512")
    nonisolated(unsafe) static let sha1 = fetch("SHA1")
    nonisolated(unsafe) static let md5 = fetch("MD5")

    private static func fetch(_ name: String) -> OpaquePointer {
        guard let implementation = EVP_MD_fetch(nil, name, nil) else {
            preconditionFailure("OpenSSL's default provider offers no \(name)")
        }
        return implementation
    }
}
