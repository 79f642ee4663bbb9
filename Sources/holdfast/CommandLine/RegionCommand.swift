// `holdfast region list`: which regions this one knows. `holdfast region remove`: one that is gone for good is waited
// for no more.

internal import ArgumentParser
internal import Foundation
internal import NIOCore
internal import NativeWire
internal import RegionClient

struct RegionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "region", abstract: "Administer the regions that this one knows.",
        subcommands: [List.self, Remove.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the regions that are followed, that follow, and that were removed.")

        @OptionGroup var daemon: DaemonOptions

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let client = try daemon.client()
            let list = try await DaemonOptions.answer {
                try await client.get(AdminCall.listRegions, as: RegionListDocument.self)
            }
            if json {
                Terminal.write(String(buffer: try JSONDocument.encode(list)), to: STDOUT_FILENO)
            } else {
                for line in RegionTable(list).lines { print(line) }
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stop waiting for a region that is gone for good.",
            discussion: """
                Without --yes it only says what that means. Each region that is left has to be told. A region \
                that was heard of within a minute, because it answered or because it asked, is not gone: \
                removing it is refused, unless --force is given. It is then refused itself, with all that it \
                holds and no other region has.
                """)

        @Argument(help: "The region's name, or its id.")
        var region: String

        @OptionGroup var daemon: DaemonOptions

        @Flag(help: "Do it.")
        var yes = false

        @Flag(help: "Do it also where the region was heard of within a minute.")
        var force = false

        @Flag(help: "Print one JSON document.")
        var json = false

        func run() async throws {
            let client = try daemon.client()
            let request = RemoveRegionRequestDocument(
                region: region, isConfirmed: yes, isForced: force)
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
