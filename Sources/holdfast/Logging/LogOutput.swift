// swift-log's end: one line per event to the writer.

internal import Logging
internal import Storage

struct LogOutput: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    private let writer: LogWriter
    private let format: LogFormat
    private let clock: any WallClock

    init(level: Logger.Level, format: LogFormat, writer: LogWriter, clock: any WallClock) {
        logLevel = level
        self.format = format
        self.writer = writer
        self.clock = clock
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields = metadata
        if let own = event.metadata { fields.merge(own) { _, new in new } }
        writer.append(
            format.line(
                milliseconds: clock.milliseconds(), level: event.level,
                message: event.message.description, metadata: fields))
    }
}
