// `holdfast backup`: has the daemon make a copy of all it stores, and follows it.

internal import ArgumentParser
internal import Foundation
internal import NativeWire
internal import RegionClient

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Make a consistent copy of a running region.",
        discussion: """
            The daemon does the work, while it serves; this command follows it, and may be interrupted. \
            Everything that was acknowledged before is in the copy, which is a data directory: 'holdfast \
            serve --data DIR' runs from it. Until it is finished it is marked so, and refused by a start. \
            While it is made, garbage is collected but its space is not given back.
            """)

    @Argument(help: "An empty directory, or one that is not there yet, on the daemon's machine.")
    var directory: String

    @OptionGroup var daemon: DaemonOptions

    @OptionGroup var job: JobOptions

    func run() async throws {
        var request = JobRequestDocument(kind: "backup")
        request.directory = URL(fileURLWithPath: directory).standardizedFileURL.path
        try await FollowJob(client: try daemon.client(), options: job).run(request)
    }
}
