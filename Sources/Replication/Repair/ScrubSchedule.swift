// The scrub that nobody asks for: everything is read back once in so many days, slowly, and what is found bad
// is mended. Where it is, is written down in a setting of this region alone, so that a restart goes on there.

internal import FoundationEssentials
package import Logging
internal import NIOCore
package import Storage
internal import Synchronization

package final class ScrubSchedule: Sendable {
    package static let path = "local/scrub"
    /// Looks at the clock at least so often.
    private static let longestRest: Duration = .seconds(3600)
    private static let millisecondsOfDay: Int64 = 86_400_000

    /// Where the scrub is.
    package struct Place: Codable, Sendable, Hashable {
        var format = 1
        /// When the last round began.
        package var begunMilliseconds: Int64
        /// Whether it came to its end.
        package var isDone: Bool
        /// Chunk files below this one were read in it.
        package var firstChunkFile: UInt64
    }

    private let repair: RepairRegion
    private let settings: Settings
    private let intervalDays: Int
    private let bytesPerSecond: UInt64?
    private let clock: any WallClock
    private let logger: Logger

    /// `intervalDays` lie between the beginnings of two rounds; 0: there are none.
    package init(
        repair: RepairRegion, settings: Settings, intervalDays: Int, bytesPerSecond: UInt64?,
        clock: any WallClock, logger: Logger
    ) {
        self.repair = repair
        self.settings = settings
        self.intervalDays = intervalDays
        self.bytesPerSecond = bytesPerSecond
        self.clock = clock
        self.logger = logger
    }

    /// Scrubs whenever it is time, until the task is cancelled.
    package func run() async throws {
        guard intervalDays > 0 else {
            // A service that returned would end its group.
            while true { try await Task.sleep(for: Self.longestRest) }
        }
        while true {
            do {
                try await runIfDue()
            } catch let error as StorageError {
                logger.error("the scrub was broken off", metadata: ["error": "\(error)"])
            }
            try await Task.sleep(for: Self.longestRest)
        }
    }

    /// Goes on with the round that was begun, or begins one where it is time. Returns whether it did.
    @discardableResult
    package func runIfDue() async throws -> Bool {
        let now = clock.milliseconds()
        guard var place = try await read() else {
            // A region that is new has nothing to be read back yet.
            try await write(Place(begunMilliseconds: now, isDone: true, firstChunkFile: 0))
            return false
        }
        if place.isDone {
            let due = place.begunMilliseconds + Int64(intervalDays) * Self.millisecondsOfDay
            guard now >= due else { return false }
            place = Place(begunMilliseconds: now, isDone: false, firstChunkFile: 0)
            try await write(place)
        }
        let begun = place.begunMilliseconds
        let report = ScheduledReport(logger: logger)
        try await repair.run(
            ScrubOptions(bytesPerSecond: bytesPerSecond, firstChunkFile: place.firstChunkFile),
            report
        ) { file in
            try await self.write(
                Place(begunMilliseconds: begun, isDone: false, firstChunkFile: file + 1))
        }
        try await write(Place(begunMilliseconds: begun, isDone: true, firstChunkFile: 0))
        report.end()
        return true
    }

    /// Where the scrub is; `nil` before the first.
    package func read() async throws -> Place? {
        guard let bytes = try await settings.read(Self.path) else { return nil }
        return try JSONDecoder().decode(Place.self, from: Data(bytes.readableBytesView))
    }

    private func write(_ place: Place) async throws {
        let bytes = ByteBuffer(bytes: try JSONEncoder().encode(place))
        try await settings.write(bytes, to: Self.path)
    }
}

/// What a scheduled scrub says goes to the log.
private final class ScheduledReport: WorkReport {
    private let logger: Logger
    private let figures = Mutex<[String: UInt64]>([:])

    init(logger: Logger) { self.logger = logger }

    func set(_ progress: JobProgress) {}

    func advance(_ done: UInt64) {}

    func add(_ figure: String, _ count: UInt64) {
        figures.withLock { $0[figure, default: 0] += count }
    }

    func found(_ finding: JobFinding) {
        logger.log(
            level: finding.outcome == .beyondRepair ? .error : .notice, "the scrub found damage",
            metadata: [
                "subject": "\(finding.subject)", "reason": "\(finding.reason)",
                "outcome": "\(finding.outcome.rawValue)",
            ])
    }

    func checkCancellation() throws { try Task.checkCancellation() }

    func end() {
        let figures = figures.withLock { $0 }
        logger.info(
            "the scrub came to its end",
            metadata: Logger.Metadata(
                uniqueKeysWithValues: figures.map { ($0.key, "\($0.value)") }))
    }
}
