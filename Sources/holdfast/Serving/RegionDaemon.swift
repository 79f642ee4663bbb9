// The life of a region's daemon: opens its parts in order, runs them until a signal, and closes them in order.
// What cannot start is refused here with one plain line.

internal import HTTPServer
internal import LocalStore
internal import Logging
internal import NIOCore
internal import NativeAPI
internal import NativeWire
internal import Replication
internal import ServiceLifecycle
internal import Storage
internal import UnixSignals

struct RegionDaemon: Service {
    let configuration: Configuration
    let clock: any WallClock
    let log: LogSetup
    let readiness = ReadinessState()
    let feedInterruption = ChangeSignal()
    let confirmed: ConfirmedPositions
    let heard: HeardRegions
    let tls: RegionTLS
    let limits: HTTPLimits
    let changes: AuditFile
    let refusals: AuditFile

    /// Runs a region until SIGTERM or SIGINT, and returns when all that was under way is finished.
    /// Throws a `Refusal` where it cannot start.
    static func serve(
        _ configuration: Configuration, clock: any WallClock, log: LogSetup
    ) async throws {
        let daemon = RegionDaemon(
            configuration: configuration, tls: try RegionTLS(configuration), clock: clock, log: log)
        let whole = ServiceGroupConfiguration.ServiceConfiguration(
            service: daemon, successTerminationBehavior: .gracefullyShutdownGroup)
        // The signals are taken from before anything is opened until all is closed.
        try await ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [whole], gracefulShutdownSignals: [.sigterm, .sigint],
                logger: quiet(log.logger))
        ).run()
    }

    private init(
        configuration: Configuration, tls: RegionTLS, clock: any WallClock, log: LogSetup
    ) {
        self.configuration = configuration
        self.tls = tls
        self.clock = clock
        self.log = log
        limits = Self.limits(configuration, log.logger)
        confirmed = ConfirmedPositions(clock: clock)
        heard = HeardRegions(clock: clock)
        changes = AuditFile(.changes, in: configuration.data)
        refusals = AuditFile(.refusals, in: configuration.data)
    }

    var logger: Logger { log.logger }

    func run() async throws {
        var store: DurableStore?
        do {
            try await serve(opening: &store)
        } catch is CancellationError where store == nil {
            logger.info("the start is given up; the next one goes on with it")
        } catch {
            try await store?.close()
            throw error
        }
        try await store?.close()
        logger.info("stopped")
    }

    /// Serves from before the store is open, until nothing is under way any more. The store that was opened is
    /// the caller's to close.
    private func serve(opening opened: inout DurableStore?) async throws {
        let health = HealthHandler(logger: logger) { [readiness] in readiness.current }
        let starting = StartingHandler()
        let front = try await front(
            answering: dispatcher(
                s3: starting, driver: starting, peer: starting, health: health,
                unknown: starting))
        // On the way out it is cut off where it has not ended, and waited for.
        async let served: Void = front.serve()
        async let renewed: Void = renewCertificate()
        // The directory first: the socket is in it.
        let directory = try RegionStore.hold(configuration)
        let admin = StartingAdminHandler(region: configuration.region) { [readiness] in
            readiness.current
        }
        let socket = try await socket(
            answering: SocketDispatcher(
                admin: admin, regions: admin, buckets: admin, keys: admin, encryption: admin,
                health: health))
        async let administered: Void = socket.serve()
        let store = try await cancelWhenGracefulShutdown {
            [configuration, clock, logger, readiness] in
            try await RegionStore.open(directory, configuration, clock: clock, logger: logger) {
                readiness.set(.reading($0))
            }
        }
        opened = store
        try await run(over: store, front, socket)
        try await served
        try await administered
        try await renewed
    }

    /// The store is open, and so is the data directory this process's.
    private func run(
        over store: DurableStore, _ front: EarlyListening, _ socket: EarlyListening
    ) async throws {
        let keys = try await keys(of: store)
        for bucket in configuration.buckets { try await RegionStore.makeBucket(bucket, in: store) }
        try await RegionStore.noteLostRecords(of: store)
        let peers = try peers(of: store)
        let removed = try await RemovedRegions.load(objects: store, blobs: store)
        let replication = replication(store, peers, removed)
        let mending = MendBlobs(peers: peers, stores: Self.stores(store), logger: logger)
        let repair = repair(store, peers, mending, replication)
        let jobs = RegionJobs(
            board: JobBoard(clock: clock), store: store, repair: repair,
            lifecycle: lifecycle(store), replication: replication, confirmed: confirmed,
            removed: removed)
        let health = HealthHandler(logger: logger) { [readiness] in
            store.refusal.map { .unavailable($0.message) } ?? readiness.current
        }
        front.answer(
            by: audited(
                dispatcher(
                    s3: s3(store, mending, keys.valid), driver: driver(store, mending, keys.valid),
                    peer: peer(store, removed), health: health, unknown: UnknownPath())))
        socket.answer(
            by: audited(
                SocketDispatcher(
                    admin: admin(store, replication, jobs),
                    regions: regions(store, replication, removed), buckets: buckets(store),
                    keys: AdminKeys(keys: keys.keys, clock: clock, logger: logger),
                    encryption: encryption(store), health: health))
        )
        var group = ServiceGroupConfiguration(
            services: [
                jobs, Mending(mending: mending), Scrubbing(schedule: schedule(store, repair)),
                CollectingOnSchedule(
                    jobs: jobs, interval: configuration.gcInterval, logger: logger),
                ExpiringHistory(store: store, clock: clock, logger: logger),
                Following(replication: replication), socket, front,
                Announcing(
                    readiness: readiness, feedInterruption: feedInterruption,
                    stopDelay: configuration.stopDelay, logger: announced(store)),
            ], logger: Self.quiet(logger))
        group.maximumGracefulShutdownDuration =
            configuration.stopDelay + configuration.drain + .seconds(30)
        try await ServiceGroup(configuration: group).run()
    }

    private func front(answering handler: any RequestHandler) async throws -> EarlyListening {
        let listeners = configuration.listeners.map { listener in
            ListenerConfiguration(
                .tcp(host: listener.address.host, port: listener.address.port),
                certificate: listener.isEncrypted ? tls.certificate : nil)
        }
        return try await EarlyListening(
            listeners, handler, limits: limits, logger: logger
        ) { RequestLog(inner: $0, choice: configuration.logRequests, output: log.output) }
    }

    private func socket(answering handler: any RequestHandler) async throws -> EarlyListening {
        try await EarlyListening(
            [ListenerConfiguration(.unix(path: configuration.data + "/" + AdminCall.socketName))],
            handler, limits: limits, logger: logger)
    }

    private func dispatcher(
        s3: any RequestHandler, driver: any RequestHandler, peer: any RequestHandler,
        health: any RequestHandler, unknown: any RequestHandler
    ) -> Dispatcher {
        Dispatcher(
            listeners: configuration.listeners.map(\.apis), domain: configuration.domain, s3: s3,
            driver: driver, peer: peer,
            health: health, unknown: unknown)
    }

    private func audited(_ handler: any RequestHandler) -> AuditedRequests {
        AuditedRequests(
            inner: handler, changes: changes, refusals: refusals, clock: clock, logger: logger)
    }

    private func renewCertificate() async throws {
        guard let certificate = tls.certificate else {
            return await NothingToReload(logger: logger).run()
        }
        try await RenewingCertificate(certificate: certificate, logger: logger).run()
    }

    private static func limits(_ configuration: Configuration, _ logger: Logger) -> HTTPLimits {
        var limits = HTTPLimits()
        limits.drainTimeout = TimeAmount(configuration.drain)
        let wanted = limits.connectionCount
        let descriptors = DescriptorLimit.raised()
        limits.connectionCount = descriptors.connections(of: wanted)
        descriptors.note(limits, wanted: wanted, logger)
        return limits
    }

    /// Says what serves.
    private func announced(_ store: DurableStore) -> Logger {
        var logger = logger
        logger[metadataKey: "region"] = "\(configuration.region)"
        logger[metadataKey: "id"] = "\(store.region)"
        logger[metadataKey: "data"] = "\(configuration.data)"
        return logger
    }

    /// The service group speaks of its own doings on every start and stop; only its troubles matter here.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
