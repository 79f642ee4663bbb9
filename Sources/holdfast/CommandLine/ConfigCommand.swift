// `holdfast config check`: what `serve` would say of its settings, without starting.

internal import ArgumentParser

struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Look at settings.", subcommands: [Check.self])

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check flags, environment and file as 'serve' would, without starting.")

        @OptionGroup var options: ConfigurationOptions

        func run() async throws {
            let configuration = try options.read()
            _ = try RegionTLS(configuration)
            let peers = configuration.peers.map { "\($0.name) at \($0.url)" }
            print("region \(configuration.region) in \(configuration.data)")
            for listener in configuration.listeners { print("listens on \(listener)") }
            print("follows \(peers.isEmpty ? "nobody" : peers.joined(separator: ", "))")
            print("the settings are good")
        }
    }
}
