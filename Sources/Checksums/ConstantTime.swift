// Comparison of secrets, which must not tell by its duration how much of a guess was right.

internal import COpenSSL

package enum ConstantTime {
    /// Whether both hold the same bytes. Takes as long for any content; the lengths are no secret.
    package static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return CRYPTO_memcmp(left, right, left.count) == 0
    }

    /// As above, for a stretch of memory.
    package static func isEqual(_ left: [UInt8], _ right: UnsafeRawBufferPointer) -> Bool {
        guard left.count == right.count else { return false }
        return CRYPTO_memcmp(left, right.baseAddress, left.count) == 0
    }
}
