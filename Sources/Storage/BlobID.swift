// The identity of a blob: the SHA-256 of its bytes.

/// A blob's identity: its SHA-256 as four big-endian 64-bit words, so that it hashes and compares
/// without touching memory elsewhere. The order is the order of the digest's bytes.
package struct BlobID: Hashable, Sendable, Comparable {
    package let word0: UInt64
    package let word1: UInt64
    package let word2: UInt64
    package let word3: UInt64

    package static let byteCount = 32

    // Every look-up decodes one: by these types and not by any collection, which another module could only
    // walk through witness tables (measured: an eighth of a small GET).

    /// `nil` unless `bytes` has exactly 32 bytes.
    package init?(bytes: [UInt8]) { self.init(bytes.span) }

    /// `nil` unless `bytes` has exactly 32 bytes.
    package init?(bytes: ArraySlice<UInt8>) { self.init(bytes.span) }

    private init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        func word(_ start: Int) -> UInt64 {
            var word: UInt64 = 0
            for index in start..<start + 8 { word = word << 8 | UInt64(bytes[index]) }
            return word
        }
        (word0, word1, word2, word3) = (word(0), word(8), word(16), word(24))
    }

    /// The 32 bytes of the digest.
    package var bytes: [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(Self.byteCount)
        for word in [word0, word1, word2, word3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
        return result
    }

    /// 64 lower-case hexadecimal digits.
    package var hex: String { Hexadecimal.encode(bytes) }

    package static func < (left: BlobID, right: BlobID) -> Bool {
        (left.word0, left.word1, left.word2, left.word3)
            < (right.word0, right.word1, right.word2, right.word3)
    }
}

extension BlobID: CustomStringConvertible {
    /// `sha256:<hex>`, as registries write it.
    package var description: String { "sha256:" + hex }
}
