// A command that asks the daemon once and prints its answer: as text, or as the document that came.

internal import ArgumentParser
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct AnswerOptions: ParsableArguments {
    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Print one JSON document.")
    var json = false

    /// Throws a `Refusal`.
    func get<Answer: Decodable>(_ target: String) async throws -> Answer {
        let client = try daemon.client()
        return try await DaemonOptions.answer { try await client.get(target) }
    }

    /// Throws a `Refusal`.
    func post<Answer: Decodable>(
        _ target: String, _ body: some Encodable & Sendable
    ) async throws -> Answer {
        let client = try daemon.client()
        return try await DaemonOptions.answer { try await client.post(target, body) }
    }

    func print(_ document: some Encodable, _ text: String) throws {
        let shown = json ? String(buffer: try JSONDocument.encode(document)) : text + "\n"
        Terminal.write(shown, to: 1)
    }
}
