// Long work from the command line: the job runs in the daemon, and this follows it until it ends or the
// person has seen enough. On a terminal it is one line that moves; elsewhere a line whenever there is
// something to say.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct JobOptions: ParsableArguments {
    @Flag(help: "Begin the job and return; 'holdfast status' shows it.")
    var detach = false

    @Flag(help: "Print one JSON document, at the end.")
    var json = false
}

struct FollowJob {
    let client: AdminClient
    let options: JobOptions

    /// Begins a job, or follows the one of its kind that is running. Throws a `Refusal` where it failed, or
    /// found what stays bad.
    func run(_ request: JobRequestDocument) async throws {
        let running = try await DaemonOptions.answer { try await client.jobs() }
            .first { $0.kind == request.kind && $0.state == .running }
        if let running {
            Terminal.printError("job \(running.id) is running already; this follows it")
        }
        var job: JobDocument
        if let running {
            job = running
        } else {
            job = try await DaemonOptions.answer { try await client.begin(request) }
        }
        if options.detach {
            print("job \(job.id) runs in the daemon")
            return
        }
        job = try await follow(job)
        try end(job)
    }

    private func follow(_ begun: JobDocument) async throws -> JobDocument {
        var job = begun
        var line = ProgressLine()
        while job.state == .running {
            if !options.json { line.show(job) }
            try await Task.sleep(for: .milliseconds(200))
            let id = job.id
            job = try await DaemonOptions.answer { try await client.job(id) }
        }
        if !options.json { line.clear() }
        return job
    }

    private func end(_ job: JobDocument) throws {
        if options.json {
            Terminal.write(String(buffer: try JSONDocument.encode(job)), to: STDOUT_FILENO)
        } else {
            for line in JobText(job).summary { print(line) }
        }
        switch job.state {
        case .failed: throw Refusal(job.failure ?? "it failed", status: .bad)
        case .cancelled: throw Refusal("job \(job.id) was cancelled", status: .bad)
        case .running, .done: break
        }
        guard job.beyondRepairCount == 0 else {
            throw Refusal("\(job.beyondRepairCount) things are bad and stay so", status: .bad)
        }
    }
}

/// The line that moves.
private struct ProgressLine {
    private let isTerminal = Terminal.isTerminal(STDOUT_FILENO)
    private var shownStage = ""
    private var start: (time: ContinuousClock.Instant, done: UInt64)?

    mutating func show(_ job: JobDocument) {
        let isNewStage = job.progress.stage != shownStage
        if isNewStage {
            shownStage = job.progress.stage
            start = (.now, job.progress.done)
        }
        if isTerminal {
            Terminal.write("\r\u{1B}[K" + Self.bar(job) + rate(job), to: STDOUT_FILENO)
        } else if isNewStage {
            print(JobText(job).progress)
        }
    }

    func clear() {
        if isTerminal { Terminal.write("\r\u{1B}[K", to: STDOUT_FILENO) }
    }

    private static func bar(_ job: JobDocument) -> String {
        let text = JobText(job)
        guard job.progress.total > 0 else { return text.progress }
        let filled = Int(text.percent) * 30 / 100
        return "[" + String(repeating: "#", count: filled)
            + String(repeating: ".", count: 30 - filled) + "] " + text.progress
    }

    /// What was done in a second since the stage began, and how long the rest will take at that rate.
    private func rate(_ job: JobDocument) -> String {
        guard let start, job.progress.total > job.progress.done else { return "" }
        let milliseconds = (ContinuousClock.now - start.time) / .milliseconds(1)
        let done = Double(job.progress.done) - Double(start.done)
        guard milliseconds >= 1000, done > 0 else { return "" }
        let perSecond = done / milliseconds * 1000
        let left = Double(job.progress.total - job.progress.done) / perSecond
        let amount =
            job.progress.isBytes
            ? StatusScreen.bytes(UInt64(perSecond)) : String(UInt64(perSecond))
        return ", \(amount)/s, \(StatusScreen.duration(milliseconds: Int64(left * 1000))) left"
    }
}
