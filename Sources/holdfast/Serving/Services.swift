// The long-running parts as services of one group. It stops them in reverse order: first the probes say
// so, then requests finish, then the other regions are let go of.

internal import HTTPServer
internal import Logging
internal import NativeAPI
internal import Replication
internal import ServiceLifecycle
internal import Storage

/// The ports, or a socket. It serves from before the store is open, so its task is not one of the group's; what the
/// group has of it is its place in the order of stopping.
final class EarlyListening: Service {
    private let service: HTTPService
    private let handler: ReplaceableHandler
    private let ended = AsyncStream<Never>.makeStream()

    /// Opens them; `handler` answers until another does. Throws a `Refusal`.
    init(
        _ listeners: [ListenerConfiguration], _ handler: any RequestHandler, limits: HTTPLimits,
        logger: Logger, log: (any RequestHandler) -> any RequestHandler = { $0 }
    ) async throws {
        self.handler = ReplaceableHandler(handler)
        service = HTTPService(
            configuration: HTTPServiceConfiguration(listeners: listeners, limits: limits),
            handler: log(self.handler), logger: logger)
        do {
            try await service.bind()
        } catch let error as ListenerError {
            throw Refusal(error.description)
        }
    }

    func answer(by handler: any RequestHandler) { self.handler.replace(by: handler) }

    /// Returns when every connection is closed.
    func serve() async throws {
        defer { ended.continuation.finish() }
        try await service.run()
    }

    /// Where the group's patience is at its end, whatever is under way is cut: also of what it had not yet come to
    /// stop.
    func run() async throws {
        await withTaskCancellationHandler {
            await withGracefulShutdownHandler {
                for await _ in ended.stream {}
            } onGracefulShutdown: {
                self.service.stop()
            }
        } onCancel: {
            self.service.cut()
        }
    }
}

struct Following: Service {
    let replication: ReplicationService

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await replication.run() }
    }
}

/// Lets go of history whose time has run out, now and then.
struct ExpiringHistory: Service {
    let store: any ObjectHistory
    let clock: any WallClock
    let logger: Logger

    private static let versionsPerCommit = 500
    private static let pause = Duration.seconds(600)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await expire()
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning(
                        "history could not be let go of", metadata: ["error": "\(error)"])
                }
                do { try await Task.sleep(for: Self.pause) } catch { return }
            }
        }
    }

    private func expire() async throws {
        let limit = Self.versionsPerCommit
        while try await store.expireHistory(nowMilliseconds: clock.milliseconds(), limit: limit)
            == limit
        {
            try Task.checkCancellation()
        }
    }
}

struct Mending: Service {
    let mending: MendBlobs

    func run() async throws {
        await cancelWhenGracefulShutdown { await mending.run() }
    }
}

struct Scrubbing: Service {
    let schedule: ScrubSchedule

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await schedule.run() }
        } catch is CancellationError {
            // The region stops; the next start goes on.
        }
    }
}

/// Ready while it runs. When the region stops, requests are still taken for `stopDelay`, so that whoever
/// watches the probe sends no more of them.
struct Announcing: Service {
    let readiness: ReadinessState
    let feedInterruption: ChangeSignal
    let stopDelay: Duration
    let logger: Logger

    func run() async throws {
        readiness.set(.ready)
        logger.info("serving")
        try await gracefulShutdown()
        readiness.set(.unavailable("stopping"))
        try await Task.sleep(for: stopDelay)
        feedInterruption.advance()
    }
}
