// Which blobs some repository links, in memory that does not grow with their number: a Bloom filter. What
// it says is not there is not there; of what is not there it says that it is in about one case in a hundred
// where it holds as many as it was made for, so a collection keeps a little too much, never too little.
// The salt of each run is another, so that it is not always the same blobs that are kept.

package import Storage

package struct LinkedDigests: Sendable {
    private var words: [UInt64]
    private let salt: UInt64

    /// Bits that stand for a digest.
    private static let probes: UInt64 = 7

    /// About ten bits for each digest that is to be held.
    package init(sizeBytes: Int, salt: UInt64) {
        precondition(sizeBytes >= 8, "a filter of \(sizeBytes) bytes holds nothing")
        words = Array(repeating: 0, count: sizeBytes / 8)
        self.salt = salt
    }

    package mutating func insert(_ digest: ContentDigest) {
        for bit in bits(digest) { words[Int(bit >> 6)] |= 1 << (bit & 63) }
    }

    package func mayContain(_ digest: ContentDigest) -> Bool {
        bits(digest).allSatisfy { words[Int($0 >> 6)] & 1 << ($0 & 63) != 0 }
    }

    /// A digest's bytes are as good as random; the salt only moves them elsewhere.
    private func bits(_ digest: ContentDigest) -> [UInt64] {
        let first = Self.mix(Self.word(digest.bytes[0..<8]) ^ salt)
        let second = Self.mix(Self.word(digest.bytes[8..<16]) &+ salt) | 1
        let count = UInt64(words.count * 64)
        return (0..<Self.probes).map { (first &+ $0 &* second) % count }
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The last step of SplitMix64 (Steele et al., 2014).
    private static func mix(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
        return value ^ value >> 31
    }
}
