// The contract of looking for damage: everything that is stored is read back and held against what it must
// be. What is found bad is recorded as damage, durably, so that reads refuse it and repair finds it.

/// How far long work is, what it found, and whether it is to end: a job's report, or a schedule's own.
package protocol WorkReport: Sendable {
    func set(_ progress: JobProgress)
    func advance(_ done: UInt64)
    func add(_ figure: String, _ count: UInt64)
    func found(_ finding: JobFinding)
    /// Between two steps: throws `CancellationError` where the work is to end.
    func checkCancellation() throws
}

extension JobProgressReport: WorkReport {}

package struct ScrubOptions: Sendable, Hashable {
    /// Also compute the digest of every blob, not only the checksums of its chunks.
    package var isDeep: Bool
    /// Only what this bucket's objects name.
    package var bucket: String?
    /// How much may be read in a second; as much as the disk gives where it is `nil`. While others need the
    /// disk it is less.
    package var bytesPerSecond: UInt64?
    /// Chunk files below this one were read before.
    package var firstChunkFile: UInt64

    package init(
        isDeep: Bool = false, bucket: String? = nil, bytesPerSecond: UInt64? = nil,
        firstChunkFile: UInt64 = 0
    ) {
        self.isDeep = isDeep
        self.bucket = bucket
        self.bytesPerSecond = bytesPerSecond
        self.firstChunkFile = firstChunkFile
    }
}

/// What a scrub found beside damaged blobs, which the store lists by itself (`Maintenance.damage`).
package struct ScrubOutcome: Sendable, Hashable {
    /// Stretches of the journal that cannot be read, in words.
    package var journalDamage: [String]
    /// Blobs that objects name and of which nothing is known here; the first of them.
    package var missing: [BlobInfo]

    package init(journalDamage: [String] = [], missing: [BlobInfo] = []) {
        self.journalDamage = journalDamage
        self.missing = missing
    }
}

package protocol Scrubbing: Maintenance {
    /// Reads back what `options` say. `passed` is told of chunk files that were read, with all below them;
    /// who remembers it can go on there. Rot of what nothing refers to is no damage. Figures:
    /// `checked_bytes`, `checked_chunks`, `checked_blobs`, `checked_batches`, `checked_names`.
    func scrub(
        _ options: ScrubOptions, _ report: any WorkReport,
        passed: @Sendable (_ chunkFile: UInt64) async throws -> Void
    ) async throws -> ScrubOutcome

    /// Writes the journal anew out of the index, so that nothing of it is damaged.
    func renewJournal() async throws
}
