// Opening a data directory, in the order that makes it safe:
//  1. take the lock: one daemon on a directory (`HeldDirectory`)
//  2. read the manifest, or make the region's identity in a directory that holds nothing yet; refuse a
//     journal of a later format before anything is changed
//  3. remove what a switch of generations left behind
//  4. bring the index up to the end of the journal, of which only what is on the disk counts
//  5. refuse a backup that is too old to be among others, before this start leaves a trace
//  6. start a new journal file and new chunk files: nothing that is there is truncated or appended to
//  7. write the incarnation, durably
// Nothing is served or acknowledged before the last step is through. Step 4 may be given up between two batches:
// what it did is done, and the next start goes on from there.

internal import ChunkFiles
internal import DiskIO
internal import Journal
internal import Logging
internal import MetadataIndex
internal import Storage

struct OpenStore: Sendable {
    /// A data directory that is ready.
    struct Outcome: Sendable {
        var manifest: JournalManifest
        var index: any KeyValueIndex
        var head: IndexHead
        var journal: JournalWriter
        var chunks: ChunkStorage
        var recovery: RecoverIndex
        var damage: [JournalDamage]
    }

    let held: HeldDirectory
    let factory: IndexFactory
    let clock: any WallClock
    let random: @Sendable () -> UInt64
    let logger: Logger
    let progress: @Sendable (ReplayProgress) -> Void
    /// Throws where the start is given up.
    let check: @Sendable () throws(StorageError) -> Void

    var configuration: LocalStoreConfiguration { held.configuration }
    var disk: any Disk { held.disk }

    func run() throws(StorageError) -> Outcome {
        do { return try open() } catch { throw StorageError(opening: error) }
    }

    private func open() throws -> Outcome {
        try disk.makeDirectory(configuration.chunkDirectory)
        let directory = JournalDirectory(disk: disk, path: configuration.journalDirectory)
        let manifest = try manifest(directory)
        // A start that was cut off may have made a name and not synced it.
        try disk.syncDirectory(configuration.directory)
        try SpaceReserve(self).requireFloor()
        let recovery = RecoverIndex(
            configuration: configuration, journal: directory, manifest: manifest,
            factory: factory, logger: logger, progress: progress)
        let recovered = try recovery.run(check: check)
        do {
            try refuseOldCopy(manifest, recovered.head)
        } catch {
            try recovered.index.close()
            throw error
        }
        var head = recovered.head
        let chunks = try openChunks(manifest, head)
        let journal = try startJournal(directory, manifest, recovered, &head)
        return Outcome(
            manifest: manifest, index: recovered.index, head: head, journal: journal,
            chunks: chunks,
            recovery: recovery, damage: recovered.damage)
    }

    private func refuseOldCopy(
        _ manifest: JournalManifest, _ head: IndexHead
    ) throws {
        guard configuration.followsOthers else { return }
        let judge = RefuseOldCopy(
            retentionMilliseconds: configuration.limits.generations.tombstoneMilliseconds,
            nowMilliseconds: clock.milliseconds())
        guard let mark = try CopyMark.read(configuration.copyMark, on: disk) else {
            return try judge.check(
                generation: manifest.generation, lastIncarnation: head.incarnation,
                newestMilliseconds: head.clock.milliseconds)
        }
        try judge.check(mark)
    }

    private func manifest(_ directory: JournalDirectory) throws -> JournalManifest {
        if let manifest = try directory.manifest() {
            try directory.removeOthers(than: manifest.generation)
            try JournalReplay.check(directory, manifest, limits: configuration.limits.journal)
            return manifest
        }
        try refuseLeftovers()
        // Zero is no region.
        let manifest = JournalManifest(
            region: RegionID(max(random(), 1)), generation: 1, salt: random())
        try directory.save(manifest)
        return manifest
    }

    /// A directory that holds data and no journal is not a new one: its journal is lost or not mounted.
    private func refuseLeftovers() throws {
        let chunkFiles = try disk.list(configuration.chunkDirectory)
        guard chunkFiles.isEmpty, !disk.exists(configuration.indexDirectory) else {
            throw StorageError(
                .refusedToOpen,
                "there is data but no journal; put back journal/ from a backup, or use another directory"
            )
        }
    }

    private func openChunks(
        _ manifest: JournalManifest, _ head: IndexHead
    ) throws -> ChunkStorage {
        try ChunkStorage(
            disk: disk, directories: [configuration.chunkDirectory],
            storeID: manifest.region.value, lastFile: head.lastChunkFile,
            limits: configuration.limits.chunks)
    }

    /// Begins a journal file with the incarnation of this start.
    private func startJournal(
        _ directory: JournalDirectory, _ manifest: JournalManifest,
        _ recovered: RecoverIndex.Outcome, _ head: inout IndexHead
    ) throws -> JournalWriter {
        let incarnation = max(head.incarnation + 1, UInt64(clamping: clock.milliseconds()))
        let record = JournalRecord.incarnation(
            IncarnationRecord(
                region: manifest.region, incarnation: incarnation,
                firstNumber: head.feedNumber + 1))
        let journal = try JournalWriter(
            directory, manifest, nextSequence: recovered.nextSequence,
            limits: configuration.limits.journal)
        try journal.append([EncodedBatch([record])])
        try journal.sync()
        var transaction = IndexTransaction(recovered.index, head: head)
        try transaction.apply(record)
        transaction.head.replay = journal.end
        try recovered.index.apply(transaction.changes())
        head = transaction.head
        return journal
    }
}

/// The chunk files of a store: those that are read, those that are written, and what is being read.
struct ChunkStorage: Sendable {
    let reader: ChunkReader
    let appender: ChunkAppender
    let space: ChunkSpace
    let pins = ChunkPins()

    /// New files get ids above `lastFile` and above every file that is there.
    init(
        disk: any Disk, directories: [String], storeID: UInt64, lastFile: UInt64,
        limits: ChunkLimits
    ) throws(DiskError) {
        reader = ChunkReader(
            disk: disk, directories: directories, storeID: storeID, limits: limits)
        space = ChunkSpace(disk: disk, directories: directories, reader: reader)
        let last = max(try reader.files().last ?? 0, lastFile)
        appender = ChunkAppender(
            disk: disk, directories: directories, storeID: storeID, firstFile: last + 1,
            limits: limits)
    }
}

extension StorageError {
    /// Why a data directory could not be opened.
    init(opening error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as IndexError: self.init(error)
        case let error as JournalError: self.init(opening: error)
        case let error as DiskError:
            self.init("the data directory could not be read or written", error)
        default:
            self.init(.inputOutput, "the data directory could not be read or written", cause: error)
        }
    }

    private init(opening error: JournalError) {
        switch error {
        case .incompatible, .malformed, .noManifest, .noFiles:
            self.init(.refusedToOpen, error.description, cause: error)
        case .disk(let disk):
            self.init("the journal could not be read or written", disk)
        case .batchTooLarge, .unreadable:
            self.init(.inputOutput, "the journal could not be read or written", cause: error)
        }
    }
}
