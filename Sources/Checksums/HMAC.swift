// HMAC (RFC 2104, FIPS 198-1) over the digests of this module.
//
// A key is prepared once: the states after the padded key are kept and copied for each message, so
// that a key that signs many requests costs two short hashes each.

/// A prepared key. The states are only ever copied, so that any number of threads may use it at once.
package final class HMAC: Sendable {
    /// The block of SHA-256 and of SHA-1 (RFC 2104, section 2).
    private static let blockBytes = 64

    private let inner: MessageDigest
    private let outer: MessageDigest

    /// SHA-1 is for signatures of version 2 alone; SHA-512 has larger blocks and is not offered.
    package init(key: [UInt8], algorithm: HashAlgorithm = .sha256) {
        precondition(algorithm != .sha512, "blocks of 64 bytes do not fit SHA-512")
        var padded = key.count > Self.blockBytes ? MessageDigest.hash(algorithm, key) : key
        padded.append(contentsOf: repeatElement(0, count: Self.blockBytes - padded.count))
        inner = MessageDigest(algorithm)
        inner.update(padded.map { $0 ^ 0x36 })
        outer = MessageDigest(algorithm)
        outer.update(padded.map { $0 ^ 0x5c })
    }

    package func code(for message: UnsafeRawBufferPointer) -> [UInt8] {
        let hash = inner.copy()
        hash.update(message)
        let result = outer.copy()
        result.update(hash.finish())
        return result.finish()
    }

    package func code(for message: [UInt8]) -> [UInt8] {
        message.withUnsafeBytes { code(for: $0) }
    }

    /// The code of one message under a key that is not used again.
    package static func code(
        key: [UInt8], message: [UInt8], algorithm: HashAlgorithm = .sha256
    ) -> [UInt8] {
        HMAC(key: key, algorithm: algorithm).code(for: message)
    }
}
