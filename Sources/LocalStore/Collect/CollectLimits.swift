// The named limits of collecting garbage.

package struct CollectLimits: Sendable, Hashable {
    /// How long a blob that nothing names is left alone after it was last used.
    package var grace: Duration = .seconds(3600)
    /// How long an upload may be idle; `nil`: for ever.
    package var idleUploads: Duration? = .seconds(7 * 24 * 3600)

    /// Places of the table of last uses, 4 bytes each. With as many blobs used within the grace period, two
    /// fifths of the dead ones wait for a later run.
    package var useSlots = 1 << 20
    /// Entries of the index that one step of a walk looks at.
    package var stepEntries = 8192
    /// Blobs that one decision drops: what the committer is kept busy with at a time, and who writes meanwhile
    /// waits for.
    package var dropsPerCommit = 256
    /// Live chunks that are marked at a time, about 100 bytes each.
    package var markedChunks = 1 << 19
    /// Chunks that are referred to anew while live ones are marked.
    package var watchedChunks = 1 << 18

    /// A file of which less than this share is live is compacted, in percent.
    package var compactBelowPercent: UInt64 = 30
    /// What may be dead of the blocks that a file occupies before something is done about it, in percent: so
    /// that what is on the disk is at most 1.2 times what is live.
    package var wastePercent: UInt64 = 15
    /// Below this it is never worth while.
    package var leastWasteBytes: UInt64 = 256 << 10
    /// What is copied before the copies are synced, read back and referred to.
    package var batchBytes: UInt64 = 32 << 20
    /// What compaction may copy in a second; 0: as fast as the disk takes it.
    package var bytesPerSecond: UInt64 = 64 << 20

    /// Commits that wait before collecting gives way, and how long it does so at most between two steps.
    package var busyCommits = 64
    package var busyWait: Duration = .seconds(5)

    package init() {}
}
