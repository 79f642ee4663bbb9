// `repair --rebuild-index`: recovery from position zero, without a daemon. Nothing but the index is written, and
// no start is recorded: what a rebuild leaves is what the next start would have made of an index that is gone.

package import DiskIO
internal import Journal
package import Logging
internal import MetadataIndex
package import Storage

/// What a rebuilt index holds.
package struct RebuiltIndex: Sendable, Hashable {
    package var objects: UInt64 = 0
    package var blobs: UInt64 = 0
    package var uploads: UInt64 = 0
    /// What was acknowledged once, and cannot be read any more; a sentence each.
    package var lost: [String] = []
}

package struct RebuildIndex: Sendable {
    private let configuration: LocalStoreConfiguration
    private let disk: any Disk
    private let factory: IndexFactory
    private let logger: Logger

    package init(
        _ configuration: LocalStoreConfiguration, disk: any Disk, index factory: IndexFactory,
        logger: Logger
    ) {
        self.configuration = configuration
        self.disk = disk
        self.factory = factory
        self.logger = logger
    }

    /// Discards the index and makes it anew. Blocks. Throws `refusedToOpen` where a daemon has the directory,
    /// and where there is no journal to read.
    package func run() throws(StorageError) -> RebuiltIndex {
        guard disk.exists(configuration.journalDirectory) else { throw Self.noJournal }
        let held = try HeldDirectory(configuration, disk: disk)
        do {
            let rebuilt = try rebuild()
            // The daemon may have it when the index is closed, and not before.
            withExtendedLifetime(held) {}
            return rebuilt
        } catch {
            throw StorageError(opening: error)
        }
    }

    private func rebuild() throws -> RebuiltIndex {
        let directory = JournalDirectory(disk: disk, path: configuration.journalDirectory)
        guard let manifest = try directory.manifest() else { throw Self.noJournal }
        try directory.removeOthers(than: manifest.generation)
        try JournalReplay.check(directory, manifest, limits: configuration.limits.journal)
        let recovered = try RecoverIndex(
            configuration: configuration, journal: directory, manifest: manifest,
            factory: factory, logger: logger
        ).rebuild()
        var rebuilt = RebuiltIndex()
        rebuilt.blobs = recovered.head.blobs
        rebuilt.uploads = recovered.head.uploads
        rebuilt.lost = recovered.damage.map(\.description)
        rebuilt.objects = try BucketTally.sum(of: recovered.index).objects
        try recovered.index.close()
        return rebuilt
    }

    private static let noJournal = StorageError(
        .refusedToOpen, "there is no journal to rebuild an index from")
}

extension BucketTally {
    /// What all buckets show.
    static func sum(of index: any KeyValueIndex) throws(IndexError) -> BucketTally {
        var sum = BucketTally()
        let range = KeySchema.allBucketTallies
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        while cursor.key != nil {
            let tally = try BucketTally(encoded: cursor.value)
            sum.objects += tally.objects
            sum.bytes += tally.bytes
            try cursor.next()
        }
        return sum
    }
}
