// The jobs of a daemon: begun by whoever asks, run one beside the other under one service, and told of to
// everyone who looks. Reports are in memory; what a job has done is in the store.

internal import Synchronization

/// The named limits of jobs.
package struct JobLimits: Sendable, Hashable {
    /// Findings that a report lists; the rest is counted.
    package var findings = 1000
    /// Jobs that have ended and are still told of.
    package var ended = 20

    package init() {}
}

package final class JobBoard: Sendable {
    package typealias Work = @Sendable (JobProgressReport) async throws -> Void

    fileprivate struct Begun: Sendable {
        var id: JobID
        var work: Work
    }

    fileprivate struct State {
        var lastID: UInt64 = 0
        var reports: [JobID: JobReport] = [:]
        var cancelled: Set<JobID> = []
        var isStopped = false
    }

    private let clock: any WallClock
    private let limits: JobLimits
    private let state = Mutex(State())
    private let begun: AsyncStream<Begun>
    private let starter: AsyncStream<Begun>.Continuation

    package init(clock: any WallClock, limits: JobLimits = JobLimits()) {
        self.clock = clock
        self.limits = limits
        (begun, starter) = AsyncStream.makeStream()
    }

    /// Begins a job. Throws `unavailable` while another of its kind runs, and when the daemon stops.
    package func begin(
        _ request: JobRequest, _ work: @escaping Work
    ) throws(StorageError) -> JobReport {
        let now = clock.milliseconds()
        let outcome: Result<JobReport, StorageError> = state.withLock { state in
            if state.isStopped {
                return .failure(StorageError(.unavailable, "the daemon is stopping"))
            }
            if let other = state.running(request.kind) {
                return .failure(
                    StorageError(.unavailable, "job \(other) of this kind is still running"))
            }
            state.lastID += 1
            let report = JobReport(
                id: JobID(state.lastID), request: request, state: .running,
                startedMilliseconds: now, endedMilliseconds: nil,
                progress: JobProgress(stage: "starting"), figures: [:], findings: [],
                findingCount: 0, beyondRepairCount: 0)
            state.reports[report.id] = report
            state.forgetOldest(keeping: limits.ended)
            return .success(report)
        }
        let report = try outcome.get()
        starter.yield(Begun(id: report.id, work: work))
        return report
    }

    /// Runs what is begun until it is cancelled, which cancels the jobs as well.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for await job in begun {
                group.addTask { await self.perform(job) }
            }
            state.withLock { $0.isStopped = true }
            group.cancelAll()
        }
    }

    package func report(_ id: JobID) -> JobReport? { state.withLock { $0.reports[id] } }

    /// The newest first.
    package var reports: [JobReport] {
        state.withLock { $0.reports.values.sorted { $0.id > $1.id } }
    }

    /// Asks a job to end at its next step; `nil` where there is none of that id.
    package func cancel(_ id: JobID) -> JobReport? {
        state.withLock { state in
            guard let report = state.reports[id] else { return nil }
            if report.state == .running { state.cancelled.insert(id) }
            return report
        }
    }

    private func perform(_ job: Begun) async {
        let state: JobState
        do {
            try await job.work(JobProgressReport(id: job.id, board: self))
            state = .done
        } catch is CancellationError {
            state = .cancelled
        } catch let error as StorageError {
            state = .failed(error.message)
        } catch {
            state = .failed("\(error)")
        }
        let now = clock.milliseconds()
        self.state.withLock { board in
            board.reports[job.id]?.state = state
            board.reports[job.id]?.endedMilliseconds = now
            board.cancelled.remove(job.id)
        }
    }

    fileprivate func update(_ id: JobID, _ change: (inout JobReport) -> Void) {
        state.withLock { state in
            // In place: a report holds up to a thousand findings.
            guard let place = state.reports.index(forKey: id) else { return }
            change(&state.reports.values[place])
        }
    }

    fileprivate func add(_ finding: JobFinding, to id: JobID) {
        update(id) { report in
            report.findingCount += 1
            if finding.outcome == .beyondRepair { report.beyondRepairCount += 1 }
            if report.findings.count < limits.findings { report.findings.append(finding) }
        }
    }

    fileprivate func add<Thing>(
        removed things: some Collection<Thing>, to id: JobID, _ describe: (Thing) -> JobFinding
    ) {
        update(id) { report in
            report.findingCount += UInt64(things.count)
            report.findings += things.prefix(limits.findings - report.findings.count).map(describe)
        }
    }

    fileprivate func isCancelled(_ id: JobID) -> Bool {
        state.withLock { $0.cancelled.contains(id) }
    }
}

extension JobBoard.State {
    fileprivate func running(_ kind: JobKind) -> JobID? {
        reports.values.first { $0.request.kind == kind && $0.state == .running }?.id
    }

    fileprivate mutating func forgetOldest(keeping limit: Int) {
        let ended = reports.values.filter { $0.state != .running }.map(\.id).sorted()
        for id in ended.dropLast(limit) { reports[id] = nil }
    }
}

/// A job's own way to its report.
package struct JobProgressReport: Sendable {
    private let id: JobID
    private let board: JobBoard

    fileprivate init(id: JobID, board: JobBoard) {
        self.id = id
        self.board = board
    }

    package func set(_ progress: JobProgress) { board.update(id) { $0.progress = progress } }

    package func advance(_ done: UInt64) { board.update(id) { $0.progress.done += done } }

    package func add(_ figure: String, _ count: UInt64) {
        board.update(id) { $0.figures[figure, default: 0] += count }
    }

    package func found(_ finding: JobFinding) { board.add(finding, to: id) }

    /// Things that were removed, of which there may be millions: described are those that the report lists.
    package func removed<Thing>(
        _ things: some Collection<Thing>,
        _ describe: (_ thing: Thing) -> (subject: String, reason: String)
    ) {
        board.add(removed: things, to: id) { thing in
            let (subject, reason) = describe(thing)
            return JobFinding(subject, reason, .removed)
        }
    }

    /// Between two steps of a job: throws `CancellationError` where it was told to end.
    package func checkCancellation() throws {
        try Task.checkCancellation()
        if board.isCancelled(id) { throw CancellationError() }
    }
}
