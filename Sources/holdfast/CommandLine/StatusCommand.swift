// `holdfast status`: asks the daemon on its socket and shows one screen.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show a running region: what it holds, whom it follows and how far.")

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Show again every second, until interrupted.")
    var watch = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let client = try daemon.client()
        repeat {
            try await show(client)
            if watch { try await Task.sleep(for: .seconds(1)) }
        } while watch
    }

    private func show(_ client: AdminClient) async throws {
        try await DaemonOptions.answer {
            do {
                let status = try await client.status()
                try write(status, StatusScreen(status).text)
            } catch let error as AdminClientError where error.code == .starting {
                // What the probe says of it.
                let starting = HealthDocument(status: "unavailable", reason: error.message)
                try write(starting, error.message + "\n")
            }
        }
    }

    private func write(_ document: some Encodable, _ text: String) throws {
        // Home and clear, so that a watched screen stands still.
        let clear = watch && Terminal.isTerminal(STDOUT_FILENO) ? "\u{1B}[H\u{1B}[J" : ""
        let shown = json ? String(buffer: try JSONDocument.encode(document)) : clear + text
        Terminal.write(shown, to: STDOUT_FILENO)
    }
}
