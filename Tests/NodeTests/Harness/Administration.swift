// What a person does to a region from the command line, and what that says.

import Foundation

/// What tests read of a job's document.
struct JobAnswer: Decodable, Sendable {
    struct Finding: Decodable, Sendable {
        var subject: String
        var reason: String
        var outcome: String
    }
    var kind: String
    var state: String
    var failure: String?
    var figures: [String: UInt64]
    var findings: [Finding]

    var outcomes: Set<String> { Set(findings.map(\.outcome)) }

    func figure(_ name: String) -> UInt64 { figures[name] ?? 0 }

    /// Collections of all regions, in two rounds, that leave nothing to do. What the history of one region's
    /// tags needs and another has never known, the one takes out of the other's quarantine, every second time.
    static func areIdle(_ jobs: [JobAnswer]) -> Bool {
        func sum(_ name: String) -> UInt64 { jobs.reduce(0) { $0 + $1.figure(name) } }
        let steps = ["waiting_keys", "removed_keys", "removed_blobs", "aborted_uploads"]
        return steps.allSatisfy { sum($0) == 0 }
            && sum("quarantined_keys") == sum("taken_out_keys")
    }
}

struct JobRun {
    var code: Int32
    var job: JobAnswer
    var output: String
}

/// What `holdfast history --json` says.
struct HistoryAnswer: Decodable {
    struct Entry: Decodable {
        var version: String
        var isDeletion: Bool
        var isVisible: Bool
        /// What a tag's link names.
        var names: String?
    }
    var versions: [Entry]
}

extension Region {
    /// What a command prints to the person; throws unless it exits with 0.
    func command(_ arguments: [String]) async throws -> String {
        try await Program.run(
            [Checkout.daemon] + arguments + ["--data", data], in: directory, timeout: .seconds(60))
    }

    /// Runs `holdfast gc` or `holdfast repair` to its end.
    func job(_ arguments: [String]) async throws -> JobRun {
        let log = directory.path("job-\(UUID().uuidString).log")
        let program = try Program(
            [Checkout.daemon] + arguments + ["--json", "--data", data], log: log)
        let code = try await program.exitCode(within: .seconds(180))
        // Behind the document there may be a line of why the exit code is what it is.
        guard let line = program.output.split(separator: "\n").first(where: { $0.hasPrefix("{") })
        else { throw ProgramFailure(description: "\(arguments): exit \(code)\n\(program.output)") }
        let job = try JSONDecoder().decode(JobAnswer.self, from: Data(line.utf8))
        return JobRun(code: code, job: job, output: program.output)
    }

    /// Collects garbage; throws where that failed.
    @discardableResult
    func collect(_ flags: String...) async throws -> JobAnswer {
        let run = try await job(["gc"] + flags)
        guard run.code == 0 else { throw ProgramFailure(description: run.output) }
        return run.job
    }

    /// Collects the registry's garbage in all of the regions again and again, until none has anything left to
    /// do. Returns what the last run of each said.
    @discardableResult
    static func collectAll(
        _ regions: [Region], graceSeconds: Int
    ) async throws -> [JobAnswer] {
        var (before, last): ([JobAnswer], [JobAnswer]) = ([], [])
        let what = "no region has garbage left"
        let figures = { "\((before + last).map(\.figures))" }
        try await eventually(what, within: .seconds(240), else: figures) {
            // What is younger than that is no garbage yet.
            try await Task.sleep(for: .seconds(graceSeconds + 1))
            (before, last) = (last, [])
            var uploads: UInt64 = 0
            for region in regions {
                last += [
                    try await region.collect(
                        "--registry", bucket, "--delete-untagged", "--grace", "\(graceSeconds)s")
                ]
                uploads += try await region.status().store.uploads
            }
            return !before.isEmpty && JobAnswer.areIdle(before + last) && uploads == 0
        }
        return last
    }

    func history(_ subject: String) async throws -> [HistoryAnswer.Entry] {
        let text = try await command(["history", subject, "--json"])
        return try JSONDecoder().decode(HistoryAnswer.self, from: Data(text.utf8)).versions
    }

    func chunkFiles() throws -> [String] {
        let directory = data + "/chunks"
        return try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
            .map { directory + "/" + $0 }
    }

    /// The blocks that the chunk files occupy, as the file system counts them.
    func allocatedChunkBytes() throws -> UInt64 {
        try chunkFiles().reduce(0) { sum, path in
            var found = stat()
            guard stat(path, &found) == 0 else {
                throw ProgramFailure(description: "\(path): errno \(errno)")
            }
            return sum + UInt64(found.st_blocks) * 512
        }
    }
}
