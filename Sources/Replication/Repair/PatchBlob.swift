// Mends a blob of which no region has all: each stretch comes from wherever it is intact, from here first. What
// comes together is held against the digest as a whole, like any body, and takes the place of the bad bytes.

internal import NIOCore
internal import Storage

struct PatchBlob: Sendable {
    /// What is read in one go where it is intact.
    private static let stretchBytes: UInt64 = 4 << 20
    /// A stretch with damage is halved down to this; then other regions are asked.
    private static let leastBytes: UInt64 = 64 << 10

    let blobs: any BlobStore
    let peers: [ReplicationPeer]

    /// Throws `damaged` for a stretch that nobody has, `digestMismatch` where somebody sent wrong bytes.
    func callAsFunction(_ info: BlobInfo) async throws {
        let plan = HashPlan(isSealed: try await blobs.isToBeSealed(info.blob))
        let staging = try await blobs.stage(plan, expectedBytes: info.sizeBytes)
        var offset: UInt64 = 0
        while offset < info.sizeBytes {
            let end = min(offset + Self.stretchBytes, info.sizeBytes)
            try await copy(offset..<end, of: info.blob, to: staging)
            offset = end
        }
        let promise = BodyPromise(
            sizeBytes: info.sizeBytes, digests: [ContentDigest(info.blob)])
        _ = try await blobs.keep(try await staging.finish(promise))
    }

    private func copy(
        _ range: Range<UInt64>, of blob: BlobID, to staging: any BlobStaging
    ) async throws {
        if let bytes = try await own(range, of: blob) { return try await staging.write(bytes) }
        guard UInt64(range.count) <= Self.leastBytes else {
            let middle = range.lowerBound + UInt64(range.count) / 2
            try await copy(range.lowerBound..<middle, of: blob, to: staging)
            return try await copy(middle..<range.upperBound, of: blob, to: staging)
        }
        for peer in peers {
            guard let bytes = await theirs(range, of: blob, from: peer) else { continue }
            return try await staging.write(bytes)
        }
        throw StorageError(
            .damaged,
            "no region has bytes \(range.lowerBound) to \(range.upperBound - 1) of blob \(blob)")
    }

    /// `nil` where some of it is damaged here.
    private func own(_ range: Range<UInt64>, of blob: BlobID) async throws -> ByteBuffer? {
        do {
            let source = try await blobs.read(blob, range: range)
            var bytes = ByteBuffer()
            while let segment = try await source.next() { try segment.append(to: &bytes) }
            return bytes
        } catch let error as StorageError where [.damaged, .noSuchBlob].contains(error.code) {
            return nil
        }
    }

    /// `nil` where the region does not give all of it; the next one is asked.
    private func theirs(
        _ range: Range<UInt64>, of blob: BlobID, from peer: ReplicationPeer
    ) async -> ByteBuffer? {
        var bytes = ByteBuffer()
        do {
            let source = try await peer.transport.read(blob, range: range)
            while var piece = try await source.next() {
                guard bytes.readableBytes + piece.readableBytes <= range.count else { return nil }
                bytes.writeBuffer(&piece)
            }
        } catch {
            return nil
        }
        return bytes.readableBytes == range.count ? bytes : nil
    }
}
