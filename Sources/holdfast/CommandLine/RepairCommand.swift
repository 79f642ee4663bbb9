// `holdfast repair`: has the daemon read back all it stores and mend what is bad, and follows it.

internal import ArgumentParser
internal import NativeWire

struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Read back everything that is stored, and mend what is damaged.",
        discussion: """
            The daemon does the work, while it serves; this command follows it, and may be interrupted and
            given again. Damaged bytes are fetched from the regions that it follows. Exits with 1 where
            something is bad and stays so.
            """)

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Also compute the digest of every blob.")
    var deep = false

    @Option(help: ArgumentHelp("Only what this bucket's objects name.", valueName: "name"))
    var bucket: String?

    @OptionGroup var job: JobOptions

    func run() async throws {
        var request = JobRequestDocument(kind: "repair")
        request.isDeep = deep
        request.bucket = bucket
        try await FollowJob(client: try daemon.client(), options: job).run(request)
    }
}
