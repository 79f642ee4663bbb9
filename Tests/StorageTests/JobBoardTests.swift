import Simulation
import Storage
import Synchronization
import Testing

private struct FixedClock: WallClock {
    func milliseconds() -> Int64 { 7 }
}

@Suite("The board of jobs")
struct JobBoardTests {
    private static let request = JobRequest.repair(RepairOptions())

    /// Runs the board until `body` returns.
    private static func running(
        _ board: JobBoard, _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await board.run() }
            try await body()
            group.cancelAll()
        }
    }

    private static func ended(_ board: JobBoard, _ id: JobID) async throws -> JobReport {
        try await eventually("job \(id) ends") { board.report(id)?.state != .running }
        return try #require(board.report(id))
    }

    @Test("a job's report says what the job said")
    func report() async throws {
        var limits = JobLimits()
        limits.findings = 2
        let board = JobBoard(clock: FixedClock(), limits: limits)
        try await Self.running(board) {
            let begun = try board.begin(Self.request) { report in
                report.set(JobProgress(stage: "chunks", total: 10, isBytes: true))
                report.advance(4)
                report.advance(5)
                report.add("checked_bytes", 9)
                report.add("checked_bytes", 1)
                for number in 1...3 {
                    report.found(JobFinding("\(number)", "bad", .beyondRepair))
                }
            }
            #expect(begun.state == .running)
            let report = try await Self.ended(board, begun.id)
            #expect(report.state == .done)
            #expect(report.endedMilliseconds == 7)
            #expect(
                report.progress
                    == JobProgress(
                        stage: "chunks", done: 9, total: 10, isBytes: true))
            #expect(report.figures == ["checked_bytes": 10])
            #expect(report.findings.map(\.subject) == ["1", "2"])
            #expect(report.findingCount == 3 && report.beyondRepairCount == 3)
        }
    }

    @Test("what was removed in bulk is counted, and described where the report has room for it")
    func bulk() async throws {
        var limits = JobLimits()
        limits.findings = 3
        let board = JobBoard(clock: FixedClock(), limits: limits)
        let described = Atomic(0)
        try await Self.running(board) {
            let begun = try board.begin(Self.request) { report in
                for batch in [[1, 2], [3, 4], [5, 6]] {
                    report.removed(batch) { thing in
                        described.add(1, ordering: .relaxed)
                        return ("\(thing)", "unused")
                    }
                }
            }
            let report = try await Self.ended(board, begun.id)
            #expect(
                report.findings == ["1", "2", "3"].map { JobFinding($0, "unused", .removed) })
            #expect(report.findingCount == 6 && report.beyondRepairCount == 0)
        }
        #expect(described.load(ordering: .relaxed) == 3)
    }

    @Test("an error is its end, and does not end the others")
    func failure() async throws {
        let board = JobBoard(clock: FixedClock())
        try await Self.running(board) {
            let bad = try board.begin(Self.request) { _ in
                throw StorageError(.inputOutput, "the disk refused")
            }
            #expect(try await Self.ended(board, bad.id).state == .failed("the disk refused"))
            let good = try board.begin(Self.request) { _ in }
            #expect(try await Self.ended(board, good.id).state == .done)
        }
    }

    @Test("a cancelled job ends at its next step, and another of its kind may begin then")
    func cancel() async throws {
        let board = JobBoard(clock: FixedClock())
        try await Self.running(board) {
            let begun = try board.begin(Self.request) { report in
                while true {
                    try report.checkCancellation()
                    await Task.yield()
                }
            }
            #expect(throws: StorageError.self) { try board.begin(Self.request) { _ in } }
            #expect(board.cancel(begun.id) != nil)
            #expect(board.cancel(JobID(99)) == nil)
            #expect(try await Self.ended(board, begun.id).state == .cancelled)
            _ = try board.begin(Self.request) { _ in }
        }
    }

    @Test("a board that stops cancels its jobs and takes no more")
    func stop() async throws {
        let board = JobBoard(clock: FixedClock())
        try await Self.running(board) {
            _ = try board.begin(Self.request) { _ in try await Task.sleep(for: .seconds(3600)) }
        }
        #expect(board.reports.map(\.state) == [.cancelled])
        #expect(throws: StorageError.self) { try board.begin(Self.request) { _ in } }
    }

    @Test("only the last that ended are told of")
    func forget() async throws {
        var limits = JobLimits()
        limits.ended = 2
        let board = JobBoard(clock: FixedClock(), limits: limits)
        try await Self.running(board) {
            for _ in 1...5 {
                let begun = try board.begin(Self.request) { _ in }
                _ = try await Self.ended(board, begun.id)
            }
        }
        #expect(board.reports.map(\.id.number) == [5, 4, 3])
    }
}
