// Base64 (RFC 4648), as digests, checksums and signatures are written in headers, and its URL-safe form for
// tokens.

package enum Base64 {
    private static let standard = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let urlSafe = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    package static func encode(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: standard, pads: true)
    }

    /// With `-` and `_`, without padding.
    package static func encodeURLSafe(_ bytes: [UInt8]) -> String {
        encode(bytes, alphabet: urlSafe, pads: false)
    }

    /// `nil` unless `text` is the padded canonical form of some bytes.
    package static func decode(_ text: String) -> [UInt8]? {
        guard let result = decode(text, alphabet: standard), encode(result) == text else {
            return nil
        }
        return result
    }

    /// The inverse of `encodeURLSafe`; `nil` for anything else.
    package static func decodeURLSafe(_ text: String) -> [UInt8]? {
        guard let result = decode(text, alphabet: urlSafe), encodeURLSafe(result) == text else {
            return nil
        }
        return result
    }

    private static func encode(_ bytes: [UInt8], alphabet: [UInt8], pads: Bool) -> String {
        var result: [UInt8] = []
        result.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let padded = Array(group) + [0, 0]
            let word = UInt32(padded[0]) << 16 | UInt32(padded[1]) << 8 | UInt32(padded[2])
            for position in 0...group.count {
                result.append(alphabet[Int(word >> UInt32(18 - 6 * position) & 63)])
            }
            if pads {
                result.append(contentsOf: repeatElement(UInt8(ascii: "="), count: 3 - group.count))
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func decode(_ text: String, alphabet: [UInt8]) -> [UInt8]? {
        var result: [UInt8] = []
        var word: UInt32 = 0
        var bits = 0
        for character in text.utf8 where character != UInt8(ascii: "=") {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            word = word << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: word >> UInt32(bits)))
            }
        }
        return result
    }
}
