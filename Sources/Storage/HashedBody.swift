// What a body hashes to, and the one place where it is compared with what was promised.

internal import Checksums
package import NIOCore

/// A body and what it hashes to.
package struct HashedBody: Sendable {
    package var blob: BlobID?
    package var sizeBytes: UInt64
    package var md5: [UInt8]?
    package var sha512: [UInt8]?
    package var checksums: [ChecksumAlgorithm: [UInt8]]

    package init(
        blob: BlobID?, sizeBytes: UInt64, md5: [UInt8]? = nil, sha512: [UInt8]? = nil,
        checksums: [ChecksumAlgorithm: [UInt8]] = [:]
    ) {
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.md5 = md5
        self.sha512 = sha512
        self.checksums = checksums
    }

    /// Hashes a body that is in memory.
    package init(_ bytes: ByteBuffer, plan: HashPlan) {
        checksums = [:]
        sizeBytes = UInt64(bytes.readableBytes)
        blob = plan.sha256 ? BlobID(bytes: MessageDigest.hash(.sha256, bytes)) : nil
        md5 = plan.md5 ? MessageDigest.hash(.md5, bytes) : nil
        sha512 = plan.sha512 ? MessageDigest.hash(.sha512, bytes) : nil
        for algorithm in plan.checksums {
            let hasher = ChecksumHasher(algorithm.kind)
            hasher.update(bytes)
            checksums[algorithm] = hasher.finish()
        }
    }

    /// Throws `sizeMismatch` or `digestMismatch` where a promise does not hold.
    package func check(_ promise: BodyPromise) throws(StorageError) {
        if let expected = promise.sizeBytes, expected != sizeBytes {
            throw StorageError(
                .sizeMismatch, "\(expected) bytes were promised, \(sizeBytes) came")
        }
        if let expected = promise.md5, expected != md5 {
            throw StorageError(.digestMismatch, "the body's MD5 is not the one that was promised")
        }
        for digest in promise.digests where !has(digest) {
            throw StorageError(.digestMismatch, "the body's digest is not \(digest)")
        }
        for (algorithm, value) in promise.checksums where checksums[algorithm] != value {
            throw StorageError(
                .digestMismatch, "the body's \(algorithm) is not the one that was promised")
        }
    }

    private func has(_ digest: ContentDigest) -> Bool {
        switch digest.algorithm {
        case .sha256: blob?.bytes == digest.bytes
        case .sha512: sha512 == digest.bytes
        }
    }
}
