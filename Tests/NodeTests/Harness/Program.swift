// Other programs, real ones: started, waited for, stopped by their pid, with their output at hand.

import Foundation

/// A failure of the harness or of a program it ran, with what the program printed.
struct ProgramFailure: Error, CustomStringConvertible {
    let description: String
}

enum Checkout {
    /// The package's root.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The daemon under test: `HOLDFAST_BINARY`, or what `make build` leaves.
    static var daemon: String {
        ProcessInfo.processInfo.environment["HOLDFAST_BINARY"]
            ?? root.appendingPathComponent(".build/release/holdfast").path
    }

    /// A path on which `python3` has the boto3 of the generation before 1.36.
    static var pathOfOldClients: String {
        let usual = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return root.appendingPathComponent(".build/clients-1.35/bin").path + ":" + usual
    }

    /// Another program of the package, which is built beside the daemon.
    static func built(_ program: String) -> String {
        URL(fileURLWithPath: daemon, relativeTo: root).deletingLastPathComponent()
            .appendingPathComponent(program).path
    }

    static func client(_ script: String) -> String {
        root.appendingPathComponent("Tests/NodeTests/Clients/\(script)").path
    }
}

/// A directory that goes when the last reference does.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "holdfast-node-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// What cannot be removed is left to the system's own cleaning of its temporary directory.
    deinit { try? FileManager.default.removeItem(atPath: path) }

    func path(_ name: String) -> String { path + "/" + name }
}

/// A program that runs. Its standard output and error go to one file.
final class Program: @unchecked Sendable {
    let logPath: String
    private let process = Process()

    /// `environment` is added to a bare one, so that nothing of the machine's own leaks in.
    init(
        _ arguments: [String], environment: [String: String] = [:], log: String,
        directory: String? = nil
    ) throws {
        logPath = log
        try Data().write(to: URL(fileURLWithPath: log))
        guard let output = FileHandle(forWritingAtPath: log) else {
            throw ProgramFailure(description: "cannot write \(log)")
        }
        output.seekToEndOfFile()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = arguments
        process.environment = Self.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        if let directory { process.currentDirectoryURL = URL(fileURLWithPath: directory) }
        try process.run()
        // The program has its own; Foundation keeps this one open, and a thousand programs need more than it has.
        try output.close()
    }

    deinit { if process.isRunning { kill(process.processIdentifier, SIGKILL) } }

    private static var environment: [String: String] {
        let own = ProcessInfo.processInfo.environment
        let kept = own.filter { ["PATH", "HOME", "LANG", "TMPDIR"].contains($0.key) }
        return kept.merging(["PYTHONDONTWRITEBYTECODE": "1"]) { $1 }
    }

    var pid: Int32 { process.processIdentifier }

    var isRunning: Bool { process.isRunning }

    /// What it printed so far.
    var output: String { (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? "" }

    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Waits for its end; kills it at the deadline. The exit code, or minus the signal.
    func exitCode(within timeout: Duration = .seconds(600)) async throws -> Int32 {
        let clock = ContinuousClock()
        let deadline = clock.now + timeout
        while process.isRunning {
            guard clock.now < deadline else {
                kill(process.processIdentifier, SIGKILL)
                throw ProgramFailure(
                    description: "no end within \(timeout):\n\(output.suffix(4000))")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        let status = process.terminationStatus
        return process.terminationReason == .uncaughtSignal ? -status : status
    }

    /// SIGKILL, and gone on return.
    func killNow() async throws {
        signal(SIGKILL)
        _ = try await exitCode(within: .seconds(60))
    }

    /// Runs to the end and returns what was printed; throws unless it exits with 0.
    @discardableResult
    static func run(
        _ arguments: [String], environment: [String: String] = [:],
        in directory: TemporaryDirectory, timeout: Duration = .seconds(600)
    ) async throws -> String {
        let log = directory.path("run-\(UUID().uuidString).log")
        let program = try Program(arguments, environment: environment, log: log)
        let code = try await program.exitCode(within: timeout)
        guard code == 0 else {
            throw ProgramFailure(
                description: "\(arguments.joined(separator: " ")): exit \(code)\n"
                    + program.output.suffix(6000))
        }
        return program.output
    }
}

enum Ports {
    /// A TCP port on loopback that nobody listens on now.
    static func free() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, length) == 0
                    ? getsockname(descriptor, generic, &length) : -1
            }
        }
        guard status == 0 else { throw ProgramFailure(description: "no free port: errno \(errno)") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

/// Asks again until the answer is yes; throws at the deadline, saying what was waited for, and what there is
/// instead.
func eventually(
    _ what: String, within timeout: Duration = .seconds(60), else instead: () -> String = { "" },
    _ condition: () async throws -> Bool
) async throws {
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    while try await !condition() {
        guard clock.now < deadline else {
            throw ProgramFailure(description: "\(what): not within \(timeout)\n\(instead())")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}
