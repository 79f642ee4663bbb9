// What a local store is opened with: where its data is, and the named limits of everything in it that
// could grow.

package import ChunkFiles
package import Journal
package import MetadataIndex
package import Storage

package struct LocalStoreConfiguration: Sendable {
    /// The data directory: `chunks/`, `journal/`, `index/` and the lock are made in it.
    package var directory: String
    /// Other regions are followed: what they may have forgotten must not come back (`RefuseOldCopy`).
    package var followsOthers: Bool
    /// What the store's own keys are sealed under; without any, nothing can be sealed, and sealed data not be opened.
    package var masterKeys: (any MasterKeys)?
    package var limits: LocalStoreLimits

    package init(
        directory: String, followsOthers: Bool = false, masterKeys: (any MasterKeys)? = nil,
        limits: LocalStoreLimits = LocalStoreLimits()
    ) {
        self.directory = directory
        self.followsOthers = followsOthers
        self.masterKeys = masterKeys
        self.limits = limits
    }

    var chunkDirectory: String { directory + "/chunks" }
    var journalDirectory: String { directory + "/journal" }
    var indexDirectory: String { directory + "/index" }
    var lockFile: String { directory + "/lock" }
    /// In the copy that a backup makes, until it is finished.
    var unfinishedBackup: String { directory + "/unfinished-backup" }
    /// In a copy, until it has heard of another region (`CopyMark`).
    var copyMark: String { directory + "/copied" }
}

package struct LocalStoreLimits: Sendable {
    package var chunks = ChunkLimits()
    package var journal = JournalLimits()
    package var ingest = IngestLimits()
    package var reads = ReadLimits()
    package var follow = FollowLimits()
    package var collect = CollectLimits()
    package var registry = RegistryLimits()
    package var generations = GenerationLimits()
    package var scrub = ScrubLimits()
    /// Commits that may wait for the committer; one more is refused.
    package var waitingCommits = 16_384
    /// A commit whose records exceed this is written as several batches.
    package var batchBytes = 4 << 20
    /// What recovery holds of index changes before it applies them.
    package var replayBytes = 16 << 20
    /// Kept of what was looked up of the index lately.
    package var recentIndexBytes = 8 << 20
    /// Names that a page of a list may hold, whatever was asked for.
    package var pageEntries = 10_000
    /// Free space below which only deletes, drops and compaction write.
    package var reserveBytes: UInt64 = 1280 << 20
    /// Threads for what may block.
    package var blockingThreads = 16
    /// Threads for what no client waits for: a run that collects, a new generation of the journal.
    package var backgroundThreads = 4

    package init() {}
}

/// How the index is opened and discarded. The real one is RocksDB's; the simulation's is in memory.
package struct IndexFactory: Sendable {
    package var open: @Sendable (_ directory: String) throws(IndexError) -> any KeyValueIndex
    /// Removes an index that is not open.
    package var destroy: @Sendable (_ directory: String) throws(IndexError) -> Void

    package init(
        open: @escaping @Sendable (_ directory: String) throws(IndexError) -> any KeyValueIndex,
        destroy: @escaping @Sendable (_ directory: String) throws(IndexError) -> Void
    ) {
        self.open = open
        self.destroy = destroy
    }

    package static func rocks(_ limits: RocksLimits = RocksLimits()) -> IndexFactory {
        IndexFactory(
            open: { (directory) throws(IndexError) in
                try RocksIndex(directory: directory, limits: limits)
            },
            destroy: { (directory) throws(IndexError) in
                try RocksIndex.destroy(directory: directory)
            })
    }
}
