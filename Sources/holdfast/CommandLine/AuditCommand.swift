// `holdfast audit`: who changed what, from the files of the data directory; the daemon need not run.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire

struct AuditCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit",
        abstract: "Show the administrative changes of this region, the oldest first.")

    @OptionGroup var daemon: DaemonOptions

    @Option(
        help: ArgumentHelp(
            "From a time (2026-01-31T12:00:00Z), or how long ago (30m, 2h, 7d).",
            valueName: "time"))
    var since: String?

    @Flag(help: "Print the lines as they are, each a JSON document.")
    var json = false

    func run() throws {
        let directory = try daemon.directory()
        guard FileManager.default.fileExists(atPath: directory) else {
            throw Refusal("\(directory) is not there")
        }
        let start = try since.map { text in
            let now = SystemClock().milliseconds()
            guard let milliseconds = HistoryTime.milliseconds(text, now: now) else {
                throw Refusal("--since: “\(text)” is neither a time nor how long ago")
            }
            return LogTime(milliseconds: milliseconds).iso8601
        }
        var lines = AuditFile.Kind.allCases.map { AuditLines($0, in: directory) }
        while let earliest = try Self.earliest(&lines) {
            guard let line = try lines[earliest].take(), line.entry.time >= start ?? "" else {
                continue
            }
            let text = json ? line.text : Self.text(line.entry)
            Terminal.write(text + "\n", to: STDOUT_FILENO)
        }
    }

    /// Which of them goes on with the line that was written first; `nil` at their ends.
    private static func earliest(_ lines: inout [AuditLines]) throws -> Int? {
        var ahead: [(time: String, index: Int)] = []
        for index in lines.indices {
            if let line = try lines[index].next { ahead.append((line.entry.time, index)) }
        }
        return ahead.min(by: <)?.index
    }

    private static func text(_ entry: AuditEntryDocument) -> String {
        let who = (entry.principal.map { $0 + " " } ?? "") + "(" + entry.client + ")"
        let what = [entry.call, entry.subject, entry.change].compactMap(\.self)
        let said = entry.status < 500 ? "refused: " : "failed: "
        let result = entry.error.map { said + $0 } ?? "done"
        return ([entry.time, who] + what + [result]).map(Terminal.plain).joined(separator: "  ")
    }
}

/// The lines of one kind, the oldest first; a file of them is in memory at a time.
private struct AuditLines {
    typealias Line = (entry: AuditEntryDocument, text: String)

    private var files: [String]
    private var rest: [Data] = []
    private var ahead: Line?

    init(_ kind: AuditFile.Kind, in directory: String) {
        files = AuditFile.files(kind, in: directory)
    }

    /// What `take` gives; `nil` at the end.
    var next: Line? {
        mutating get throws {
            if ahead == nil { ahead = try read() }
            return ahead
        }
    }

    mutating func take() throws -> Line? {
        let next = try next
        ahead = nil
        return next
    }

    private mutating func read() throws -> Line? {
        while true {
            guard let line = rest.popLast() else {
                guard !files.isEmpty else { return nil }
                let path = files.removeFirst()
                guard let data = FileManager.default.contents(atPath: path) else {
                    throw Refusal("cannot read \(path)", status: .bad)
                }
                rest = data.split(separator: UInt8(ascii: "\n")).reversed()
                continue
            }
            let entry = try? JSONDocument.decode(
                AuditEntryDocument.self, from: ByteBuffer(bytes: line))
            if let entry { return (entry, String(decoding: line, as: UTF8.self)) }
            // Cut off by a crash while it was written.
            Terminal.printError("holdfast: a line of the audit log cannot be read")
        }
    }
}
