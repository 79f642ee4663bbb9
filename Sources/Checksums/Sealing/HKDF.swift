// HKDF with SHA-256 (RFC 5869): keys for several purposes from one, so that none of them says anything
// about another.

package enum HKDF {
    /// `salt` may be empty; `info` names the purpose.
    package static func sha256(
        key: [UInt8], salt: [UInt8] = [], info: [UInt8], count: Int
    ) -> [UInt8] {
        let hashBytes = HashAlgorithm.sha256.byteCount
        precondition((1...255 * hashBytes).contains(count), "HKDF makes up to 255 digests")
        // Extract (section 2.2): a salt that is left out is a digest of zeros.
        let salt = salt.isEmpty ? [UInt8](repeating: 0, count: hashBytes) : salt
        let expansion = HMAC(key: HMAC.code(key: salt, message: key))
        // Expand (section 2.3).
        var result: [UInt8] = []
        var block: [UInt8] = []
        var number: UInt8 = 1
        while result.count < count {
            block = expansion.code(for: block + info + [number])
            result += block
            number &+= 1
        }
        return Array(result.prefix(count))
    }
}
