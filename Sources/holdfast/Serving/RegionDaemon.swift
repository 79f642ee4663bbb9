// The composition root: opens one region's parts, joins them, and runs them until a signal. Nothing else
// knows more than one part. What cannot start is refused here with one plain line.

internal import Access
internal import HTTPServer
internal import LocalStore
internal import Logging
internal import NIOCore
internal import NativeAPI
internal import NativeWire
internal import RegionClient
internal import Replication
internal import S3API
internal import ServiceLifecycle
internal import Storage
internal import UnixSignals

struct RegionDaemon: Sendable {
    private let configuration: Configuration
    private let clock: any WallClock
    private let logger: Logger
    private let readiness = ReadinessState()
    private let feedInterruption = ChangeSignal()
    private let confirmed: ConfirmedPositions

    /// Runs a region until SIGTERM or SIGINT, and returns when all that was under way is finished.
    /// Throws a `Refusal` where it cannot start.
    static func serve(
        _ configuration: Configuration, clock: any WallClock, logger: Logger
    ) async throws {
        let daemon = RegionDaemon(configuration: configuration, clock: clock, logger: logger)
        try await daemon.run()
    }

    private init(configuration: Configuration, clock: any WallClock, logger: Logger) {
        self.configuration = configuration
        self.clock = clock
        self.logger = logger
        confirmed = ConfirmedPositions(clock: clock)
    }

    private func run() async throws {
        StartSignals.endAtOnce()
        var store: DurableStore?
        do {
            try await serve(opening: &store)
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
        let starting = HealthHandler(logger: logger) { [readiness] in readiness.current }
        let handler = ReplaceableHandler(StartingHandler(health: starting))
        let front = FrontListening(
            try await bind(
                .tcp(host: configuration.listen.host, port: configuration.listen.port),
                RequestLog(inner: handler, choice: configuration.logRequests, logger: logger)))
        // On the way out it is cut off where it has not ended, and waited for.
        async let served: Void = front.serve()
        let store = try await RegionStore.open(configuration, clock: clock, logger: logger) {
            [readiness] in readiness.set(.reading($0))
        }
        opened = store
        try await run(over: store, front, handler)
        try await served
    }

    /// The store locks the data directory, in which the socket and the key are.
    private func run(
        over store: DurableStore, _ front: FrontListening, _ handler: ReplaceableHandler
    ) async throws {
        let rootKey = try rootKey()
        for bucket in configuration.buckets { try await RegionStore.makeBucket(bucket, in: store) }
        try await RegionStore.noteLostRecords(of: store)
        let peers = try peers(of: store)
        let replication = replication(store, peers)
        let mending = MendBlobs(peers: peers, stores: Self.stores(store), logger: logger)
        let repair = repair(store, peers, mending, replication)
        let jobs = RegionJobs(
            board: JobBoard(clock: clock), store: store, repair: repair, replication: replication,
            confirmed: confirmed)
        let health = HealthHandler(logger: logger) { [readiness] in
            store.refusal.map { .unavailable($0.message) } ?? readiness.current
        }
        handler.replace(
            by: Dispatcher(s3: s3(store, mending, rootKey), peer: peer(store), health: health))
        let socket = try await bind(
            .unix(path: configuration.data + "/" + AdminCall.socketName),
            SocketDispatcher(
                admin: admin(store, replication, jobs), health: health))
        var group = ServiceGroupConfiguration(
            services: [
                jobs, Mending(mending: mending), Scrubbing(schedule: schedule(store, repair)),
                CollectingOnSchedule(
                    jobs: jobs, interval: configuration.gcInterval, logger: logger),
                ExpiringHistory(store: store, clock: clock, logger: logger),
                Following(replication: replication),
                HTTPListening(service: socket), front,
                Announcing(
                    readiness: readiness, feedInterruption: feedInterruption,
                    stopDelay: configuration.stopDelay, logger: announced(store)),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint], logger: Self.quiet(logger))
        group.maximumGracefulShutdownDuration =
            configuration.stopDelay + configuration.drain + .seconds(30)
        try await ServiceGroup(configuration: group).run()
    }

    /// Says what serves.
    private func announced(_ store: DurableStore) -> Logger {
        var logger = logger
        logger[metadataKey: "region"] = "\(configuration.region)"
        logger[metadataKey: "id"] = "\(store.region)"
        logger[metadataKey: "data"] = "\(configuration.data)"
        return logger
    }

    /// The credentials that were given, or those of the data directory.
    private func rootKey() throws -> KeyPair {
        if let key = configuration.rootKey { return key }
        let (key, path) = try RootKeyFile.loadOrCreate(in: configuration.data)
        logger.info("the root credentials are in a file", metadata: ["path": "\(path)"])
        return key
    }

    private func s3(
        _ store: DurableStore, _ mending: MendBlobs, _ rootKey: KeyPair
    ) -> S3Handler {
        S3Handler(
            objects: store, blobs: ReadRepair(store, mending: mending), uploads: store,
            credentials: RootCredentials(accessKey: rootKey.accessKey, secret: rootKey.secretKey),
            clock: clock,
            configuration: S3Configuration(
                domain: configuration.domain, acceptsQueryV2: configuration.acceptsSignatureV2),
            logger: logger)
    }

    private func peerKey() -> PeerKey? {
        configuration.peerKey.flatMap { PeerKey(secret: Array($0.utf8)) }
    }

    private func peer(_ store: DurableStore) -> PeerHandler {
        let feed = InterruptibleFeed(inner: store, interruption: feedInterruption)
        let key = peerKey()
        return PeerHandler(
            region: store.region,
            answers: RegionAnswers(
                name: configuration.region, feed: feed, blobs: store, clock: clock),
            blobs: store, confirmed: confirmed, clock: clock, logger: logger, keys: { _ in key })
    }

    private func admin(
        _ store: DurableStore, _ replication: ReplicationService, _ jobs: RegionJobs
    ) -> AdminHandler {
        AdminHandler(
            identity: DaemonIdentity(
                region: store.region, name: configuration.region,
                incarnation: store.incarnation, version: Holdfast.version,
                startedMilliseconds: clock.milliseconds()),
            maintenance: store, jobs: jobs.admin,
            history: AdminHistory(history: store, rollback: RollBack(store)), clock: clock,
            logger: logger,
            replication: { replication.status() })
    }

    private func peers(of store: DurableStore) throws -> [ReplicationPeer] {
        let client = HTTPClient()
        return try configuration.peers.map { peer in
            guard let url = PeerURL(peer.url), let key = peerKey() else {
                throw Refusal("“\(peer.url)” is not the URL of a region")
            }
            return ReplicationPeer(
                name: peer.name, url: peer.url,
                transport: PeerTransport(
                    url: url, region: store.region, key: key, client: client, clock: clock,
                    nonce: {
                        var generator = SystemRandomNumberGenerator()
                        return PeerNonce(using: &generator)
                    }))
        }
    }

    private static func stores(_ store: DurableStore) -> ReplicationStores {
        ReplicationStores(objects: store, blobs: store, uploads: store, feed: store)
    }

    private func replication(
        _ store: DurableStore, _ peers: [ReplicationPeer]
    ) -> ReplicationService {
        ReplicationService(
            name: configuration.region, peers: peers, stores: Self.stores(store), clock: clock,
            logger: logger)
    }

    private func repair(
        _ store: DurableStore, _ peers: [ReplicationPeer], _ mending: MendBlobs,
        _ replication: ReplicationService
    ) -> RepairRegion {
        RepairRegion(
            store: store, settings: Settings(objects: store, blobs: store), mending: mending,
            names: RecoverNames(peers: peers, feed: store),
            take: { try await replication.take($0, from: $1) })
    }

    private func schedule(_ store: DurableStore, _ repair: RepairRegion) -> ScrubSchedule {
        ScrubSchedule(
            repair: repair, settings: Settings(objects: store, blobs: store),
            intervalDays: configuration.scrubIntervalDays,
            bytesPerSecond: configuration.scrubBytesPerSecond, clock: clock, logger: logger)
    }

    private func bind(
        _ address: ListenerAddress, _ handler: any RequestHandler
    ) async throws -> HTTPService {
        var limits = HTTPLimits()
        limits.drainTimeout = TimeAmount(configuration.drain)
        let service = HTTPService(
            configuration: HTTPServiceConfiguration(listeners: [address], limits: limits),
            handler: handler, logger: logger)
        do {
            try await service.bind()
        } catch let error as ListenerError {
            throw Refusal(error.description)
        }
        return service
    }

    /// The service group speaks of its own doings on every start and stop; only its troubles matter here.
    private static func quiet(_ logger: Logger) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, .warning)
        return logger
    }
}
