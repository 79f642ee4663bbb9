// What the committer knows of how buckets are kept. Each decision looks its bucket's document up in the index; what
// the document says is read once, and holds as long as the same blob is found.

internal import Journal
internal import MetadataIndex
internal import Storage
internal import Synchronization

final class BucketSettingsCache: Sendable {
    private struct Known {
        let blob: BlobID
        let settings: BucketSettings
    }

    private static let limit = 1024

    /// A document whose very bytes an object has had sealed is sealed as well.
    private let keys: KeyRing
    private let known = Mutex<[String: Known]>([:])

    init(keys: KeyRing) { self.keys = keys }

    /// A bucket without a document, or with one that cannot be read, is kept as every bucket is.
    func settings(
        of bucket: String, in index: IndexTransaction
    ) throws(IndexError) -> BucketSettings {
        guard let value = try index.get(KeySchema.shown(Buckets.settingsName(of: bucket))),
            let blob = try ShownEntry(encoded: value).version.content?.blob
        else { return .standard }
        if let known = known.withLock({ $0[bucket] }), known.blob == blob {
            return known.settings
        }
        guard let stored = try index.blob(blob)?.record.bytes, let bytes = opened(stored) else {
            return .standard
        }
        let settings = BucketSettings(inForce: bytes)
        known.withLock { known in
            if known.count >= Self.limit { known.removeAll() }
            known[bucket] = Known(blob: blob, settings: settings)
        }
        return settings
    }

    private func opened(_ bytes: StoredBytes) -> [UInt8]? {
        do throws(StorageError) { return try keys.small(bytes) } catch { return nil }
    }
}

/// A write took its bucket beyond the soft limit of its quota.
struct QuotaCrossing: Sendable {
    let bucket: String
    let usage: BucketUsage
    let quota: BucketQuota
}

extension BucketTally {
    /// Versions that are kept beside what shows count as well.
    var usage: BucketUsage {
        BucketUsage(objects: objects + versions, bytes: bytes + versionBytes)
    }
}
