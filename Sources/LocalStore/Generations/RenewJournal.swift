// Writes a new generation of the journal out of the index, so that the journal stays proportional to what is
// live and what was purged cannot come back by a rebuild. Runs on a thread of the pool, beside everything else.
//
// What lets bytes go here is the removal of the old generation's files, and its essay is this:
//  1. What expired is forgotten by commits of its own (`ForgetExpired`), so that the index and whoever replays
//     the journal know of it like of any other change. The steps that follow leave nothing out.
//  2. A snapshot of the index says what was live when the journal had come to some sequence; the snapshot has
//     that sequence in its head, in the same batch, so the two cannot differ. All of it is written as records.
//  3. Batches from that sequence on are carried over as they are, out of the old files, round by round until
//     little is left; the new files are synced. Only batches are carried that were synced in the old generation
//     (the committer's head names them). A batch that cannot be read back ends the attempt.
//  4. The index is flushed: whatever happens from here on, its replay point lies at or behind the snapshot's,
//     and the manifest says where that is in the new generation. So the index outlives the switch in a crash.
//  5. The committer, between two groups, carries over the rest and switches (`AdoptGeneration`).
//  6. Only then are the old files removed; nothing names them any more.
//
// What a crash leaves: before the manifest is switched, the old generation, whole; after it, the new one, whole
// (it was synced before). The files of the other one are removed by the next start. A purge, a tombstone or a
// drop that is committed meanwhile is in the carried batches and follows the records it is about, as before.
// The index closed or opened again meanwhile ends the attempt: who wants it back never waits for this.

internal import Dispatch
internal import Journal
internal import Logging
internal import MetadataIndex
internal import Storage
internal import Synchronization

final class RenewJournal: Sendable {
    private struct State {
        var isStopped = false
        /// An attempt of its own accord is on its way.
        var isBegun = false
        /// The size below which no attempt is made of its own accord.
        var leastBytes: UInt64
        /// The same while much of the journal is about to die; 0: it is not.
        var postponedBelowBytes: UInt64 = 0
        var renewals: UInt64 = 0
    }

    private let directory: JournalDirectory
    private let index: IndexAccess
    private let committer: Committer
    private let random: @Sendable () -> UInt64
    private let logger: Logger
    private let state: Mutex<State>
    /// One at a time.
    private let turn = DispatchSemaphore(value: 1)

    init(
        _ directory: JournalDirectory, index: IndexAccess, committer: Committer,
        random: @escaping @Sendable () -> UInt64, logger: Logger
    ) {
        self.directory = directory
        self.index = index
        self.committer = committer
        self.random = random
        self.logger = logger
        state = Mutex(State(leastBytes: committer.limits.generations.leastBytes))
    }

    /// Generations begun since the start.
    var renewals: UInt64 { state.withLock { $0.renewals } }

    /// Ends what is under way at its next step, and begins nothing any more.
    func stop() { state.withLock { $0.isStopped = true } }

    /// Called after each group: begins a generation on `pool` where the journal has become too large.
    func consider(_ size: JournalSize, on pool: BlockingPool) {
        guard size.isMostlyDead, !isPostponed(size) else { return }
        let isDue = state.withLock { state in
            guard !state.isBegun, !state.isStopped, size.bytes >= state.leastBytes else {
                return false
            }
            state.isBegun = true
            return true
        }
        guard isDue else { return }
        pool.submit { [self] isRunning in
            if isRunning { runOfItsOwnAccord() }
        }
    }

    /// While `work` lets most of what the journal holds die, no generation is begun of its own accord: it would
    /// write what is dead before it counts, and a second one would have to follow. Not for ever: the journal may
    /// grow to twice its size meanwhile, and not into the reserve.
    func postponed(
        on pool: BlockingPool, during work: () async throws -> Void
    ) async rethrows {
        let bytes =
            committer.figures.journal.bytes / 100 * committer.limits.generations.postponedPercent
        state.withLock { $0.postponedBelowBytes = bytes }
        defer {
            state.withLock { $0.postponedBelowBytes = 0 }
            consider(committer.figures.journal, on: pool)
        }
        try await work()
    }

    private func isPostponed(_ size: JournalSize) -> Bool {
        size.bytes < state.withLock { $0.postponedBelowBytes }
            && committer.surroundings.reserve.room() == .ample
    }

    /// An attempt that failed is made again when the journal has grown by as much as makes one worth while.
    private func runOfItsOwnAccord() {
        let least = committer.limits.generations.leastBytes
        var next = least
        do {
            try run()
        } catch {
            next += committer.figures.journal.bytes
            logger.warning(
                "no new generation of the journal was written", metadata: ["reason": "\(error)"])
        }
        state.withLock { [next] state in
            state.isBegun = false
            state.leastBytes = next
        }
    }

    /// Writes a generation and returns when it counts. Blocks for as long as that takes.
    func run() throws(StorageError) {
        turn.wait()
        defer { turn.signal() }
        do {
            try ForgetExpired(index: index, committer: committer, check: check).run()
            try renew()
        } catch let error as StorageError {
            throw error
        } catch let error as JournalError {
            throw StorageError(appending: error)
        } catch let error as IndexError {
            throw StorageError(error)
        } catch {
            throw StorageError(.inputOutput, "the journal could not be renewed", cause: error)
        }
    }

    private func renew() throws {
        try check()
        let before = committer.figures.journal.bytes
        let old = committer.manifest
        try directory.removeOthers(than: old.generation)
        do {
            let (written, here) = try write(after: old)
            try committer.queue.waitBetweenGroups { [committer, directory] in
                Result { () throws(StorageError) in
                    try committer.adopt(written, liveBefore: here, in: directory)
                }
            }
        } catch {
            // Where the store stopped acknowledging, nobody knows which generation counts.
            if committer.queue.refusal == nil { leave(committer.manifest) }
            throw error
        }
        state.withLock { $0.renewals += 1 }
        leave(committer.manifest)
        logger.info(
            "a new generation of the journal was written",
            metadata: [
                "generation": "\(old.generation + 1)", "bytes_before": "\(before)",
                "bytes": "\(committer.figures.journal.bytes)",
            ])
    }

    /// Removes what is not of the generation that counts. What cannot be removed now is at the next start.
    private func leave(_ manifest: JournalManifest) {
        do {
            try directory.removeOthers(than: manifest.generation)
        } catch {
            logger.warning(
                "an old generation of the journal could not be removed",
                metadata: ["error": "\(error)"])
        }
    }

    /// All but the last of what was committed since.
    private func write(after old: JournalManifest) throws -> (WriteGeneration, here: UInt64) {
        var generation = try writeLive(after: old)
        let here = try generation.endLive()
        let limits = committer.limits.generations
        for _ in 0..<limits.carryRounds {
            try check()
            let end = committer.head.replay
            let rest = generation.bytesLeft(before: end)
            try generation.carry(before: end.nextSequence)
            guard rest > limits.tailBytes else {
                try index.read { (index) throws(IndexError) in try index.flush() }
                return (generation, here)
            }
        }
        throw StorageError(.unavailable, "more is committed than can be carried over")
    }

    private func writeLive(after old: JournalManifest) throws -> WriteGeneration {
        guard let current = index.enter() else { throw IndexAccess.reopening }
        defer { index.leave() }
        let live = try LiveRecords(current)
        var generation = try WriteGeneration(
            directory, after: old, live.head, salt: random(), committer.limits)
        try requireRoom()
        try live.read { record in
            try check()
            if try generation.append(record) { try requireRoom() }
        }
        return generation
    }

    /// A new generation makes room, but only at its end: on the way there it must not take what commits need.
    private func requireRoom() throws(StorageError) {
        let limits = committer.limits.generations
        try committer.surroundings.reserve.requireAboveFloor(
            journalBytes: limits.syncBytes + limits.tailBytes)
    }

    /// Throws where the work is to end.
    private func check() throws(StorageError) {
        if let refusal = committer.queue.refusal { throw refusal }
        if index.isAwaited { throw IndexAccess.reopening }
        if state.withLock({ $0.isStopped }) { throw BlockingPool.stopped }
    }
}
