// How fast a scrub may be: no faster than it was told, and slower while others need the disk.

internal import Storage

/// Used by one task.
struct ScrubPace {
    private static let pause: Duration = .milliseconds(10)
    /// What was missed while others were served is not caught up with in one go.
    private static let longestDebt: Duration = .seconds(1)

    private let bytesPerSecond: UInt64?
    private let limits: ScrubLimits
    private let pool: BlockingPool
    private var begun = ContinuousClock.now
    private var taken: UInt64 = 0

    init(bytesPerSecond: UInt64?, limits: ScrubLimits, pool: BlockingPool) {
        self.bytesPerSecond = bytesPerSecond
        self.limits = limits
        self.pool = pool
    }

    /// Returns when the next step may begin.
    mutating func took(_ bytes: UInt64) async throws {
        var waited: Duration = .zero
        while pool.inFlight >= limits.busyOperations, waited < limits.longestPause {
            try await Task.sleep(for: Self.pause)
            waited += Self.pause
        }
        guard let bytesPerSecond, bytesPerSecond > 0 else { return }
        taken += bytes
        let due = begun + .seconds(Double(taken) / Double(bytesPerSecond))
        let now = ContinuousClock.now
        if due > now {
            try await Task.sleep(until: due, clock: .continuous)
        } else if now - due > Self.longestDebt {
            begun = now
            taken = 0
        }
    }
}
