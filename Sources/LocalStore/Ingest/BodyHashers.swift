// The hashes of one body: SHA-256 and what else was asked for in one train, MD5 in another beside it,
// since MD5 alone takes longer than all that goes with SHA-256.

internal import Checksums
internal import NIOCore
internal import Storage

/// One train of hashes. **One thread at a time**; who holds it orders the calls.
final class HashTrain: Sendable {
    let sha256: MessageDigest?
    private let others: [MessageDigest]
    private let checksums: [(algorithm: ChecksumAlgorithm, hasher: ChecksumHasher)]

    /// The train with SHA-256, SHA-512 and the checksums.
    init(plan: HashPlan) {
        sha256 = plan.sha256 ? MessageDigest(.sha256) : nil
        others = plan.sha512 ? [MessageDigest(.sha512)] : []
        checksums = plan.checksums.map { ($0, ChecksumHasher($0.kind)) }
    }

    /// The train with MD5 alone.
    init(md5: Bool) {
        sha256 = nil
        others = md5 ? [MessageDigest(.md5)] : []
        checksums = []
    }

    var isEmpty: Bool { sha256 == nil && others.isEmpty && checksums.isEmpty }

    func update(_ bytes: UnsafeRawBufferPointer) {
        sha256?.update(bytes)
        for other in others { other.update(bytes) }
        for (_, hasher) in checksums { hasher.update(bytes) }
    }

    func update(_ pieces: [ByteBuffer]) {
        guard !isEmpty else { return }
        for piece in pieces { piece.withUnsafeReadableBytes { update($0) } }
    }

    /// Ends every hash, and names them.
    func finish(into body: inout HashedBody) {
        for other in others {
            let digest = other.finish()
            switch other.algorithm {
            case .md5: body.md5 = digest
            case .sha512: body.sha512 = digest
            case .sha1, .sha256: preconditionFailure("not among the others: \(other.algorithm)")
            }
        }
        for (algorithm, hasher) in checksums { body.checksums[algorithm] = hasher.finish() }
        if let sha256 { body.blob = BlobID(bytes: sha256.finish()) }
    }
}
