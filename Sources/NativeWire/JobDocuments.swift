// Jobs, as the admin API begins them and tells of them. Fields are only ever added.

/// The body of `POST /-/admin/v1/jobs`.
package struct JobRequestDocument: Sendable, Hashable, Codable {
    /// "gc", "repair" or "backup".
    package var kind: String
    /// Of a collection: the bucket whose registry is collected as well.
    package var registryBucket: String?
    package var deletesUntagged: Bool?
    package var graceSeconds: UInt64?
    package var isDryRun: Bool?
    /// Of a repair.
    package var isDeep: Bool?
    package var bucket: String?
    /// Of a backup: where it goes, an absolute path on the daemon's machine.
    package var directory: String?

    package init(kind: String) { self.kind = kind }
}

/// The answer of `POST /-/admin/v1/jobs`, `GET` and `DELETE /-/admin/v1/jobs/{id}`.
package struct JobDocument: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Hashable, Codable {
        case running
        case done
        case cancelled
        case failed
    }

    package var id: UInt64
    package var kind: String
    package var state: State
    /// Why it failed.
    package var failure: String?
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package var startedMilliseconds: Int64
    package var endedMilliseconds: Int64?
    package var progress: Progress
    package var figures: [String: UInt64]
    package var findings: [Finding]
    /// All that was found, also what `findings` has no room for.
    package var findingCount: UInt64
    package var beyondRepairCount: UInt64

    package init(
        id: UInt64, kind: String, state: State, failure: String?, startedMilliseconds: Int64,
        endedMilliseconds: Int64?, progress: Progress, figures: [String: UInt64],
        findings: [Finding], findingCount: UInt64, beyondRepairCount: UInt64
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.failure = failure
        self.startedMilliseconds = startedMilliseconds
        self.endedMilliseconds = endedMilliseconds
        self.progress = progress
        self.figures = figures
        self.findings = findings
        self.findingCount = findingCount
        self.beyondRepairCount = beyondRepairCount
    }

    package struct Progress: Sendable, Hashable, Codable {
        package var stage: String
        package var done: UInt64
        /// Zero where it is not known.
        package var total: UInt64
        package var isBytes: Bool

        package init(stage: String, done: UInt64, total: UInt64, isBytes: Bool) {
            self.stage = stage
            self.done = done
            self.total = total
            self.isBytes = isBytes
        }
    }

    package struct Finding: Sendable, Hashable, Codable {
        /// A digest, a key, a file.
        package var subject: String
        package var reason: String
        /// "mended", "beyondRepair", "removed" or "kept".
        package var outcome: String

        package init(subject: String, reason: String, outcome: String) {
            self.subject = subject
            self.reason = reason
            self.outcome = outcome
        }
    }
}

/// The answer of `GET /-/admin/v1/jobs`, the newest first.
package struct JobListDocument: Sendable, Hashable, Codable {
    package var jobs: [JobDocument]

    package init(jobs: [JobDocument]) { self.jobs = jobs }
}
