// Hashing a blob that is here once more, for what a copy must know and the store does not keep.

package import Checksums
internal import NIOCore

/// A hash of any kind that ends in bytes.
package protocol FinishableHash: ByteSink, Sendable {
    func finish() -> [UInt8]
}

extension MessageDigest: FinishableHash {}
extension ChecksumHasher: FinishableHash {}

extension BlobStore {
    /// Off the event loop: a large blob takes seconds.
    @concurrent
    package func rehash(
        _ content: ObjectContent, _ hash: any FinishableHash
    ) async throws -> [UInt8] {
        guard content.sizeBytes > 0 else { return hash.finish() }
        let source = try await read(content.blob, range: 0..<content.sizeBytes)
        while let segment = try await source.next() {
            var bytes = ByteBuffer()
            try segment.append(to: &bytes)
            hash.update(bytes)
        }
        return hash.finish()
    }

    /// Whether the bytes have that digest. A sha512 is computed.
    package func has(_ digest: ContentDigest, _ content: ObjectContent) async throws -> Bool {
        switch digest.algorithm {
        case .sha256: digest.blob == content.blob
        case .sha512: try await rehash(content, MessageDigest(.sha512)) == digest.bytes
        }
    }
}
