// Reads chunks of a blob or part where they stand now, and says whether they are well. Beside it chunks move,
// blobs are mended, parts replaced, both dropped. So the record is looked up again for each chunk, and the
// chunk pinned in the same look-up (`OpenLookups`): what is then read is neither moved nor given back before
// it has been. What was not in memory before does not stay there.

internal import Checksums
internal import ChunkFiles
internal import DiskIO
internal import Journal
internal import MetadataIndex
internal import Storage

struct CheckChunks {
    private static let attempts = 3

    let store: DurableStore

    /// Whether the chunk is well, or not its owner's any more. Damage of a blob is recorded. `digest` is given
    /// the bytes of a chunk that is well.
    func isIntact(
        _ chunk: ChunkReference, of owner: ChunkOwner, digest: MessageDigest? = nil
    ) async throws -> Bool {
        for _ in 0..<Self.attempts {
            guard let pinned = try await pin(chunk, of: owner) else { return true }
            let isRead = try await store.pool.run { [reads = store.reads] in
                try Self.read(pinned, reads, owner.blob, digest)
            }
            if isRead { return true }
            // A blob that is marked now was it while it consisted of this chunk. One that is not has been
            // mended, or its chunk moved, in between: it is looked at again.
            guard case .blob(let blob) = owner else { return false }
            if try await store.entry(of: blob, once: true)?.isDamaged == true { return false }
        }
        return false
    }

    /// Keeps the chunk where it is; `nil` where it is not its owner's any more.
    private func pin(
        _ chunk: ChunkReference, of owner: ChunkOwner
    ) async throws -> PinnedChunks? {
        try await store.lookups.during {
            let record = ChunkRecord(chunk)
            guard try await store.bytes(of: owner)?.chunkRecords.contains(record) == true,
                case .chunks(let pinned) = try await store.pinned(.chunks([record]))
            else { return nil }
            return pinned
        }
    }

    private static func read(
        _ pinned: PinnedChunks, _ reads: ChunkReads, _ blob: BlobID?, _ digest: MessageDigest?
    ) throws -> Bool {
        defer { withExtendedLifetime(pinned) {} }
        for stored in pinned.chunks {
            let range = ChunkReader.payload(of: stored.reference, at: stored.place)
            let wasThere = reads.reader.openFile(stored.place.file)?.isResident(range) ?? false
            defer {
                if !wasThere { reads.reader.openFile(stored.place.file)?.evict(range) }
            }
            do throws(StorageError) {
                if let digest {
                    try reads.withChecked(stored, blob: blob) { digest.update($0) }
                } else {
                    try reads.withStored(stored, blob: blob) { _ in }
                }
            } catch {
                guard error.code == .damaged else { throw error }
                return false
            }
        }
        return true
    }
}

extension DurableStore {
    /// What a blob or a stored part consists of; `nil` where it is not here.
    fileprivate func bytes(of owner: ChunkOwner) async throws -> StoredBytes? {
        switch owner {
        case .blob(let blob):
            return try await entry(of: blob, once: true)?.record.bytes
        case .part(let upload, let number):
            let part = try await lookup(KeySchema.part(upload, number), once: true).map {
                value throws in
                try PartRecord(encoded: value.bytes[...])
            }
            guard case .stored(let bytes)? = part?.source else { return nil }
            return bytes
        }
    }
}
