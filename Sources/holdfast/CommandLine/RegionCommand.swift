// `holdfast region remove`: a region that is gone for good is waited for no more.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct RegionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "region", abstract: "Administer the regions that this one knows.",
        subcommands: [Remove.self])

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop waiting for a region that is gone for good.",
            discussion: """
                Without --yes it only says what that means. Each region that is left has to be told.
                """)

        @Argument(help: "The region's name, or its id.")
        var region: String

        @OptionGroup var daemon: DaemonOptions

        @Flag(help: "Do it.")
        var yes = false

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let client = try daemon.client()
            let request = RemoveRegionRequestDocument(region: region, isConfirmed: yes)
            let removal = try await DaemonOptions.answer {
                try await client.post(
                    AdminCall.removeRegion, request, as: RegionRemovalDocument.self)
            }
            if json {
                Terminal.write(String(buffer: try JSONDocument.encode(removal)), to: STDOUT_FILENO)
            } else {
                for line in RemovalText(removal).lines { print(line) }
            }
            guard removal.isRemoved else {
                throw Refusal("nothing was done; give --yes to remove it")
            }
        }
    }
}

/// What a removal means, in plain words.
private struct RemovalText {
    let removal: RegionRemovalDocument

    init(_ removal: RegionRemovalDocument) { self.removal = removal }

    private var name: String {
        removal.name.map { "\($0) (\(removal.id))" } ?? removal.id
    }

    var lines: [String] {
        removal.isRemoved ? ["region \(name) is removed here"] + rest : warning + pending
    }

    private var warning: [String] {
        [
            "region \(name) is \(removal.isConnected ? "connected" : "not connected")",
            "Removing it cannot be taken back:",
            "- What it wrote and no other region has received is lost.",
            "- Deletions and quarantines that wait for it wait no more.",
            "- Should it come back with its data it is refused. It can join again only from an empty",
            "  data directory, as a new region.",
        ]
    }

    private var pending: [String] {
        guard removal.pendingEntries > 0 else { return [] }
        return [
            "\(removal.pendingEntries) objects that it wrote are known here and not complete; what nobody else has of"
                + " them never comes"
        ]
    }

    private var rest: [String] {
        ["give the same command in every other region that knows it"]
            + (removal.isFollowed
                ? [
                    "take it out of this region's settings (--peer), unless a new one takes its place"
                ]
                : [])
            + pending
    }
}
