// Bytes by digest: bodies come in through `Ingest`, and go out through `Read`.

internal import ChunkFiles
internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore: BlobStore {
    package func stage(
        _ plan: HashPlan, expectedBytes: UInt64?
    ) async throws -> any BlobStaging {
        try await reserve.admit(expectedBytes ?? 0, pool)
        return ingest.stage(plan, sealedWith: plan.isSealed ? try await dataKey() : nil)
    }

    package func stat(_ blob: BlobID) async throws -> BlobInfo? {
        guard use.touch(blob) else { return nil }
        return try await entry(of: blob)?.info
    }

    package func read(
        _ blob: BlobID, range: Range<UInt64>
    ) async throws -> any SegmentSource {
        guard let lease = use.lease(blob) else { throw Self.noSuchBlob(blob) }
        return try await lookups.during { try await read(blob, range: range, lease) }
    }

    private func read(
        _ blob: BlobID, range: Range<UInt64>, _ lease: BlobLease
    ) async throws -> any SegmentSource {
        guard let entry = try await entry(of: blob) else { throw Self.noSuchBlob(blob) }
        guard range.upperBound <= entry.record.sizeBytes else {
            throw StorageError(.invalidRange, "the range is not within blob \(blob)")
        }
        if entry.isDamaged { try await requireIntact(range, of: entry) }
        return try await source(entry.record.bytes, range, of: blob, lease: lease)
    }

    private static func noSuchBlob(_ blob: BlobID) -> StorageError {
        StorageError(.noSuchBlob, "blob \(blob) is not here")
    }

    package func keep(_ staged: StagedBlob) async throws -> BlobInfo {
        try await sealingFirst(staged) { staged in
            guard let staged else { preconditionFailure("what is kept was staged") }
            let record = try blobRecord(of: staged)
            try await prefetch([KeySchema.blob(record.blob)])
            return try await committer.queue.submit(KeepBlob(record: record, staged: staged))
        }
    }

    func entry(of blob: BlobID, once: Bool = false) async throws -> BlobEntry? {
        try await lookup(KeySchema.blob(blob), once: once)?.blob
    }

    /// The record that makes a staged body a blob.
    func blobRecord(of staged: StagedBlob) throws(StorageError) -> BlobRecord {
        guard let content = ingest.content(of: staged), let blob = content.blob else {
            throw StorageError(.invalidArgument, "the body was staged without SHA-256")
        }
        return BlobRecord(
            blob: blob, sizeBytes: content.sizeBytes, bytes: StoredBytes(content.form),
            sha512: staged.sha512)
    }
}
