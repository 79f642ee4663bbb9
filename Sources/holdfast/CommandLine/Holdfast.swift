// The program's entry: finds the command, and turns what it throws into one plain line and an exit
// status. Nothing else ends the process.

internal import ArgumentParser
internal import Glibc

@main
struct Holdfast: AsyncParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract: "A geo-replicated storage backend for container registries.",
        version: version,
        subcommands: [
            ServeCommand.self, StatusCommand.self, RepairCommand.self, CollectCommand.self,
            BackupCommand.self, HistoryCommand.self, RollbackCommand.self, RegionCommand.self,
            BucketCommand.self, KeyCommand.self, EncryptionCommand.self, AuditCommand.self,
            ConfigCommand.self,
        ])

    static func main() async {
        // A client that goes away is an error of that connection, not a signal to the daemon.
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as Refusal {
            end(with: error)
        } catch {
            end(withParserError: error)
        }
    }

    private static func end(with refusal: Refusal) -> Never {
        Terminal.printError("holdfast: \(refusal.message)")
        Glibc.exit(refusal.status.rawValue)
    }

    private static func end(withParserError error: any Error) -> Never {
        let text = fullMessage(for: error)
        guard exitCode(for: error) != .success else {
            if !text.isEmpty { print(text) }
            Glibc.exit(ExitStatus.done.rawValue)
        }
        // The first line says what is wrong; the usage is a --help away.
        let line = text.split(separator: "\n").first ?? "wrong usage"
        let plain = line.hasPrefix("Error: ") ? line.dropFirst("Error: ".count) : line
        Terminal.printError("holdfast: \(plain) (see holdfast --help)")
        Glibc.exit(ExitStatus.usage.rawValue)
    }
}
