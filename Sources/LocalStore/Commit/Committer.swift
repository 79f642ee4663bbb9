// The only writer of the journal and the only place where anything is decided. One thread runs it.
//
// For everyone who waits, in this order (each step relies on the ones before it):
//  1. decide: each against the index plus what the earlier ones of the group will do to it
//  2. append the batches of all to the journal, in one write
//  3. sync the journal, once
//  4. apply one batch to the index, with the new replay point: now it is visible
//  5. answer those who wait, and wake those who follow the feed
// The chunk files that a decision names were synced before it was submitted. The next group is not
// appended before the sync of this one has returned, and that sync is the only thing that gathers a group.
//
// What fails: at 1, the group, and nothing happened; at 2, the group, of which a crash right then may still
// leave whole batches behind (their callers were told of an error, which says no more than that); at 3, the
// store, which stops acknowledging for good, since nobody can say what is on the disk; at 4, the group (its
// commits are durable and will show), and the index is opened again from disk and brought up to date from
// the journal. Where that fails too, as on a full disk, it is tried again until it succeeds; meanwhile
// everything is refused.

internal import DequeModule
internal import Journal
internal import Logging
internal import MetadataIndex
internal import Storage
internal import Synchronization

final class Committer: Sendable {
    /// What the committer needs from the store around it.
    struct Surroundings: Sendable {
        var reserve: SpaceReserve
        var configuration: LocalStoreConfiguration
        var clock: any WallClock
        var logger: Logger
        var use: BlobUse
        var watch: ReferenceWatch
        var keys: KeyRing
        /// Opens the index again and replays what it lacks of this journal.
        var reopenIndex: @Sendable (JournalManifest) throws(StorageError) -> IndexHead
    }

    /// The generation of the journal that is written. Changed on the committer's thread only.
    struct Generation: Sendable {
        var manifest: JournalManifest
        var writer: JournalWriter
    }

    let queue: CommitQueue
    let changes: ChangeSignal
    private let generation: Mutex<Generation>
    private let index: IndexAccess
    let surroundings: Surroundings
    private let published: Mutex<IndexHead>
    private let groups: Mutex<GroupFigures>
    private let failedAppend = Atomic(false)
    private let settings: BucketSettingsCache

    init(
        generation: Generation, index: IndexAccess, head: IndexHead, changes: ChangeSignal,
        surroundings: Surroundings
    ) {
        self.generation = Mutex(generation)
        let size = JournalSize(bytes: generation.writer.sizeBytes, deadBytes: head.deadBytes)
        groups = Mutex(GroupFigures(journal: size))
        self.index = index
        self.changes = changes
        self.surroundings = surroundings
        settings = BucketSettingsCache(keys: surroundings.keys)
        published = Mutex(head)
        queue = CommitQueue(limit: surroundings.configuration.limits.waitingCommits)
    }

    var limits: LocalStoreLimits { surroundings.configuration.limits }

    /// The head as of the last group that is visible.
    var head: IndexHead { published.withLock { $0 } }

    var figures: GroupFigures { groups.withLock { $0 } }

    /// Whether what is not in the index is not in the journal either. After a write that failed, a crash may
    /// bring back what was refused, until something is written behind it; after a sync that failed, always.
    var isSettled: Bool { !failedAppend.load(ordering: .acquiring) && queue.refusal == nil }

    /// Which generation of the journal is written.
    var manifest: JournalManifest { generation.withLock { $0.manifest } }

    /// Runs until the queue is closed, and calls `afterGroup` when one has been answered. Blocks its thread.
    func run(afterGroup: (JournalSize) -> Void) {
        while let taken = queue.takeAll(waitingAtMost: index.isOpen ? nil : Self.reopenInterval) {
            let isClosed = restoreIndex()
            for interlude in taken.interludes { interlude(queue.refusal ?? isClosed) }
            let failure = isClosed ?? (taken.commits.isEmpty ? nil : commit(taken.commits))
            for commit in taken.commits { commit.finish(failure) }
            changes.advance()
            afterGroup(figures.journal)
        }
    }

    /// The next group goes to this generation. Called on the committer's thread, between two groups.
    func goOn(in next: Generation) { generation.withLock { $0 = next } }

    /// What keeps the whole group from being acknowledged.
    private func commit(_ group: Deque<any QueuedCommit>) -> StorageError? {
        if let refusal = queue.refusal { return refusal }
        let room = surroundings.reserve.room()
        if room == .none { return StorageError(.insufficientStorage, "the disk is full") }
        guard let current = index.enter() else { return IndexAccess.reopening }
        defer { surroundings.use.endDrops() }
        var context = makeContext(current, room)
        for commit in group {
            commit.decide(&context)
            context.endBatch()
        }
        // The transaction refers to the index, which a reopening must be able to let go of.
        let head = context.transaction.head
        let changes = context.transaction.changes()
        let batches = context.batches
        let crossings = context.crossings
        surroundings.use.touch(context.transaction.released)
        index.leave()
        if let failure = context.indexFailure { return failure }
        guard !batches.isEmpty else { return nil }
        if let failure = write(batches) { return failure }
        tell(crossings)
        return apply(changes, head)
    }

    private func makeContext(
        _ current: any KeyValueIndex, _ room: SpaceReserve.Room
    ) -> CommitContext {
        let limits = surroundings.configuration.limits
        return CommitContext(
            transaction: IndexTransaction(current, head: head),
            wallMilliseconds: surroundings.clock.milliseconds(),
            isBelowReserve: room != .ample, batchBytes: limits.batchBytes,
            // A batch may already hold this much when a record joins it.
            recordBytes: limits.journal.batchBytes - limits.batchBytes, use: surroundings.use,
            watch: surroundings.watch, keys: surroundings.keys, settings: settings)
    }

    private func tell(_ crossings: [QuotaCrossing]) {
        for crossing in crossings {
            surroundings.logger.warning(
                "a bucket is beyond the soft limit of its quota",
                metadata: [
                    "bucket": "\(crossing.bucket)", "bytes": "\(crossing.usage.bytes)",
                    "objects": "\(crossing.usage.objects)",
                    "soft_bytes": "\(crossing.quota.softBytes.map(String.init) ?? "none")",
                    "soft_objects": "\(crossing.quota.softObjects.map(String.init) ?? "none")",
                ])
        }
    }

    private func write(_ batches: [EncodedBatch]) -> StorageError? {
        let journal = generation.withLock { $0.writer }
        do {
            try journal.append(batches)
        } catch {
            failedAppend.store(true, ordering: .releasing)
            surroundings.logger.error(
                "a commit could not be written", metadata: ["error": "\(error)"])
            return StorageError(appending: error)
        }
        do {
            try journal.sync()
        } catch {
            return poison("the journal could not be synced", error)
        }
        failedAppend.store(false, ordering: .releasing)
        groups.withLock { $0.add(batches: batches.count) }
        return nil
    }

    /// Nobody can say what is on the disk: the store acknowledges nothing from here on.
    func poison(_ reason: String, _ error: JournalError) -> StorageError {
        let refusal = StorageError(
            .unavailable, "the store stopped acknowledging: " + reason, cause: error)
        surroundings.logger.critical(
            "this store acknowledges nothing any more until it is restarted",
            metadata: ["reason": "\(reason)", "error": "\(error)"])
        queue.refuse(refusal)
        return refusal
    }

    /// Applies changes, of which the head is the last, with the place where the journal is now.
    func apply(_ changes: [IndexChange], _ head: IndexHead) -> StorageError? {
        let journal = generation.withLock { $0.writer }
        var head = head
        head.replay = journal.end
        var changes = changes
        // The head was encoded before the journal said where the group ends.
        changes[changes.count - 1] = .put(key: KeySchema.head, value: head.encoded)
        do throws(IndexError) {
            try index.apply(changes)
            published.withLock { $0 = head }
            groups.withLock {
                $0.journal = JournalSize(bytes: journal.sizeBytes, deadBytes: head.deadBytes)
            }
            return nil
        } catch {
            surroundings.logger.error(
                "the index could not be written and is opened again",
                metadata: ["error": "\(error)"])
            return reopen(after: error)
        }
    }

    private func reopen(after error: IndexError) -> StorageError {
        if let failure = reopen() { return failure }
        return StorageError(
            .inputOutput, "the commit is durable, but was not visible in time", cause: error)
    }

    /// Opens an index that could not be opened before; why it still cannot be.
    private func restoreIndex() -> StorageError? { index.isOpen ? nil : reopen() }

    private func reopen() -> StorageError? {
        do {
            let head = try surroundings.reopenIndex(manifest)
            published.withLock { $0 = head }
            return nil
        } catch {
            surroundings.logger.error(
                "the index could not be opened again; nothing is served until it can",
                metadata: ["error": "\(error)"])
            return IndexAccess.reopening
        }
    }

    /// Between attempts to open an index that could not be.
    private static let reopenInterval: Duration = .seconds(1)
}

/// How well commits share their syncs.
struct GroupFigures: Sendable {
    var groups: UInt64 = 0
    var batches: UInt64 = 0
    /// As of the last one.
    var journal: JournalSize

    mutating func add(batches count: Int) {
        groups += 1
        batches += UInt64(count)
    }
}

extension StorageError {
    /// Why batches could not be appended.
    init(appending error: JournalError) {
        switch error {
        case .disk(let disk):
            self.init("the disk refused a commit", disk)
        case .batchTooLarge:
            self.init(.limitExceeded, "the commit is too large", cause: error)
        case .incompatible, .malformed, .noManifest, .noFiles, .unreadable:
            self.init(.inputOutput, "the disk refused a commit", cause: error)
        }
    }
}
