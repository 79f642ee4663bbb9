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
        let status = try await DaemonOptions.answer { try await client.status() }
        if json {
            Terminal.write(String(buffer: try JSONDocument.encode(status)), to: STDOUT_FILENO)
            return
        }
        // Home and clear, so that a watched screen stands still.
        let clear = watch && Terminal.isTerminal(STDOUT_FILENO) ? "\u{1B}[H\u{1B}[J" : ""
        Terminal.write(clear + StatusScreen(status).text, to: STDOUT_FILENO)
    }
}
