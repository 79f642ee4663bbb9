// How fast garbage is collected: it gives way while commits queue up or bodies fill the buffers, and copies no
// more bytes in a second than it may.

internal import Storage

struct CollectPace: Sendable {
    private static let poll: Duration = .milliseconds(50)

    let limits: CollectLimits
    let isBusy: @Sendable () -> Bool
    /// Throws where the job was told to end.
    let checkCancellation: @Sendable () throws -> Void

    /// Between two steps.
    func step() async throws {
        try checkCancellation()
        var waited: Duration = .zero
        while isBusy(), waited < limits.busyWait {
            try await Task.sleep(for: Self.poll)
            waited += Self.poll
            try checkCancellation()
        }
    }

    /// Before so many bytes are copied.
    func step(bytes: UInt64) async throws {
        try await step()
        guard limits.bytesPerSecond > 0 else { return }
        try await Task.sleep(for: .seconds(Double(bytes) / Double(limits.bytesPerSecond)))
    }
}

extension DurableStore {
    func collectPace(_ job: JobProgressReport) -> CollectPace {
        let limits = configuration.limits
        return CollectPace(
            limits: limits.collect,
            isBusy: { [committer, ingest] in
                committer.queue.waitingCount > limits.collect.busyCommits
                    || ingest.budget.bookedBytes > limits.ingest.bufferedBytes / 2
            },
            checkCancellation: { try job.checkCancellation() })
    }
}
