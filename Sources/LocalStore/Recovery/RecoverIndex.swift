// Brings the index up to what the journal says, from wherever it is: at its replay point after a crash,
// from the start where there is no index, or none that fits. Rebuilding is this and nothing else.
//
// An index is discarded where it cannot be opened or read, is of another format or region, or is ahead of
// the journal (the journal was restored from an older copy). It is derived, so nothing is lost with it.

internal import DiskIO
internal import Journal
internal import Logging
internal import MetadataIndex
internal import Storage

struct RecoverIndex: Sendable {
    /// An index that says all that the journal says.
    struct Outcome {
        var index: any KeyValueIndex
        var head: IndexHead
        /// The sequence that a writer goes on with.
        var nextSequence: UInt64
    }

    let configuration: LocalStoreConfiguration
    let journal: JournalDirectory
    let manifest: JournalManifest
    let factory: IndexFactory
    let logger: Logger

    func run() throws(StorageError) -> Outcome {
        do {
            let (index, head) = try openIndex()
            do {
                return try replay(into: index, from: head)
            } catch IndexError.corrupt(let reason) {
                logger.error(
                    "the index is damaged and is rebuilt", metadata: ["reason": "\(reason)"])
                try index.close()
            }
            try factory.destroy(configuration.indexDirectory)
            return try replay(into: try factory.open(configuration.indexDirectory), from: nil)
        } catch {
            throw StorageError(opening: error)
        }
    }

    // MARK: Opening

    private func openIndex() throws -> (any KeyValueIndex, IndexHead?) {
        do {
            let index = try factory.open(configuration.indexDirectory)
            guard let value = try index.get(KeySchema.head) else { return (index, nil) }
            if let head = IndexHead(encoded: value), head.region == manifest.region {
                if try reaches(head.replay) { return (index, head) }
                logger.error(
                    "the journal ends before the index does: it was restored from an older copy; what came after is lost here",
                    metadata: ["index": "\(head.replay)"])
            } else {
                logger.warning("the index is of another format or region and is rebuilt")
            }
            try index.close()
        } catch IndexError.corrupt(let reason) {
            logger.error("the index is unusable and is rebuilt", metadata: ["reason": "\(reason)"])
        }
        try factory.destroy(configuration.indexDirectory)
        return (try factory.open(configuration.indexDirectory), nil)
    }

    private func reaches(_ point: ReplayPoint) throws(JournalError) -> Bool {
        try JournalReplay.reaches(point, journal, manifest)
    }

    // MARK: Replaying

    private func replay(
        into index: any KeyValueIndex, from head: IndexHead?
    ) throws -> Outcome {
        var replay = try JournalReplay(
            journal, manifest, from: head?.replay, limits: configuration.limits.journal)
        let start = ReplayPoint(
            generation: manifest.generation, file: 0, offsetBytes: 0, nextSequence: 1)
        var transaction = IndexTransaction(
            index, head: head ?? IndexHead(region: manifest.region, replay: start))
        var batches = 0
        while let batch = try replay.next() {
            for record in batch.records { try transaction.apply(record) }
            transaction.head.replay = batch.end
            batches += 1
            if transaction.changeCount >= configuration.limits.replayChanges {
                try index.apply(transaction.changes())
                transaction = IndexTransaction(index, head: transaction.head)
            }
        }
        try index.apply(transaction.changes())
        // Should the next start come soon as well, it has nothing to read again.
        if batches > 0 { try index.flush() }
        report(replay, batches: batches)
        return Outcome(
            index: index, head: transaction.head, nextSequence: replay.nextSequence)
    }

    private func report(_ replay: JournalReplay, batches: Int) {
        for damage in replay.damage {
            logger.error("damage was found in the journal", metadata: ["damage": "\(damage)"])
        }
        logger.info(
            "the journal was read",
            metadata: [
                "batches": "\(batches)", "bytes": "\(replay.readBytes)",
                "torn_bytes": "\(replay.tornBytes)", "next": "\(replay.nextSequence)",
            ])
    }
}
