// How a command finds the daemon that it speaks to: by the data directory, in which the socket is.

internal import ArgumentParser
internal import NativeWire
internal import RegionClient

struct DaemonOptions: ParsableArguments {
    @Option(help: "The data directory of the daemon (or HOLDFAST_DATA, or 'data' in --config).")
    var data: String?

    @Option(help: "The daemon's configuration file.")
    var config: String?

    func client() throws -> AdminClient {
        AdminClient(socketPath: try directory() + "/" + AdminCall.socketName)
    }

    /// Only the directory matters here, so nothing else of the settings is required.
    func directory() throws -> String {
        let entry = data.map { [SettingEntry(text: $0, origin: .flag("--data"))] }
        let flags: SettingLayer = entry.map { [.data: $0] } ?? [:]
        let reader = SettingReader(
            layers: try SettingReader.layers(flags: flags, config: config))
        return try reader.require(.data) { $0.isEmpty ? nil : $0 }
    }

    /// The answer of `call`, or the plain line of why there is none.
    static func answer<Answer>(_ call: () async throws -> Answer) async throws -> Answer {
        do {
            return try await call()
        } catch let error as AdminClientError {
            throw Refusal(error.message, status: error.code == .refused ? .bad : .unreachable)
        }
    }
}
