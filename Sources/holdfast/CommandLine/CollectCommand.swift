// `holdfast gc`: has the daemon collect garbage, and says what went.

internal import ArgumentParser
internal import NativeWire
internal import RegionClient

struct CollectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc",
        abstract: "Collect garbage: abort idle uploads, drop what nothing names, give space back.",
        discussion: """
            It runs in the daemon while everything goes on; interrupting this command does not end \
            it. The daemon does the same by itself every gc.interval_seconds, but for --registry: \
            what no tag of a registry reaches goes into quarantine first, and is deleted by a run \
            after that has passed and every region has confirmed it.
            """)

    @OptionGroup var daemon: DaemonOptions

    @Option(help: "Also collect what nothing needs in this bucket, which holds a registry.")
    var registry: String?

    @Flag(help: "With --registry: manifests that no tag names are garbage.")
    var deleteUntagged = false

    @Option(help: "Leave alone what was used within this time: 90s, 15m, 2h, 7d.")
    var grace: Grace?

    @Flag(help: "Only say what would go.")
    var dryRun = false

    @OptionGroup var job: JobOptions

    func run() async throws {
        var request = JobRequestDocument(kind: "gc")
        request.registryBucket = registry
        request.deletesUntagged = deleteUntagged
        request.graceSeconds = grace?.seconds
        request.isDryRun = dryRun
        try await FollowJob(client: try daemon.client(), options: job).run(request)
    }
}

/// A length of time as it is written on a command line.
struct Grace: ExpressibleByArgument {
    let seconds: UInt64

    init?(argument: String) {
        let units: [Character: UInt64] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let last = argument.last, let unit = units[last] ?? (last.isNumber ? 1 : nil),
            let number = UInt64(units[last] == nil ? argument[...] : argument.dropLast()),
            number <= 31_536_000 / unit
        else { return nil }
        seconds = number * unit
    }
}
