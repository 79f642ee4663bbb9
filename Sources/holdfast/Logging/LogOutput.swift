// Where lines go, whoever makes them.

internal import Logging
internal import Storage

struct LogOutput: Sendable {
    let level: Logger.Level
    let format: LogFormat
    let writer: LogWriter
    let clock: any WallClock

    /// `fill` adds the fields, in the order in which they are to stand. Not called where the level is not shown.
    func write(_ level: Logger.Level, _ message: String, _ fill: (inout LogLine) -> Void) {
        guard level >= self.level else { return }
        var line = LogLine(
            format, milliseconds: clock.milliseconds(), level: level, message: message)
        fill(&line)
        writer.append(line.finished(), isUrgent: level >= .warning)
    }
}

/// swift-log's end: one line per event, its fields by name.
struct LogEventOutput: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let output: LogOutput

    init(_ output: LogOutput) {
        logLevel = output.level
        self.output = output
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        output.write(event.level, event.message.description) { line in
            for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
                line.field(key, "\(value)")
            }
        }
    }
}
