// The contract of bytes: bodies come in by staging, are named by their digest, and go out by ranges.
//
// Order is safety:
//  1. A body is staged: its bytes are appended where nothing refers to them.
//  2. `finish` compares every promised digest; on a mismatch nothing remains of it.
//  3. `finish` returns only when the bytes are durable, so that a record that names them proves them.
//  4. A commit (`BlobStore.keep`, `ObjectStore.commit`, `UploadStore.putPart`) refers to them.
// A staged blob that is let go of without a commit is dead.
//
// Form. A blob lies on the disk in the clear or sealed (encrypted), and in one form at a time. Once sealed, it stays so
// for as long as it is here: bytes in the clear that are kept under its digest, share it. Sealed bytes that are
// kept under the digest of a blob in the clear take its place; the bytes in the clear are garbage from then
// on. An object whose content is sealed never shows over a blob in the clear: where a commit would make it,
// the store seals the blob first.

package import NIOCore

/// How a body is taken in: what it is hashed with beside the blob's identity while it passes, and its form.
package struct HashPlan: Sendable, Hashable {
    /// Needed wherever the bytes become a blob; a part can do without.
    package var sha256: Bool
    package var md5: Bool
    package var sha512: Bool
    package var checksums: Set<ChecksumAlgorithm>
    /// No byte of the body reaches the disk in the clear.
    package var isSealed: Bool

    package init(
        sha256: Bool = true, md5: Bool = false, sha512: Bool = false,
        checksums: Set<ChecksumAlgorithm> = [], isSealed: Bool = false
    ) {
        self.sha256 = sha256
        self.md5 = md5
        self.sha512 = sha512
        self.checksums = checksums
        self.isSealed = isSealed
    }
}

/// What the sender promised about a body; everything that is set must hold.
package struct BodyPromise: Sendable, Hashable {
    package var sizeBytes: UInt64?
    package var md5: [UInt8]?
    package var digests: [ContentDigest]
    package var checksums: [ChecksumAlgorithm: [UInt8]]

    package init(
        sizeBytes: UInt64? = nil, md5: [UInt8]? = nil, digests: [ContentDigest] = [],
        checksums: [ChecksumAlgorithm: [UInt8]] = [:]
    ) {
        self.sizeBytes = sizeBytes
        self.md5 = md5
        self.digests = digests
        self.checksums = checksums
    }
}

/// A body on its way in. One writer. Letting go of it before `finish` abandons the body.
package protocol BlobStaging: AnyObject, Sendable {
    /// Takes the next bytes; returns when the store can take more (back-pressure).
    func write(_ bytes: ByteBuffer) async throws

    /// Ends the body. Throws `digestMismatch` or `sizeMismatch` where a promise does not hold (a promise
    /// of a digest that the plan did not ask for is a programming error).
    func finish(_ promise: BodyPromise) async throws -> StagedBlob
}

/// A durable body that nothing refers to yet. Its store keeps what it knows of the bytes under `ticket`
/// until the last reference is let go of.
package final class StagedBlob: Sendable {
    package let ticket: UInt64
    /// `nil` where the plan did without SHA-256.
    package let blob: BlobID?
    package let sizeBytes: UInt64
    package let md5: [UInt8]?
    package let sha512: [UInt8]?
    package let checksums: [ChecksumAlgorithm: [UInt8]]
    private let release: @Sendable (UInt64) -> Void

    package init(
        ticket: UInt64, blob: BlobID?, sizeBytes: UInt64, md5: [UInt8]? = nil,
        sha512: [UInt8]? = nil, checksums: [ChecksumAlgorithm: [UInt8]] = [:],
        release: @escaping @Sendable (UInt64) -> Void
    ) {
        self.ticket = ticket
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.md5 = md5
        self.sha512 = sha512
        self.checksums = checksums
        self.release = release
    }

    deinit { release(ticket) }
}

/// What is known of a blob.
package struct BlobInfo: Sendable, Hashable {
    package var blob: BlobID
    package var sizeBytes: UInt64
    /// Its bytes failed a check and have not been mended.
    package var isDamaged: Bool
    package var isSealed: Bool

    package init(
        blob: BlobID, sizeBytes: UInt64, isDamaged: Bool = false, isSealed: Bool = false
    ) {
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.isDamaged = isDamaged
        self.isSealed = isSealed
    }
}

/// The store of immutable bytes. All calls may be made at once from anywhere; none blocks the calling
/// thread, and none leaves it where the answer is in memory.
package protocol BlobStore: Sendable {
    /// Begins a body. `expectedBytes` only helps to lay it out. Throws `unavailable` for a body that is to be
    /// sealed where the store has no master key.
    func stage(_ plan: HashPlan, expectedBytes: UInt64?) async throws -> any BlobStaging

    /// `nil` where the blob is not here.
    func stat(_ blob: BlobID) async throws -> BlobInfo?

    /// Whether bytes with this digest are to be staged sealed, also before any are here: the blob is sealed, or a
    /// version that is known here says that its bytes are. For who brings bytes without a name, as replication
    /// and repair do.
    func isToBeSealed(_ blob: BlobID) async throws -> Bool

    /// The bytes of `range`, which lies within the blob (`invalidRange` otherwise). `noSuchBlob` where
    /// it is not here, `damaged` where bytes of the range fail their check. Whoever is told of damage, here
    /// or by the source, finds `stat` saying so, and a body with this digest that is kept mends it.
    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any SegmentSource

    /// Commits a staged blob without a name, as replication does before it publishes what refers to it.
    /// Idempotent. The blob stays for at least the grace period. Bytes that were staged in the clear, and are
    /// to be sealed, are sealed first.
    func keep(_ staged: StagedBlob) async throws -> BlobInfo
}

extension BlobStore {
    /// The whole of a small blob. Throws `limitExceeded` above `limitBytes`.
    package func content(of blob: BlobID, limitBytes: Int) async throws -> ByteBuffer {
        guard let info = try await stat(blob) else {
            throw StorageError(.noSuchBlob, "blob \(blob) is not here")
        }
        guard info.sizeBytes <= UInt64(limitBytes) else {
            throw StorageError(.limitExceeded, "blob \(blob) is larger than \(limitBytes) bytes")
        }
        var result = ByteBuffer()
        let source = try await read(blob, range: 0..<info.sizeBytes)
        while let segment = try await source.next() { try segment.append(to: &result) }
        return result
    }

    /// Stages bytes that are in memory already.
    package func stage(
        bytes: ByteBuffer, plan: HashPlan = HashPlan(md5: true),
        promise: BodyPromise = BodyPromise()
    ) async throws -> StagedBlob {
        let staging = try await stage(plan, expectedBytes: UInt64(bytes.readableBytes))
        try await staging.write(bytes)
        return try await staging.finish(promise)
    }
}
