// A digest as registries write it: an algorithm and its value.

/// The algorithms of the OCI image specification (descriptor.md, "Registered algorithms").
package enum DigestAlgorithm: String, Sendable, Hashable, CaseIterable {
    case sha256
    case sha512

    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        }
    }
}

/// `sha256:<hex>` or `sha512:<hex>` (OCI image specification, descriptor.md, "Digests").
package struct ContentDigest: Hashable, Sendable, CustomStringConvertible {
    package let algorithm: DigestAlgorithm
    package let bytes: [UInt8]

    /// `nil` unless `bytes` has the algorithm's length.
    package init?(_ algorithm: DigestAlgorithm, bytes: [UInt8]) {
        guard bytes.count == algorithm.byteCount else { return nil }
        self.algorithm = algorithm
        self.bytes = bytes
    }

    package init(_ blob: BlobID) {
        algorithm = .sha256
        bytes = blob.bytes
    }

    /// Parses `<algorithm>:<lower-case hex>`; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2, let algorithm = DigestAlgorithm(rawValue: String(halves[0])),
            !halves[1].utf8.contains(where: { (UInt8(ascii: "A")...UInt8(ascii: "F")) ~= $0 }),
            let bytes = Hexadecimal.decode(halves[1])
        else { return nil }
        self.init(algorithm, bytes: bytes)
    }

    package var hex: String { Hexadecimal.encode(bytes) }

    package var description: String { algorithm.rawValue + ":" + hex }

    /// The blob this digest names, where the digest is itself an identity.
    package var blob: BlobID? { algorithm == .sha256 ? BlobID(bytes: bytes) : nil }
}
