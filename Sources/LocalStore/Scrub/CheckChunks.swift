// Reads chunks of a blob where they stand now, and says whether they are well. Beside it chunks move, blobs
// are mended and dropped: what turned out to be about another place, or about a blob that is not that any
// more, is looked at again. What was not in memory before does not stay there.

internal import Checksums
internal import ChunkFiles
internal import DiskIO
internal import Journal
internal import Storage

struct CheckChunks {
    private static let attempts = 3

    let store: DurableStore

    /// Whether the chunk is well, or nobody's any more. Damage of a blob is recorded. `digest` is given the
    /// bytes of a chunk that is well.
    func isIntact(
        _ chunk: ChunkReference, of blob: BlobID?, digest: MessageDigest? = nil
    ) async throws -> Bool {
        let places = ChunkPlaces(index: store.index, committer: store.committer)
        for _ in 0..<Self.attempts {
            let isRead = try await store.pool.run { [reads = store.reads] in
                try Self.read(chunk, at: places, reads, blob, digest)
            }
            if isRead { return true }
            guard let blob else { return false }
            guard let entry = try await store.entry(of: blob),
                case .chunks(let chunks) = entry.record.bytes, chunks.contains(ChunkRecord(chunk))
            else { return true }
            if entry.isDamaged { return false }
        }
        return false
    }

    private static func read(
        _ chunk: ChunkReference, at places: ChunkPlaces, _ reads: ChunkReads, _ blob: BlobID?,
        _ digest: MessageDigest?
    ) throws -> Bool {
        for stored in try places.find([chunk]) {
            let pin = reads.pins.pin([(stored.place, chunk.lengthBytes)])
            defer { withExtendedLifetime(pin) {} }
            let range = ChunkReader.payload(of: chunk, at: stored.place)
            let wasThere = reads.reader.openFile(stored.place.file)?.isResident(range) ?? false
            defer {
                if !wasThere { reads.reader.openFile(stored.place.file)?.evict(range) }
            }
            do throws(StorageError) {
                try reads.withChecked(stored, blob: blob) { digest?.update($0) }
            } catch {
                guard error.code == .damaged else { throw error }
                return false
            }
        }
        return true
    }
}
