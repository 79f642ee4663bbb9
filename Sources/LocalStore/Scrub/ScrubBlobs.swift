// Reads blob by blob, in the order of the index: where each digest is to be computed, or where only one
// bucket's blobs are wanted. A blob that was damaged and reads well again is mended by that.

internal import Checksums
internal import ChunkFiles
internal import Journal
internal import MetadataIndex
internal import NIOCore
internal import Storage

struct ScrubBlobs {
    let store: DurableStore
    let report: any WorkReport
    let options: ScrubOptions
    var pace: ScrubPace

    private var limits: ScrubLimits { store.configuration.limits.scrub }

    init(
        _ store: DurableStore, _ report: any WorkReport, _ options: ScrubOptions, _ pace: ScrubPace
    ) {
        self.store = store
        self.report = report
        self.options = options
        self.pace = pace
    }

    mutating func run() async throws {
        let blobs = store.committer.head.blobs
        report.set(JobProgress(stage: "blobs", total: options.bucket == nil ? blobs : 0))
        var after: BlobID?
        while true {
            let (page, last) = try await page(after: after)
            for entry in page {
                try report.checkCancellation()
                try await check(entry)
            }
            guard let last else { return }
            after = last
        }
    }

    /// The next blobs that are wanted, and the last one that was looked at; `nil` at the end.
    private func page(after: BlobID?) async throws -> ([BlobEntry], last: BlobID?) {
        let (bucket, limits) = (options.bucket, limits)
        return try await store.read { (index) throws(IndexError) in
            let range = KeySchema.allBlobs
            let cursor = try index.cursor(from: range.from, to: range.to)
            try cursor.seek(to: after.map { KeySchema.blob($0) + [0] } ?? range.from)
            var entries: [BlobEntry] = []
            var last: BlobID?
            for _ in 0..<limits.pageEntries {
                guard cursor.key != nil else { return (entries, nil) }
                let entry = try BlobEntry(encoded: cursor.value)
                last = entry.record.blob
                if try Self.isNamed(entry.record.blob, in: bucket, index) { entries.append(entry) }
                guard entries.count < limits.pageBlobs else { return (entries, last) }
                try cursor.next()
            }
            return (entries, last)
        }
    }

    private static func isNamed(
        _ blob: BlobID, in bucket: String?, _ index: any KeyValueIndex
    ) throws(IndexError) -> Bool {
        guard let bucket else { return true }
        let range = KeySchema.referrers(of: blob, in: bucket)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        return cursor.key != nil
    }

    /// Looks again at everything that is marked as damaged.
    mutating func runOverDamage() async throws {
        var after: BlobID?
        while true {
            let page = try await store.damage(after: after, limit: limits.pageBlobs)
            for damage in page {
                try report.checkCancellation()
                guard let entry = try await store.entry(of: damage.blob, once: true) else {
                    continue
                }
                try await check(entry)
            }
            guard let last = page.last else { return }
            after = last.blob
        }
    }

    private mutating func check(_ entry: BlobEntry) async throws {
        let record = entry.record
        let isWell: Bool
        switch record.bytes {
        case .inline, .sealed:
            isWell = try hasDigest(inRecord: record)
            if !isWell { try await markWhole(record) }
        case .chunks(let chunks):
            isWell = try await check(chunks, of: entry)
        }
        report.advance(1)
        report.add("checked_blobs", 1)
        guard isWell, entry.isDamaged else { return }
        let mend = MarkMended(blob: record.blob, bytes: record.bytes)
        guard try await store.committer.queue.submit(mend) else { return }
        report.found(JobFinding(record.blob.description, "its bytes can be read again", .mended))
    }

    /// Whether bytes that ride in their record have their digest.
    private func hasDigest(inRecord record: BlobRecord) throws(StorageError) -> Bool {
        do throws(StorageError) {
            guard let bytes = try store.keys.small(record.bytes) else { return true }
            return MessageDigest.hash(.sha256, bytes) == record.blob.bytes
        } catch {
            guard error.code == .damaged else { throw error }
            return false
        }
    }

    /// Damage ends only where the digest says so.
    private mutating func check(
        _ chunks: [ChunkRecord], of entry: BlobEntry
    ) async throws -> Bool {
        let record = entry.record
        let check = CheckChunks(store: store)
        let digest = options.isDeep || entry.isDamaged ? MessageDigest(.sha256) : nil
        var isWell = true
        for chunk in chunks {
            try report.checkCancellation()
            let isIntact = try await check.isIntact(
                chunk.reference, of: .blob(record.blob), digest: digest)
            if !isIntact { report.add("damaged_chunks", 1) }
            isWell = isWell && isIntact
            report.add("checked_bytes", UInt64(chunk.lengthBytes))
            report.add("checked_chunks", 1)
            try await pace.took(UInt64(chunk.lengthBytes))
        }
        guard isWell, let digest, digest.finish() != record.blob.bytes else { return isWell }
        try await markWhole(record)
        return false
    }

    private func markWhole(_ record: BlobRecord) async throws {
        let mark = MarkDamaged(
            blob: record.blob, finding: .whole(record.bytes),
            reason: "its bytes do not have its digest")
        _ = try await store.committer.queue.submit(mark)
    }
}
