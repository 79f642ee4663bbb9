// Brings the index up to what the journal says, from wherever it is: at its replay point after a crash,
// from the start where there is no index, or none that fits. Rebuilding is this and nothing else.
//
// An index is discarded where it cannot be opened or read, is of another format or region, is ahead of the
// journal (the journal was restored from an older copy) or from before its generation. It is derived, so
// nothing is lost with it; what an index that was ahead knew beyond the journal is reported as damage.

internal import DiskIO
internal import Journal
internal import Logging
internal import MetadataIndex
internal import Storage

/// How far an index is with the journal it follows.
package struct ReplayProgress: Sendable, Hashable {
    package var readBytes: UInt64
    package var totalBytes: UInt64
}

struct RecoverIndex: Sendable {
    /// An index that says all that the journal says.
    struct Outcome {
        var index: any KeyValueIndex
        var head: IndexHead
        /// The sequence that a writer goes on with.
        var nextSequence: UInt64
        /// What was acknowledged once, and is lost here.
        var damage: [JournalDamage]
    }

    /// An index to be brought up to date.
    private struct Opened {
        var index: any KeyValueIndex
        /// `nil` in a new one.
        var head: IndexHead?
        /// How far the one went that was discarded since it was ahead of the journal.
        var discarded: ReplayPoint?
    }

    let configuration: LocalStoreConfiguration
    let journal: JournalDirectory
    var manifest: JournalManifest
    let factory: IndexFactory
    let logger: Logger
    /// Told now and then, by the thread that replays.
    var progress: @Sendable (ReplayProgress) -> Void = { _ in }

    /// `check` throws where the replay is to end between two batches; the index is then closed.
    func run(check: () throws(StorageError) -> Void = {}) throws(StorageError) -> Outcome {
        do {
            let opened = try openIndex()
            do {
                return try replay(into: opened, check)
            } catch IndexError.corrupt(let reason) {
                logger.error(
                    "the index is damaged and is rebuilt", metadata: ["reason": "\(reason)"])
                try opened.index.close()
            }
            return try replay(into: try newIndex(), check)
        } catch {
            throw StorageError(opening: error)
        }
    }

    /// Discards the index that is there, whatever it says, and makes it anew.
    func rebuild() throws(StorageError) -> Outcome {
        do {
            return try replay(into: try newIndex(after: try followedTo())) {}
        } catch {
            throw StorageError(opening: error)
        }
    }

    /// How far the index that is there has followed the journal; `nil` where it cannot say.
    private func followedTo() throws(IndexError) -> ReplayPoint? {
        do throws(IndexError) {
            let index = try factory.open(configuration.indexDirectory)
            let head = try index.get(KeySchema.head).flatMap(IndexHead.init(encoded:))
            try index.close()
            return head?.region == manifest.region ? head?.replay : nil
        } catch {
            guard case .corrupt(let reason) = error else { throw error }
            logger.warning("the index is unusable", metadata: ["reason": "\(reason)"])
            return nil
        }
    }

    // MARK: Opening

    private func openIndex() throws -> Opened {
        var discarded: ReplayPoint?
        do {
            let index = try factory.open(configuration.indexDirectory)
            guard let value = try index.get(KeySchema.head) else { return Opened(index: index) }
            if let head = IndexHead(encoded: value), head.region == manifest.region {
                if let head = try place(head) { return Opened(index: index, head: head) }
                discarded = discard(head.replay)
            } else {
                logger.warning("the index is of another format or region and is rebuilt")
            }
            try index.close()
        } catch IndexError.corrupt(let reason) {
            logger.error("the index is unusable and is rebuilt", metadata: ["reason": "\(reason)"])
        }
        return try newIndex(after: discarded)
    }

    private func newIndex(after discarded: ReplayPoint? = nil) throws(IndexError) -> Opened {
        try factory.destroy(configuration.indexDirectory)
        let index = try factory.open(configuration.indexDirectory)
        return Opened(index: index, discarded: discarded)
    }

    /// The head with its place in the journal as it is now; `nil` where it has none.
    private func place(_ head: IndexHead) throws(JournalError) -> IndexHead? {
        let place = try JournalReplay.place(
            of: head.replay, journal, manifest, limits: configuration.limits.journal)
        guard let place else { return nil }
        var head = head
        if place.generation != head.replay.generation {
            head.deadBytes -= min(head.deadBytes, manifest.predecessor?.deadBytes ?? 0)
        }
        head.replay = place
        return head
    }

    /// Says why an index does not fit; its replay point, where it was ahead.
    private func discard(_ point: ReplayPoint) -> ReplayPoint? {
        guard point.generation >= manifest.generation else {
            logger.warning("the index is from before this generation of the journal and is rebuilt")
            return nil
        }
        logger.error(
            "the journal ends before the index does: it was restored from an older copy; what came after is lost here",
            metadata: ["index": "\(point)"])
        return point
    }

    // MARK: Replaying

    private func replay(
        into opened: Opened, _ check: () throws(StorageError) -> Void
    ) throws -> Outcome {
        let (index, head) = (opened.index, opened.head)
        var replay = try JournalReplay(
            journal, manifest, from: head?.replay, limits: configuration.limits.journal)
        let start = ReplayPoint(
            generation: manifest.generation, file: 0, offsetBytes: 0, nextSequence: 1)
        var transaction = IndexTransaction(
            index, head: head ?? IndexHead(region: manifest.region, replay: start))
        var batches = 0
        progress(ReplayProgress(readBytes: 0, totalBytes: replay.totalBytes))
        while let batch = try replay.next() {
            for record in batch.records { try transaction.apply(record) }
            transaction.head.replay = batch.end
            batches += 1
            try goOn(with: opened, replay, check)
            if transaction.changeBytes >= configuration.limits.replayBytes {
                try index.apply(transaction.changes())
                transaction = IndexTransaction(index, head: transaction.head)
                progress(
                    ReplayProgress(readBytes: replay.readBytes, totalBytes: replay.totalBytes))
            }
        }
        try index.apply(transaction.changes())
        // Should the next start come soon as well, it has nothing to read again.
        if batches > 0 { try index.flush() }
        try goOn(with: opened, replay, check)
        let lost = opened.discarded.flatMap {
            JournalDamage.end(before: $0, at: replay.nextSequence)
        }
        let damage = replay.damage + (lost.map { [$0] } ?? [])
        report(replay, damage, batches: batches)
        return Outcome(
            index: index, head: transaction.head, nextSequence: replay.nextSequence,
            damage: damage)
    }

    /// What was applied to an index that is closed stays in it. What is lost is told by the start that finds
    /// it, since the next one would begin behind it: that one is not given up.
    private func goOn(
        with opened: Opened, _ replay: borrowing JournalReplay,
        _ check: () throws(StorageError) -> Void
    ) throws {
        guard replay.damage.isEmpty, opened.discarded == nil else { return }
        do {
            try check()
        } catch {
            try opened.index.close()
            throw error
        }
    }

    private func report(_ replay: JournalReplay, _ damage: [JournalDamage], batches: Int) {
        for damage in damage {
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
