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
        /// Opens the index again and replays what it lacks.
        var reopenIndex: @Sendable () throws(StorageError) -> IndexHead
    }

    let queue: CommitQueue
    let changes: ChangeSignal
    private let journal: JournalWriter
    private let index: IndexAccess
    private let surroundings: Surroundings
    private let published: Mutex<IndexHead>
    private let groups = Mutex(GroupFigures())

    init(
        journal: JournalWriter, index: IndexAccess, head: IndexHead, changes: ChangeSignal,
        surroundings: Surroundings
    ) {
        self.journal = journal
        self.index = index
        self.changes = changes
        self.surroundings = surroundings
        published = Mutex(head)
        queue = CommitQueue(limit: surroundings.configuration.limits.waitingCommits)
    }

    /// The head as of the last group that is visible.
    var head: IndexHead { published.withLock { $0 } }

    var figures: GroupFigures { groups.withLock { $0 } }

    /// Runs until the queue is closed. Blocks its thread.
    func run() {
        while let group = queue.takeAll(waitingAtMost: index.isOpen ? nil : Self.reopenInterval) {
            let failure = restoreIndex() ?? commit(group)
            for commit in group { commit.finish(failure) }
            changes.advance()
        }
    }

    /// What keeps the whole group from being acknowledged.
    private func commit(_ group: Deque<any QueuedCommit>) -> StorageError? {
        if let refusal = queue.refusal { return refusal }
        let room = surroundings.reserve.room()
        if room == .none { return StorageError(.insufficientStorage, "the disk is full") }
        guard let current = index.enter() else { return IndexAccess.reopening }
        var context = makeContext(current, room)
        for commit in group {
            commit.decide(&context)
            context.endBatch()
        }
        // The transaction refers to the index, which a reopening must be able to let go of.
        let head = context.transaction.head
        let changes = context.transaction.changes()
        let batches = context.batches
        index.leave()
        if let failure = context.indexFailure { return failure }
        guard !batches.isEmpty else { return nil }
        if let failure = write(batches) { return failure }
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
            recordBytes: limits.journal.batchBytes - limits.batchBytes)
    }

    private func write(_ batches: [EncodedBatch]) -> StorageError? {
        do {
            try journal.append(batches)
        } catch {
            surroundings.logger.error(
                "a commit could not be written", metadata: ["error": "\(error)"])
            return StorageError(appending: error)
        }
        do {
            try journal.sync()
        } catch {
            let refusal = StorageError(
                .unavailable, "the store stopped acknowledging: the journal could not be synced",
                cause: error)
            surroundings.logger.critical(
                "a sync of the journal failed; this store acknowledges nothing any more until it is restarted",
                metadata: ["error": "\(error)"])
            queue.refuse(refusal)
            return refusal
        }
        groups.withLock { $0.add(batches: batches.count) }
        return nil
    }

    private func apply(_ changes: [IndexChange], _ head: IndexHead) -> StorageError? {
        var head = head
        head.replay = journal.end
        var changes = changes
        // The head was encoded before the journal said where the group ends.
        changes[changes.count - 1] = .put(key: KeySchema.head, value: head.encoded)
        do throws(IndexError) {
            guard let current = index.enter() else { throw .inputOutput("it is being reopened") }
            defer { index.leave() }
            try current.apply(changes)
            published.withLock { $0 = head }
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
            let head = try surroundings.reopenIndex()
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
        case .incompatible, .malformed, .noManifest:
            self.init(.inputOutput, "the disk refused a commit", cause: error)
        }
    }
}
