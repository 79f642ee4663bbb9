// Parts of uploads whose bytes failed a check. A part is in one region only, so nobody mends it: whoever
// completes the upload is told which part to send again. In memory; after a start the next scrub finds them.

internal import ChunkFiles
internal import Journal
internal import Storage
internal import Synchronization

final class DamagedParts: Sendable {
    /// More than this are not remembered: a disk that loses so much is not told of part by part.
    private static let limit = 10_000

    private let chunks = Mutex<Set<ChunkRecord>>([])

    /// A chunk that no blob names failed its check.
    func note(_ chunk: ChunkRecord) {
        chunks.withLock { chunks in
            if chunks.count < Self.limit { chunks.insert(chunk) }
        }
    }

    fileprivate func forget(_ chunk: ChunkRecord) {
        chunks.withLock { chunks in _ = chunks.remove(chunk) }
    }

    fileprivate func among(_ named: [ChunkRecord]) -> [ChunkRecord] {
        chunks.withLock { chunks in chunks.isEmpty ? [] : named.filter(chunks.contains) }
    }
}

extension DurableStore {
    /// Throws `invalidPart` where a part's bytes were found damaged, and still are.
    func requireIntact(_ parts: [PartRecord]) async throws {
        for part in parts {
            guard case .stored(let bytes) = part.source else { continue }
            let owner = ChunkOwner.part(part.upload, part.part.number)
            for chunk in damagedParts.among(bytes.chunkRecords) {
                guard try await CheckChunks(store: self).isIntact(chunk.reference, of: owner)
                else {
                    throw StorageError(
                        .invalidPart,
                        "part \(part.part.number) of upload \(part.upload) is damaged here; send it again"
                    )
                }
                damagedParts.forget(chunk)
            }
        }
    }
}
