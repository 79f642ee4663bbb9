// Bodies on their way in: what they share. A body is staged here, and the committer asks here what a
// staged body consists of.

package import Checksums
package import ChunkFiles
package import Storage

package final class Ingest: Sendable {
    let appender: ChunkAppender
    let pool: BlockingPool
    let limits: IngestLimits
    let verified: VerifiedChunks
    let budget: BufferBudget
    let reserve: SpaceReserve
    let syncs: SharedSync
    let staged = StagedBodies()
    let keys: KeyRing
    /// The SHA-256 states at the ends of recently finished bodies, so that a longer one can go on from them.
    package let recentDigests: RecentDigests

    /// What is appended was checksummed from memory and counts as verified for `reads`.
    package init(
        appender: ChunkAppender, reads: ChunkReads, reserve: SpaceReserve,
        limits: IngestLimits = IngestLimits()
    ) {
        self.appender = appender
        self.reserve = reserve
        pool = reads.pool
        keys = reads.keys
        verified = reads.verified
        self.limits = limits
        budget = BufferBudget(limitBytes: limits.bufferedBytes)
        syncs = SharedSync(pool: reads.pool)
        recentDigests = RecentDigests(limit: limits.rememberedDigests)
    }

    /// Begins a body, which is sealed with `key` where there is one.
    package func stage(_ plan: HashPlan, sealedWith key: SealKey? = nil) -> any BlobStaging {
        precondition(plan.isSealed == (key != nil), "a body is sealed with a key, and only then")
        return BodyStaging(plan: plan, key: key, ingest: self)
    }

    /// What the staged body consists of; durable. `nil` where the last reference was let go of, or the
    /// ticket is of another store.
    package func content(of staged: StagedBlob) -> StagedContent? {
        self.staged.content(of: staged.ticket)
    }

    package func statistics() -> [String: UInt64] {
        [
            "ingest_buffered_bytes": UInt64(budget.bookedBytes),
            "ingest_short_chunks": budget.spills,
            "ingest_chunk_syncs": syncs.syncs,
            "ingest_staged_bodies": UInt64(staged.count),
        ]
    }
}
