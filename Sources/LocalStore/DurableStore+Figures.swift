// What the store holds, read from index and disk when it is asked for.

internal import ChunkFiles
internal import DiskIO
internal import Glibc
internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore: Maintenance {
    package func usage(of bucket: String) async throws -> BucketUsage {
        try await lookup(KeySchema.bucketTally(bucket)).map { value throws in
            try BucketTally(encoded: value.bytes).usage
        } ?? BucketUsage()
    }

    package func figures() async throws -> StoreFigures {
        let head = committer.head
        var figures = try await read { (index) throws(IndexError) in
            var figures = StoreFigures()
            let tally = try BucketTally.sum(of: index)
            figures.objects = tally.objects
            figures.logicalBytes = tally.bytes
            for (name, value) in index.statistics() { figures.details["index_" + name] = value }
            return figures
        }
        figures.details["index_recent_bytes"] = UInt64(index.recentBytes)
        figures.blobs = head.blobs
        figures.uploads = head.uploads
        let groups = committer.figures
        figures.details["commit_groups"] = groups.groups
        figures.details["commit_batches"] = groups.batches
        figures.details["commits_waiting"] = UInt64(committer.queue.waitingCount)
        figures.details.merge(ingest.statistics()) { first, _ in first }
        figures.details["journal_live_bytes"] = groups.journal.liveBytes
        figures.details["journal_generation"] = committer.manifest.generation
        figures.details["journal_lost_batches"] = journalDamage.reduce(0) {
            $0 + UInt64($1.sequences.count)
        }
        figures.details["journal_renewals"] = renewal.renewals
        figures.details["feed_number"] = head.feedNumber
        let collected = collected.figures
        figures.deadBytes = collected.live?.deadBytes
        figures.freedBytes = UInt64(max(0, collected.freedBytes))
        figures.details["gc_dropped_blobs"] = collected.droppedBlobs
        figures.details["gc_leased_blobs"] = UInt64(use.leaseCount)
        figures.details["moved_chunks"] = head.movedChunks
        figures.details["data_keys"] = UInt64(keys.count)
        let disk = disk
        let configuration = configuration
        let sizes = try await pool.run { [chunks] in
            try onDisk("what the files occupy is not known") { () throws(DiskError) in
                try DirectorySizes(disk, configuration, chunks.space)
            }
        }
        figures.physicalBytes = sizes.chunkBytes
        figures.journalBytes = sizes.journalBytes
        figures.availableBytes = sizes.availableBytes
        return figures
    }
}

/// What the files of a data directory occupy.
private struct DirectorySizes: Sendable {
    var chunkBytes: UInt64 = 0
    var journalBytes: UInt64 = 0
    var availableBytes: UInt64 = 0

    init(
        _ disk: any Disk, _ configuration: LocalStoreConfiguration, _ chunks: ChunkSpace
    ) throws(DiskError) {
        chunkBytes = try chunks.allocatedBytes()
        journalBytes = try Self.occupied(disk, configuration.journalDirectory)
        availableBytes = try disk.space(at: configuration.directory).availableBytes
    }

    private static func occupied(
        _ disk: any Disk, _ directory: String
    ) throws(DiskError) -> UInt64 {
        var sum: UInt64 = 0
        for name in try disk.list(directory) {
            do throws(DiskError) {
                sum += try disk.allocatedBytes(at: directory + "/" + name)
            } catch {
                // A file may be removed while the others are looked at.
                guard error.code == ENOENT else { throw error }
            }
        }
        return sum
    }
}
