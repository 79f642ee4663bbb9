// The files of a new generation of the journal, until they count: what is live, then what was committed since.

internal import Journal
internal import MetadataIndex

struct WriteGeneration: Sendable {
    private let limits: GenerationLimits
    private let journalLimits: JournalLimits
    private let directory: JournalDirectory
    /// Of the generation that is being written over.
    private let old: JournalManifest
    private let writer: JournalWriter
    private var batch = EncodedBatch()
    private var unsyncedBytes: UInt64 = 0
    /// The head of what was live.
    private let head: IndexHead
    /// Where the old generation goes on with what was not carried over yet.
    private(set) var carried: ReplayPoint

    /// Begins a generation behind `old`, of which nothing may be there.
    init(
        _ directory: JournalDirectory, after old: JournalManifest, _ head: IndexHead, salt: UInt64,
        _ limits: LocalStoreLimits
    ) throws(JournalError) {
        self.directory = directory
        self.old = old
        self.head = head
        self.limits = limits.generations
        journalLimits = limits.journal
        carried = head.replay
        let manifest = JournalManifest(
            region: old.region, generation: old.generation + 1,
            firstSequence: head.replay.nextSequence, salt: salt)
        writer = try JournalWriter(
            directory, manifest, nextSequence: head.replay.nextSequence, limits: limits.journal)
    }

    // MARK: What is live

    /// Answers whether there is as much that is not synced as there may be: then the next step begins.
    @discardableResult
    mutating func append(_ record: JournalRecord) throws(JournalError) -> Bool {
        batch.append(record)
        guard batch.body.count >= limits.batchBytes else { return false }
        try writeBatch()
        return unsyncedBytes == 0
    }

    private mutating func writeBatch() throws(JournalError) {
        guard batch.recordCount > 0 else { return }
        try append([batch], byteCount: batch.body.count)
        batch = EncodedBatch()
    }

    private mutating func append(
        _ batches: [EncodedBatch], byteCount: Int
    ) throws(JournalError) {
        try writer.append(batches)
        unsyncedBytes += UInt64(byteCount)
        if unsyncedBytes >= limits.syncBytes { try sync() }
    }

    private mutating func sync() throws(JournalError) {
        try writer.sync()
        unsyncedBytes = 0
    }

    /// All that was live has been appended: the sequence at which what was committed since begins. It has a file
    /// of its own, so that it is found quickly.
    mutating func endLive() throws(JournalError) -> UInt64 {
        try writeBatch()
        try writer.startFile()
        unsyncedBytes = 0
        return writer.nextSequence
    }

    // MARK: What was committed since

    /// Carries over the batches before `sequence`, all of which are durable in the old generation.
    mutating func carry(before sequence: UInt64) throws(JournalError) {
        guard carried.nextSequence < sequence else { return }
        var replay = try JournalReplay(
            directory, old, from: carried, limits: journalLimits, isLive: true)
        var batches: [EncodedBatch] = []
        var byteCount = 0
        while replay.nextSequence < sequence {
            guard let next = try replay.next(), replay.damage.isEmpty else {
                throw .unreadable(sequence: carried.nextSequence)
            }
            batches.append(next.encoded)
            byteCount += batches[batches.count - 1].body.count
            if byteCount >= limits.batchBytes || replay.nextSequence == sequence {
                try append(batches, byteCount: byteCount)
                carried = next.end
                (batches, byteCount) = ([], 0)
            }
        }
        try sync()
    }

    /// How much of the old generation there is between what was carried over and `end`; all of what is behind,
    /// where that is in another file. Nothing where `end` was taken in while the index was at its next batch, which
    /// the index shows before the committer says so.
    func bytesLeft(before end: ReplayPoint) -> UInt64 {
        guard carried.nextSequence < end.nextSequence else { return 0 }
        return carried.file == end.file ? end.offsetBytes - carried.offsetBytes : .max
    }

    /// What the manifest is to say, and the writer that then goes on.
    func finished(liveBefore here: UInt64) -> Committer.Generation {
        var manifest = writer.manifest
        manifest.predecessor = JournalManifest.Predecessor(
            generation: old.generation, sequence: head.replay.nextSequence, here: here,
            deadBytes: head.deadBytes)
        return Committer.Generation(manifest: manifest, writer: writer)
    }
}
