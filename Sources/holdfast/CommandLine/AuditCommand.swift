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
        for path in AuditFile.files(in: directory) {
            guard let data = FileManager.default.contents(atPath: path) else {
                throw Refusal("cannot read \(path)", status: .bad)
            }
            for line in data.split(separator: UInt8(ascii: "\n")) { show(line, since: start) }
        }
    }

    private func show(_ line: Data, since start: String?) {
        let entry = try? JSONDocument.decode(
            AuditEntryDocument.self, from: ByteBuffer(bytes: line))
        guard let entry else {
            // Cut off by a crash while it was written.
            return Terminal.printError("holdfast: a line of the audit log cannot be read")
        }
        if let start, entry.time < start { return }
        let text = json ? String(decoding: line, as: UTF8.self) : Self.text(entry)
        Terminal.write(text + "\n", to: STDOUT_FILENO)
    }

    private static func text(_ entry: AuditEntryDocument) -> String {
        let who = (entry.principal.map { $0 + " " } ?? "") + "(" + entry.client + ")"
        let what = [entry.call, entry.subject, entry.change].compactMap(\.self)
        let result = entry.error.map { "refused: " + $0 } ?? "done"
        return ([entry.time, who] + what + [result]).joined(separator: "  ")
    }
}
