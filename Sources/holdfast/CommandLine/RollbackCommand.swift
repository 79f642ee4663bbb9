// `holdfast rollback`: a key or a tag shows again what it showed before.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct RollbackCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Bring back what a key or a tag showed before, with all that the tag reaches.")

    @Argument(help: "BUCKET/KEY, or BUCKET:REPOSITORY:TAG.")
    var subject: String

    @Option(
        help:
            "A version as 'history' prints it, a time (2026-01-31T12:00:00Z), or how long ago (30m, 2h, 7d)."
    )
    var to: String

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Only say what would be written.")
    var dryRun = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let client = try daemon.client()
        let request = try request()
        let done = try await DaemonOptions.answer {
            try await client.post(AdminCall.rollback, request, as: RollbackDocument.self)
        }
        if json {
            Terminal.write(String(buffer: try JSONDocument.encode(done)), to: STDOUT_FILENO)
            return
        }
        for key in done.written { print((done.isDryRun ? "would write " : "wrote ") + key) }
        let ending =
            done.written.isEmpty
            ? "shows that already, and all that it reaches"
            : (done.isDryRun ? "would show " : "shows ") + done.version
        print("\(done.bucket)/\(done.key) \(ending)")
    }

    private func request() throws -> RollbackRequestDocument {
        var request = RollbackRequestDocument(
            subject: try HistorySubjectDocument(text: subject), isDryRun: dryRun ? true : nil)
        if to.utf8.count == 33, to.contains("-"), !to.contains("T") {
            request.version = to
        } else if let time = HistoryTime.milliseconds(to, now: SystemClock().milliseconds()) {
            request.atMilliseconds = time
        } else {
            throw Refusal("--to: “\(to)” is neither a version nor a time")
        }
        return request
    }
}
