// The signatures of the chunks of a streamed body: each covers the one before, the first that of the
// request (Amazon S3, "Signature Calculations for the Authorization Header: Transferring Payload in
// Multiple Chunks").

internal import Checksums
internal import Storage

/// Where in its chain a streamed body is. A value: a copy goes its own way.
package struct ChunkSignatureChain: Sendable {
    private static let emptyHash = Hexadecimal.encode(MessageDigest.hash(.sha256, []))

    private let key: HMAC
    /// Time and scope, with their line ends.
    private let context: [UInt8]
    private var previous: [UInt8]

    init(key: HMAC, time: SigningTime, scope: CredentialScope, seed: [UInt8]) {
        self.key = key
        context = Array("\(time.text)\n".utf8) + scope.text + [UInt8(ascii: "\n")]
        previous = seed
    }

    /// The signature of the next chunk, whose bytes have this SHA-256.
    package mutating func sign(chunkSHA256: [UInt8]) -> [UInt8] {
        var text = Array("AWS4-HMAC-SHA256-PAYLOAD\n".utf8)
        append(context: Self.emptyHash, to: &text)
        return advance(text, hash: chunkSHA256)
    }

    /// The signature of the trailers, whose canonical form (`name:value`, a line each) has this SHA-256.
    package mutating func sign(trailerSHA256: [UInt8]) -> [UInt8] {
        var text = Array("AWS4-HMAC-SHA256-TRAILER\n".utf8)
        append(context: nil, to: &text)
        return advance(text, hash: trailerSHA256)
    }

    private func append(context emptyHash: String?, to text: inout [UInt8]) {
        text += context
        Hexadecimal.append(previous, to: &text)
        text.append(UInt8(ascii: "\n"))
        if let emptyHash {
            text += emptyHash.utf8
            text.append(UInt8(ascii: "\n"))
        }
    }

    private mutating func advance(_ text: consuming [UInt8], hash: [UInt8]) -> [UInt8] {
        Hexadecimal.append(hash, to: &text)
        previous = key.code(for: text)
        return previous
    }
}
