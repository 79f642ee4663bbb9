// Work that someone asked for and that takes a while: collecting garbage, repairing, making a backup. It runs in the daemon,
// whoever asked may go away and come back, and its report says the same to everyone who looks.

/// What to do.
package enum JobRequest: Sendable, Hashable {
    case collectGarbage(GarbageOptions)
    case repair(RepairOptions)
    /// Into an empty directory, named by its absolute path.
    case backUp(directory: String)

    package var kind: JobKind {
        switch self {
        case .collectGarbage: .collectGarbage
        case .repair: .repair
        case .backUp: .backUp
        }
    }
}

/// At most one job of a kind runs at a time.
package enum JobKind: String, Sendable, Hashable, CaseIterable {
    case collectGarbage = "gc"
    case repair
    case backUp = "backup"
}

package struct GarbageOptions: Sendable, Hashable {
    /// Also collect what no tag reaches in this bucket, which holds a registry.
    package var registryBucket: String?
    /// In the registry's bucket, manifests that no tag names count as garbage.
    package var deletesUntagged: Bool
    /// How long a blob is left alone after it was last used; the daemon's own setting where not given.
    package var grace: Duration?
    /// Only say what would go.
    package var isDryRun: Bool

    package init(
        registryBucket: String? = nil, deletesUntagged: Bool = false, grace: Duration? = nil,
        isDryRun: Bool = false
    ) {
        self.registryBucket = registryBucket
        self.deletesUntagged = deletesUntagged
        self.grace = grace
        self.isDryRun = isDryRun
    }
}

package struct RepairOptions: Sendable, Hashable {
    /// Also compute the digest of every blob, not only the checksums of its chunks.
    package var isDeep: Bool
    /// Only what this bucket's objects name.
    package var bucket: String?

    package init(isDeep: Bool = false, bucket: String? = nil) {
        self.isDeep = isDeep
        self.bucket = bucket
    }
}

/// Names a job as long as the daemon runs.
package struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package static func < (left: JobID, right: JobID) -> Bool { left.number < right.number }

    package var description: String { String(number) }
}

package enum JobState: Sendable, Hashable {
    case running
    case done
    case cancelled
    /// In words for the person who reads it.
    case failed(String)
}

/// How far a job is.
package struct JobProgress: Sendable, Hashable {
    /// What it is at, in words: "chunk files", "dead blobs".
    package var stage: String
    package var done: UInt64
    /// Zero where it is not known.
    package var total: UInt64
    /// Whether `done` and `total` are bytes, and not a number of things.
    package var isBytes: Bool

    package init(stage: String, done: UInt64 = 0, total: UInt64 = 0, isBytes: Bool = false) {
        self.stage = stage
        self.done = done
        self.total = total
        self.isBytes = isBytes
    }
}

/// One thing that a job found.
package struct JobFinding: Sendable, Hashable {
    package enum Outcome: String, Sendable, Hashable {
        /// Bad, and mended.
        case mended
        /// Bad, and it stays so: nobody has a good copy.
        case beyondRepair
        /// Taken away, or, in a dry run, what would be.
        case removed
        /// Left alone, for the reason given.
        case kept
    }

    /// What it is about: a digest, a key, a file.
    package var subject: String
    package var reason: String
    package var outcome: Outcome

    package init(_ subject: String, _ reason: String, _ outcome: Outcome) {
        self.subject = subject
        self.reason = reason
        self.outcome = outcome
    }
}

/// What is known of a job.
package struct JobReport: Sendable, Hashable {
    package var id: JobID
    package var request: JobRequest
    package var state: JobState
    package var startedMilliseconds: Int64
    /// `nil` while it runs.
    package var endedMilliseconds: Int64?
    package var progress: JobProgress
    /// True figures by their name: `checked_bytes`, `removed_blobs`.
    package var figures: [String: UInt64]
    /// The first of what was found; `JobLimits.findings` at most.
    package var findings: [JobFinding]
    /// All that was found.
    package var findingCount: UInt64
    /// What is bad and stays so.
    package var beyondRepairCount: UInt64

    package init(
        id: JobID, request: JobRequest, state: JobState, startedMilliseconds: Int64,
        endedMilliseconds: Int64?, progress: JobProgress, figures: [String: UInt64],
        findings: [JobFinding], findingCount: UInt64, beyondRepairCount: UInt64
    ) {
        self.id = id
        self.request = request
        self.state = state
        self.startedMilliseconds = startedMilliseconds
        self.endedMilliseconds = endedMilliseconds
        self.progress = progress
        self.figures = figures
        self.findings = findings
        self.findingCount = findingCount
        self.beyondRepairCount = beyondRepairCount
    }
}
