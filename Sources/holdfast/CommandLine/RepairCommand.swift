// `holdfast repair`: has the daemon read back all it stores and mend what is bad, and follows it.

internal import ArgumentParser
internal import DiskIO
internal import LocalStore
internal import Logging
internal import NativeWire
internal import Storage

struct RepairCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair",
        abstract: "Read back everything that is stored, and mend what is damaged.",
        discussion: """
            The daemon does the work, while it serves; this command follows it, and may be interrupted and \
            given again. Damaged bytes are fetched from the regions that it follows. Exits with 1 where \
            something is bad and stays so.

            With --rebuild-index the command works itself, on the directory of a daemon that is stopped: the \
            index is discarded and read anew from the journal. Exits with 1 where some of that is lost.
            """)

    @OptionGroup var daemon: DaemonOptions

    @Flag(help: "Also compute the digest of every blob.")
    var deep = false

    @Option(help: ArgumentHelp("Only what this bucket's objects name.", valueName: "name"))
    var bucket: String?

    @Flag(help: "Make the index anew from the journal, while no daemon runs.")
    var rebuildIndex = false

    @OptionGroup var job: JobOptions

    func validate() throws {
        if rebuildIndex, deep || bucket != nil {
            throw ValidationError("--rebuild-index goes with --data alone")
        }
    }

    func run() async throws {
        if rebuildIndex { return try rebuild(in: try daemon.directory()) }
        var request = JobRequestDocument(kind: "repair")
        request.isDeep = deep
        request.bucket = bucket
        try await FollowJob(client: try daemon.client(), options: job).run(request)
    }

    private func rebuild(in directory: String) throws {
        let rebuilt: RebuiltIndex
        do {
            rebuilt = try RebuildIndex(
                LocalStoreConfiguration(directory: directory), disk: PosixDisk(), index: .rocks(),
                logger: Logger(label: "holdfast") { _ in SwiftLogNoOpLogHandler() }
            ).run()
        } catch {
            throw Refusal("\(directory): \(error.message)")
        }
        print(
            "the index is rebuilt: \(rebuilt.objects) objects, \(rebuilt.blobs) blobs,"
                + " \(rebuilt.uploads) open uploads")
        for line in rebuilt.lost { print(line) }
        guard rebuilt.lost.isEmpty else {
            throw Refusal("some of the journal is lost", status: .bad)
        }
    }
}
