// `holdfast serve`: runs a region until it is told to stop.

internal import ArgumentParser

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run a region.",
        discussion: """
            Settings come from flags, then HOLDFAST_* environment variables, then the file of \
            --config. The root credentials are HOLDFAST_ACCESS_KEY and HOLDFAST_SECRET_KEY; where \
            they are not set, they are made once and kept in the data directory. Regions that \
            follow each other share HOLDFAST_PEER_KEY.
            """)

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let configuration = try options.read()
        let clock = SystemClock()
        let log = LogSetup(configuration, clock: clock)
        defer { log.output.writer.flush() }
        do {
            try await RegionDaemon.serve(configuration, clock: clock, log: log)
        } catch let error where !(error is Refusal) {
            throw Refusal("the region stopped: \(error)", status: .bad)
        }
    }
}
