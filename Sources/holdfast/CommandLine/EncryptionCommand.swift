// `holdfast encryption rotate`: a new master key, under which the keys that data is encrypted with are sealed anew.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct EncryptionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "encryption", abstract: "Administer encryption at rest.",
        subcommands: [Rotate.self])

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replace the master key.",
            discussion: """
                No data is written again: the keys that it is encrypted with are sealed under the new master key,
                and what is written from now on is encrypted with a new one of them. Earlier copies of the
                master key file do not open the data directory any more: copy the file anew.
                """)

        @OptionGroup var daemon: DaemonOptions

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let client = try daemon.client()
            let rotation = try await DaemonOptions.answer {
                try await client.post(
                    AdminCall.rotateMasterKey, [String: String](),
                    as: MasterKeyRotationDocument.self)
            }
            if json {
                Terminal.write(String(buffer: try JSONDocument.encode(rotation)), to: STDOUT_FILENO)
            } else {
                print(
                    "the master key is \(rotation.masterKey) now; copy its file to where you keep it"
                )
            }
        }
    }
}
