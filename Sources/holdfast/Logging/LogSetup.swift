// Where the events of a daemon go: standard error, human on a terminal, JSON otherwise.

internal import Glibc
internal import Logging
internal import Storage

struct LogSetup: Sendable {
    let output: LogOutput
    let logger: Logger

    init(_ configuration: Configuration, clock: any WallClock) {
        let format: LogFormat =
            switch configuration.logFormat {
            case .human: .human
            case .json: .json
            case .auto: Terminal.isTerminal(STDERR_FILENO) ? .human : .json
            }
        let output = LogOutput(
            level: configuration.logLevel, format: format,
            writer: LogWriter(descriptor: STDERR_FILENO), clock: clock)
        self.output = output
        logger = Logger(label: "holdfast") { _ in LogEventOutput(output) }
    }
}
