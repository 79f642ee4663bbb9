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

    @Option(help: "The data directory of the daemon (or HOLDFAST_DATA, or 'data' in --config).")
    var data: String?

    @Option(help: "The daemon's configuration file.")
    var config: String?

    @Flag(help: "Show again every second, until interrupted.")
    var watch = false

    @Flag(help: "Print one JSON document.")
    var json = false

    func run() async throws {
        let path = try directory() + "/" + AdminCall.socketName
        let client = AdminClient(socketPath: path)
        repeat {
            try await show(client)
            if watch { try await Task.sleep(for: .seconds(1)) }
        } while watch
    }

    private func show(_ client: AdminClient) async throws {
        let status: StatusDocument
        do {
            status = try await client.status()
        } catch let error as AdminClientError {
            throw Refusal(error.message, status: error.code == .refused ? .bad : .unreachable)
        }
        if json {
            Terminal.write(String(buffer: try JSONDocument.encode(status)), to: STDOUT_FILENO)
            return
        }
        // Home and clear, so that a watched screen stands still.
        let clear = watch && Terminal.isTerminal(STDOUT_FILENO) ? "\u{1B}[H\u{1B}[J" : ""
        Terminal.write(clear + StatusScreen(status).text, to: STDOUT_FILENO)
    }

    /// Only the directory matters here, so nothing else of the settings is required.
    private func directory() throws -> String {
        let entry = data.map { [SettingEntry(text: $0, origin: .flag("--data"))] }
        let flags: SettingLayer = entry.map { [.data: $0] } ?? [:]
        let reader = SettingReader(
            layers: try SettingReader.layers(flags: flags, config: config))
        return try reader.require(.data) { $0.isEmpty ? nil : $0 }
    }
}
