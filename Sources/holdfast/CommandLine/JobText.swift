// A job in words: how far it is, and what it did.

internal import NativeWire

struct JobText: Sendable {
    /// Findings that are printed; how many more there are is said.
    static let rows = 50

    private let job: JobDocument

    init(_ job: JobDocument) { self.job = job }

    /// What follows the job's state on its line: how far it is, why it failed, or how long it took.
    var afterState: String {
        if job.state == .running { return ": " + progress }
        return job.failure.map { ": " + $0 } ?? outcome
    }

    /// "chunk files, 1.2 GiB of 3.0 GiB (40 %)"
    var progress: String {
        let progress = job.progress
        guard progress.total > 0 else {
            return progress.done > 0
                ? "\(progress.stage), \(amount(progress.done))" : progress.stage
        }
        return "\(progress.stage), \(amount(progress.done)) of \(amount(progress.total))"
            + " (\(percent) %)"
    }

    /// 0 to 100.
    var percent: UInt64 {
        let progress = job.progress
        guard progress.total > 0 else { return 0 }
        return UInt64(100 * min(1, Double(progress.done) / Double(progress.total)))
    }

    /// The last lines: findings, true figures, and how it ended.
    var summary: [String] {
        let more = job.findingCount - UInt64(min(job.findings.count, Self.rows))
        return job.findings.prefix(Self.rows).map { finding in
            "\(finding.outcome): \(finding.subject): \(finding.reason)"
        } + (more > 0 ? ["and \(more) more"] : [])
            + job.figures.sorted { $0.key < $1.key }.map { Self.line($0.key, $0.value) }
            + ["\(job.kind) \(job.state.rawValue)" + afterState]
    }

    private var outcome: String {
        let took = (job.endedMilliseconds ?? job.startedMilliseconds) - job.startedMilliseconds
        return " after \(StatusScreen.duration(milliseconds: took))"
    }

    private func amount(_ count: UInt64) -> String {
        job.progress.isBytes ? StatusScreen.bytes(count) : String(count)
    }

    /// "removed_bytes" as "removed bytes   1.2 GiB".
    private static func line(_ name: String, _ value: UInt64) -> String {
        let isBytes = name.hasSuffix("_bytes")
        let label = name.split(separator: "_").joined(separator: " ")
        let padding = String(repeating: " ", count: max(1, 26 - label.count))
        return label + padding + (isBytes ? StatusScreen.bytes(value) : String(value))
    }
}
