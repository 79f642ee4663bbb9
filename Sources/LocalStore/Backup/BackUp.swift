// A copy of the store as it is at one instant, while it serves. The order makes it whole:
//  1. the target is empty, and is marked as unfinished, durably: no start takes it before the mark is gone
//  2. from here on nothing is taken out of chunk files (`ReclaimGate`)
//  3. a snapshot of the index is the instant. A write is acknowledged when the index shows it, so everything
//     that was acknowledged before is in it
//  4. what is live in the snapshot is written as the one generation of a journal of the copy's own
//  5. every chunk file that was there at the instant is copied, as long as it is by then. What the snapshot
//     refers to was synced before it was referred to, and nothing in a chunk file is ever written over
//  6. the files beside the store are copied
//  7. all is synced, file by file and directory by directory, then what says how old the copy is (`CopyMark`)
//     and the journal's manifest are written, and the mark is removed
//  8. what the copying found damaged is held against the index (`ConfirmDamage`), and told
//
// Files are copied and never linked: a hole that is punched later would be in a link as well.
//
// The copy has no index: the first start makes it from the journal. The generation of its journal is numbered
// by the clock, so an index that was left in a directory that the copy is put back into never fits it.

internal import ChunkFiles
internal import DiskIO
internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore {
    /// Makes a copy of the store in `directory`, which is empty or not there. `beside` are names of files of the
    /// data directory that are no part of the store and belong to the copy. Figures: `copied_bytes`,
    /// `chunk_files`, `journal_bytes`, `damaged_chunks`: every record is checked as it is copied, and what is
    /// damaged is told, and so in the copy. Throws `invalidArgument` for a target that cannot be one; what was made
    /// of a backup that failed stays, marked as unfinished.
    package func backUp(
        to directory: String, beside: [String] = [], _ report: any WorkReport
    ) async throws {
        try await BackUp(store: self, directory: directory, beside: beside, report: report).run()
    }
}

private struct BackUp: Sendable {
    let store: DurableStore
    let target: LocalStoreConfiguration
    let beside: [String]
    let report: any WorkReport

    init(store: DurableStore, directory: String, beside: [String], report: any WorkReport) {
        self.store = store
        target = LocalStoreConfiguration(directory: directory)
        self.beside = beside
        self.report = report
    }

    func run() async throws {
        report.set(JobProgress(stage: "preparing"))
        try await onPool { try prepare() }
        let suspects = try await store.gate.whileClosed {
            let instant = try await onPool { try writeJournal() }
            let suspects = try await copy(instant)
            try await onPool {
                try store.disk.syncDirectory(target.chunkDirectory)
                try store.disk.syncDirectory(target.directory)
                try finish(instant)
            }
            return suspects
        }
        report.set(JobProgress(stage: "damage"))
        try await ConfirmDamage(store: store, report: report).run(suspects)
        try await tellDamage()
    }

    /// What the disk refuses names the place: who asked for the backup chose it.
    private func onPool<Value: Sendable>(
        _ work: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        try await store.pool.run {
            do {
                return try work()
            } catch let error as DiskError {
                throw Self.refusal(error)
            } catch JournalError.disk(let error) {
                throw Self.refusal(error)
            }
        }
    }

    private static func refusal(_ error: DiskError) -> StorageError {
        StorageError(
            error.isFull ? .insufficientStorage : .inputOutput,
            error.isFull ? "the disk is full (\(error))" : "the disk refused: \(error)",
            cause: error)
    }

    // MARK: The target

    private func prepare() throws {
        let (disk, directory) = (store.disk, target.directory)
        let own = store.configuration.directory
        guard directory != own, !directory.hasPrefix(own + "/") else {
            throw StorageError(
                .invalidArgument, "\(directory) is in the data directory; choose another place")
        }
        try disk.makeDirectory(directory)
        guard try disk.list(directory).isEmpty else {
            throw StorageError(
                .invalidArgument,
                disk.exists(target.unfinishedBackup)
                    ? "\(directory) holds a backup that was not finished; remove it first"
                    : "\(directory) is not empty")
        }
        try disk.open(target.unfinishedBackup, .create).sync()
        try disk.syncDirectory(directory)
        for directory in [target.chunkDirectory, target.journalDirectory] {
            try disk.makeDirectory(directory)
        }
    }

    private func finish(_ instant: Instant) throws {
        try instant.mark.write(to: target.copyMark, on: store.disk)
        try JournalDirectory(disk: store.disk, path: target.journalDirectory).save(
            instant.manifest)
        try store.disk.remove(target.unfinishedBackup)
        try store.disk.syncDirectory(target.directory)
    }

    // MARK: What is live

    /// What the journal of the copy tells of.
    private struct Instant: Sendable {
        /// The chunk files that were there, and the last that any record names.
        var files: [UInt64]
        var lastFile: UInt64
        var manifest: JournalManifest
        var mark: CopyMark
    }

    /// Writes the journal, durably.
    private func writeJournal() throws -> Instant {
        guard let index = store.index.enter() else { throw IndexAccess.reopening }
        defer { store.index.leave() }
        report.set(JobProgress(stage: "journal"))
        let live = try LiveRecords(index)
        let files = try store.chunks.reader.files()
        let directory = JournalDirectory(disk: store.disk, path: target.journalDirectory)
        var writing = try WriteGeneration(
            directory, after: predecessor(live.head), live.head, salt: store.random(),
            store.configuration.limits)
        try live.read { record in
            if store.index.isAwaited { throw IndexAccess.reopening }
            try report.checkCancellation()
            try writing.append(record)
            report.advance(1)
        }
        let here = try writing.endLive()
        let manifest = writing.finished(liveBefore: here).manifest
        report.add("journal_bytes", try directory.sizeBytes(of: manifest.generation))
        return Instant(
            files: files, lastFile: max(files.last ?? 0, live.head.lastChunkFile),
            manifest: manifest,
            mark: CopyMark(
                madeMilliseconds: store.clock.milliseconds(),
                newestMilliseconds: Int64(clamping: live.head.clock.milliseconds)))
    }

    /// No journal: a generation before the copy's, which no index was ever followed through.
    private func predecessor(_ head: IndexHead) -> JournalManifest {
        let now = UInt64(clamping: store.clock.milliseconds())
        return JournalManifest(
            region: head.region, generation: max(store.committer.manifest.generation + 1, now),
            salt: 0)
    }

    // MARK: Files

    /// Where no intact chunk was seen on the way.
    private func copy(_ instant: Instant) async throws -> SuspectPlaces {
        let files = instant.files
        var suspects = SuspectPlaces(files: 0...instant.lastFile)
        let reader = store.chunks.reader
        let total = try await store.pool.run { try reader.occupiedBytes(files) }
        report.set(JobProgress(stage: "chunk files", total: total, isBytes: true))
        for file in files {
            let name = ChunkFormat.name(of: file)
            // Over all files so many are remembered; what follows then is looked at again.
            let limit = store.configuration.limits.scrub.suspects
            let check = RecordCheck(file: file, limit: max(limit - suspects.count, 0))
            let copied = try await copy(
                store.configuration.chunkDirectory + "/" + name,
                to: target.chunkDirectory + "/" + name, check)
            report.add("chunk_files", 1)
            guard let copied else { continue }
            for range in copied.suspects { suspects.add(range, of: file) }
            suspects.read(file, sizeBytes: copied.checkedBytes)
        }
        for name in beside {
            let source = store.configuration.directory + "/" + name
            guard store.disk.exists(source) else { continue }
            _ = try await copy(source, to: target.directory + "/" + name)
        }
        return suspects
    }

    /// What `check` found of the file.
    private func copy(
        _ source: String, to path: String, _ check: RecordCheck? = nil
    ) async throws -> RecordCheck? {
        let disk = store.disk
        let copying: CopyFile? = try await onPool {
            do throws(DiskError) {
                return try CopyFile(disk, from: source, to: path, check: check)
            } catch {
                guard error.isMissing, !disk.exists(source) else { throw error }
                return nil
            }
        }
        guard let copying else {
            report.found(JobFinding(source, "it is not there any more", .beyondRepair))
            return nil
        }
        var pace = ScrubPace(
            bytesPerSecond: nil, limits: store.configuration.limits.scrub, pool: store.pool)
        while let bytes = try await step(copying) {
            report.advance(bytes)
            report.add("copied_bytes", bytes)
            try report.checkCancellation()
            try await pace.took(bytes)
        }
        if copying.unreadableBytes > 0 {
            report.found(
                JobFinding(
                    source, "\(copying.unreadableBytes) bytes cannot be read from the disk",
                    .beyondRepair))
        }
        return copying.check
    }

    /// Ends rather than take the space that is kept for deletes.
    private func step(_ copying: CopyFile) async throws -> UInt64? {
        try await onPool { [store] in
            guard store.reserve.room() == .ample else {
                throw StorageError(
                    .insufficientStorage,
                    "the disk of the data directory is full up to its reserve; the backup was given up"
                )
            }
            return try copying.step()
        }
    }

    /// What is damaged here is so in the copy.
    private func tellDamage() async throws {
        var after: BlobID?
        while true {
            let page = try await store.damage(after: after, limit: 100)
            guard let last = page.last else { return }
            for damage in page {
                report.found(
                    JobFinding(
                        damage.blob.description, "\(damage.reason); so it is in the backup",
                        .beyondRepair))
            }
            after = last.blob
        }
    }
}
