// Hashing a blob that is here once more, for what a copy must know and the store does not keep.

internal import Checksums
internal import NIOCore
internal import Storage

/// A hash of any kind that ends in bytes.
protocol FinishableHash: ByteSink, Sendable {
    func finish() -> [UInt8]
}

extension MessageDigest: FinishableHash {}
extension ChecksumHasher: FinishableHash {}

extension S3Handler {
    /// Off the event loop: a large blob takes seconds.
    @concurrent
    func rehash(_ content: ObjectContent, _ hash: any FinishableHash) async throws -> [UInt8] {
        guard content.sizeBytes > 0 else { return hash.finish() }
        let source = try await blobs.read(content.blob, range: 0..<content.sizeBytes)
        while let segment = try await source.next() {
            var bytes = ByteBuffer()
            try segment.append(to: &bytes)
            hash.update(bytes)
        }
        return hash.finish()
    }
}
