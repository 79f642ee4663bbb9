// One region's durable store. This file opens and closes it and holds what its parts share; what it does
// is in the files named after it: `Objects/`, `Blobs/`, `Uploads/`, `Feed/` over `Ingest/` (bytes in),
// `Read/` (bytes out), `Commit/` (decisions), `Index/` (what is derived), `Recovery/` and `Backup/`.

internal import ChunkFiles
internal import DiskIO
internal import Journal
package import Logging
internal import MetadataIndex
package import Storage
internal import Synchronization

package final class DurableStore: Sendable {
    package let region: RegionID
    package let incarnation: UInt64
    let configuration: LocalStoreConfiguration
    let disk: any Disk
    let clock: any WallClock
    let random: @Sendable () -> UInt64
    let logger: Logger
    let index: IndexAccess
    let committer: Committer
    let changes: ChangeSignal
    let chunks: ChunkStorage
    let pool: BlockingPool
    /// For walks and copies that no client waits for.
    let background: BlockingPool
    let reads: ChunkReads
    let reserve: SpaceReserve
    let keys = KeyRing()
    let isRotating = Atomic(false)
    let ingest: Ingest
    let follower: DigestFollower
    let use: BlobUse
    let lookups = OpenLookups()
    let watch: ReferenceWatch
    let collected = Collected()
    let gate = ReclaimGate()
    /// It may be one that has heard of no other region yet (`CopyMark`).
    let isCopy: Atomic<Bool>
    let damagedParts: DamagedParts
    let renewal: RenewJournal
    /// What the start found lost of the journal.
    let journalDamage: [JournalDamage]
    private let committerThread: BlockingPool
    /// Held until the store is closed.
    private let lock: Mutex<(any DiskLock)?>

    /// Opens the data directory that is held, and recovers what a crash left. Returns when everything that was
    /// ever acknowledged is there to be read. Throws `refusedToOpen` for a directory of a later format. `uptime`
    /// is the time since some start; it never goes back. `progress` is told how far an index is that has to be
    /// brought up to date; its thread waits. Where the task is cancelled that is given up soon, by
    /// `CancellationError`; the next start goes on with it.
    package static func open(
        _ directory: HeldDirectory, index factory: IndexFactory, clock: any WallClock,
        random: @escaping @Sendable () -> UInt64, logger: Logger,
        uptime: @escaping @Sendable () -> Duration = DurableStore.elapsed(since: .now),
        progress: @escaping @Sendable (ReplayProgress) -> Void = { _ in }
    ) async throws -> DurableStore {
        let isGivenUp = Atomic(false)
        let opening = OpenStore(
            held: directory, factory: factory, clock: clock, random: random, logger: logger,
            progress: progress
        ) { () throws(StorageError) in
            if isGivenUp.load(ordering: .relaxed) { throw BlockingPool.stopped }
        }
        let pool = BlockingPool(threads: directory.configuration.limits.blockingThreads)
        let committerThread = BlockingPool(threads: 1)
        do {
            let opened = try await withTaskCancellationHandler {
                try await pool.run { try opening.run() }
            } onCancel: {
                isGivenUp.store(true, ordering: .relaxed)
            }
            let store = DurableStore(opening, opened, pool, committerThread, uptime)
            do {
                try await store.loadDataKeys()
            } catch {
                try await store.close()
                throw error
            }
            return store
        } catch {
            try await pool.stop()
            try await committerThread.stop()
            try Task.checkCancellation()
            throw error
        }
    }

    private init(
        _ opening: OpenStore, _ opened: OpenStore.Outcome, _ pool: BlockingPool,
        _ committerThread: BlockingPool, _ uptime: @escaping @Sendable () -> Duration
    ) {
        region = opened.manifest.region
        incarnation = opened.head.incarnation
        journalDamage = opened.damage
        isCopy = Atomic(opening.disk.exists(opening.configuration.copyMark))
        configuration = opening.configuration
        disk = opening.disk
        clock = opening.clock
        random = opening.random
        logger = opening.logger
        lock = Mutex(opening.held.lock)
        chunks = opened.chunks
        self.pool = pool
        let background = BlockingPool(
            threads: opening.configuration.limits.backgroundThreads, givesWay: true)
        self.background = background
        self.committerThread = committerThread
        let index = IndexAccess(
            opened.index, recentBytes: opening.configuration.limits.recentIndexBytes)
        let changes = ChangeSignal()
        let recovery = opened.recovery
        let reserve = SpaceReserve(opening)
        self.reserve = reserve
        let logger = opening.logger
        let limits = opening.configuration.limits
        let appender = opened.chunks.appender
        let use = BlobUse(slots: limits.collect.useSlots, now: uptime)
        let watch = ReferenceWatch(
            limit: limits.collect.watchedChunks, isHeld: { appender.isHeld($0) })
        self.use = use
        self.watch = watch
        self.index = index
        self.changes = changes
        let committer = Committer(
            generation: Committer.Generation(manifest: opened.manifest, writer: opened.journal),
            index: index, head: opened.head, changes: changes,
            surroundings: Committer.Surroundings(
                reserve: reserve, configuration: opening.configuration, clock: opening.clock,
                logger: logger, use: use, watch: watch, keys: keys,
                reopenIndex: { (manifest) throws(StorageError) in
                    var recovery = recovery
                    recovery.manifest = manifest
                    return try Self.reopen(index, by: recovery, logger)
                }))
        self.committer = committer
        let damagedParts = DamagedParts()
        self.damagedParts = damagedParts
        let renewal = RenewJournal(
            recovery.journal, index: index, committer: committer, random: random, logger: logger)
        self.renewal = renewal
        reads = ChunkReads(
            reader: chunks.reader, pins: chunks.pins, pool: pool, keys: keys, limits: limits.reads,
            now: { UInt64(uptime() / .milliseconds(1)) },
            onDamage: { [appender = chunks.appender] in
                Self.note($0, committer, appender, damagedParts, logger)
            })
        ingest = Ingest(
            appender: chunks.appender, reads: reads, reserve: reserve, limits: limits.ingest)
        follower = DigestFollower(
            reads: reads, recent: ingest.recentDigests, limits: limits.follow)
        // Also where the thread is stopped before it began: whoever waits is answered.
        committerThread.submit { _ in committer.run { renewal.consider($0, on: background) } }
    }

    /// Finishes the commits that were handed over, makes the index durable so that the next start has
    /// nothing to replay, and lets go of the directory. Nothing may be called afterwards.
    package func close() async throws {
        renewal.stop()
        committer.queue.close()
        try await committerThread.stop()
        try await background.stop()
        try await pool.stop()
        try index.take()?.close()
        lock.withLock { $0 = nil }
    }

    /// Writes a new generation of the journal out of the index, whatever its size, and returns when it counts.
    /// So a batch that the index has, and that cannot be read any more, is whole again.
    package func renewJournal() async throws {
        let renewal = renewal
        try await background.run { try renewal.run() }
    }

    /// What this start could not read of the journal, in words: records that the index lacks.
    package var lostRecords: [String] { journalDamage.map(\.description) }

    /// Why the store does not acknowledge: for good, where a sync failed; for now, where its index cannot be
    /// opened again.
    package var refusal: StorageError? {
        committer.queue.refusal ?? (index.isOpen ? nil : IndexAccess.reopening)
    }

    package static func elapsed(
        since start: ContinuousClock.Instant
    ) -> @Sendable () -> Duration {
        { ContinuousClock.now - start }
    }

    /// Discards what the index has in memory, and reads it again from disk and journal.
    private static func reopen(
        _ index: IndexAccess, by recovery: RecoverIndex, _ logger: Logger
    ) throws(StorageError) -> IndexHead {
        do {
            try index.take()?.close()
        } catch {
            // It failed before; the journal has what it lacks.
            logger.warning("the index could not be closed", metadata: ["error": "\(error)"])
        }
        let recovered = try recovery.run()
        index.put(recovered.index)
        return recovered.head
    }
}

extension SpaceReserve {
    convenience init(_ opening: OpenStore) {
        let configuration = opening.configuration
        self.init(
            disk: opening.disk,
            metadataDirectories: [configuration.directory, configuration.journalDirectory],
            chunkDirectories: [configuration.chunkDirectory],
            reserveBytes: configuration.limits.reserveBytes, logger: opening.logger)
    }
}

// MARK: What the parts share

extension DurableStore {
    /// A value of the index: without a thread hop where it is in memory. It is kept at hand, unless it is looked
    /// up `once`, by a walk.
    func lookup(_ key: Bytes, once: Bool = false) async throws -> ReadValue? {
        do throws(IndexError) {
            switch once ? try index.cached(key).read(at: key) : try index.recent(key) {
            case .found(let value): return value
            case .absent: return nil
            case .notInMemory: break
            }
        } catch {
            throw StorageError(error)
        }
        return try await read { (index) throws(IndexError) in
            try index.get(key).map { value throws(IndexError) in try ReadValue(value, of: key) }
        }
    }

    /// A read of the index that may wait for the disk.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (any KeyValueIndex) throws(IndexError) -> Value
    ) async throws -> Value {
        let index = index
        return try await pool.run { try index.read(body) }
    }

    /// A step of a walk over the index that no client waits for.
    func walk<Value: Sendable>(
        _ step: @escaping @Sendable (any KeyValueIndex) throws(IndexError) -> Value
    ) async throws -> Value {
        let index = index
        return try await background.run { try index.read(step) }
    }

    /// Brings into memory what the committer is about to look up, so that it never waits for a disk.
    func prefetch(_ keys: [Bytes]) async throws {
        let missing = keys.filter { index.cached($0) == .notInMemory }
        guard !missing.isEmpty else { return }
        try await read { (index) throws(IndexError) in
            for key in missing { _ = try index.get(key) }
        }
    }

    /// Throws `noSuchBucket`.
    package func requireBucket(_ bucket: String) async throws {
        if bucket == BucketName.system { return }
        guard try await lookup(KeySchema.shown(Buckets.name(of: bucket))) != nil else {
            throw StorageError(.noSuchBucket, "bucket “\(bucket)” does not exist")
        }
    }

    /// The keys that every decision about a name looks up.
    static func keys(of name: ObjectName) -> [Bytes] {
        [
            KeySchema.shown(name), KeySchema.register(name),
            KeySchema.shown(Buckets.name(of: name.bucket)),
        ]
    }
}
