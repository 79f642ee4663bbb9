// A copy of the store as it is at one instant, while it serves. The order makes it whole:
//  1. the target is empty, and is marked as unfinished, durably: no start takes it before the mark is gone
//  2. from here on nothing is taken out of chunk files (`ReclaimGate`)
//  3. a snapshot of the index is the instant. A write is acknowledged when the index shows it, so everything
//     that was acknowledged before is in it
//  4. what is live in the snapshot is written as the one generation of a journal of the copy's own
//  5. every chunk file that was there at the instant is copied, as long as it is by then. What the snapshot
//     refers to was synced before it was referred to, and nothing in a chunk file is ever written over
//  6. the files beside the store are copied
//  7. all is synced, file by file and directory by directory, then the journal's manifest is written, and
//     the mark is removed
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
    /// `chunk_files`, `journal_bytes`. Throws `invalidArgument` for a target that cannot be one; what was made
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
        try await store.gate.whileClosed {
            let (files, manifest) = try await onPool { try writeJournal() }
            try await copy(files)
            try await onPool {
                try store.disk.syncDirectory(target.chunkDirectory)
                try store.disk.syncDirectory(target.directory)
                try finish(manifest)
            }
        }
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

    private func finish(_ manifest: JournalManifest) throws {
        try JournalDirectory(disk: store.disk, path: target.journalDirectory).save(manifest)
        try store.disk.remove(target.unfinishedBackup)
        try store.disk.syncDirectory(target.directory)
    }

    // MARK: What is live

    /// Writes the journal, durably, and returns the chunk files that were there at the instant it tells of.
    private func writeJournal() throws -> (files: [UInt64], manifest: JournalManifest) {
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
        return (files, manifest)
    }

    /// No journal: a generation before the copy's, which no index was ever followed through.
    private func predecessor(_ head: IndexHead) -> JournalManifest {
        let now = UInt64(clamping: store.clock.milliseconds())
        return JournalManifest(
            region: head.region, generation: max(store.committer.manifest.generation + 1, now),
            salt: 0)
    }

    // MARK: Files

    private func copy(_ files: [UInt64]) async throws {
        let reader = store.chunks.reader
        let total = try await store.pool.run { try reader.occupiedBytes(files) }
        report.set(JobProgress(stage: "chunk files", total: total, isBytes: true))
        for file in files {
            let name = ChunkFormat.name(of: file)
            try await copy(
                store.configuration.chunkDirectory + "/" + name,
                to: target.chunkDirectory + "/" + name)
            report.add("chunk_files", 1)
        }
        for name in beside {
            let source = store.configuration.directory + "/" + name
            guard store.disk.exists(source) else { continue }
            try await copy(source, to: target.directory + "/" + name)
        }
    }

    private func copy(_ source: String, to path: String) async throws {
        let disk = store.disk
        let copying: CopyFile? = try await onPool {
            do throws(DiskError) {
                return try CopyFile(disk, from: source, to: path)
            } catch {
                guard error.isMissing, !disk.exists(source) else { throw error }
                return nil
            }
        }
        guard let copying else {
            return report.found(JobFinding(source, "it is not there any more", .beyondRepair))
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
