// Reads the journal from its start to where it ended when the scrub began, as a rebuild would. What of it is
// damaged is not lost while the index has it; writing the journal anew mends it.

internal import Journal
internal import Storage

struct ScrubJournal {
    private static let attempts = 3

    let store: DurableStore
    let report: any WorkReport
    var pace: ScrubPace

    init(_ store: DurableStore, _ report: any WorkReport, _ pace: ScrubPace) {
        self.store = store
        self.report = report
        self.pace = pace
    }

    /// What cannot be read, in words.
    mutating func run() async throws -> [String] {
        var failure: (any Error)?
        for _ in 0..<Self.attempts {
            report.set(JobProgress(stage: "journal", isBytes: true))
            do {
                return try await read(try await begin())
            } catch let error as JournalError {
                // A new generation has taken the place of the one that was read; or it cannot be read.
                failure = error
            }
        }
        throw StorageError(.inputOutput, "the journal could not be read", cause: failure)
    }

    private func begin() async throws -> JournalScan {
        let (disk, configuration) = (store.disk, store.configuration)
        let end = store.committer.head.replay
        return try await store.pool.run {
            let directory = JournalDirectory(disk: disk, path: configuration.journalDirectory)
            guard let manifest = try directory.manifest() else {
                throw StorageError(.inputOutput, "the journal has no manifest")
            }
            return try JournalScan(
                JournalReplay(directory, manifest, from: nil, limits: configuration.limits.journal),
                before: end.nextSequence)
        }
    }

    private mutating func read(_ scan: JournalScan) async throws -> [String] {
        let stepBytes = UInt64(store.configuration.limits.scrub.stepBytes)
        while true {
            try report.checkCancellation()
            let step = try await store.pool.run { try scan.step(stepBytes) }
            report.advance(step.bytes)
            report.add("checked_bytes", step.bytes)
            report.add("checked_batches", step.batches)
            if let damage = step.damage { return damage }
            try await pace.took(step.bytes)
        }
    }
}

/// The reading of one journal, in steps. Used by one thread at a time.
private final class JournalScan: @unchecked Sendable {
    struct Step: Sendable {
        var bytes: UInt64 = 0
        var batches: UInt64 = 0
        /// At the end.
        var damage: [String]?
    }

    private var replay: JournalReplay
    private let end: UInt64

    /// Batches from sequence `end` on are not looked at: they may be on their way to the disk.
    init(_ replay: JournalReplay, before end: UInt64) {
        self.replay = replay
        self.end = end
    }

    func step(_ bytes: UInt64) throws(JournalError) -> Step {
        var step = Step()
        let start = replay.readBytes
        while step.bytes < bytes {
            guard replay.nextSequence < end, try replay.next() != nil else {
                step.damage = damage
                return step
            }
            step.batches += 1
            step.bytes = replay.readBytes - start
        }
        return step
    }

    private var damage: [String] {
        var found = replay.damage.map(\.description)
        if replay.nextSequence < end {
            found.append(
                "the journal ends before batch \(replay.nextSequence), \(end - 1) was written")
        }
        return found
    }
}
