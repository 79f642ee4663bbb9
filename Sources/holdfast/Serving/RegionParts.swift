// What a region's daemon consists of, and how the parts are joined. Nothing else knows more than one of them.

internal import Access
internal import HTTPServer
internal import LocalStore
internal import Logging
internal import NativeAPI
internal import RegionClient
internal import RegistryLayout
internal import Replication
internal import S3API
internal import Storage

extension RegionDaemon {
    /// The keys of the region: those that are stored, and those that are valid now.
    func keys(of store: DurableStore) async throws -> RegionKeys {
        let root = try rootKey()
        let seals = try SealingKeyFile.seals(
            in: configuration.data, peerKey: configuration.peerKey,
            formerPeerKey: configuration.formerPeerKey)
        let keys = AccessKeys(objects: store, blobs: store, seals: seals, clock: clock)
        let resealed = try await keys.reseal()
        if resealed > 0 {
            logger.notice(
                "the secrets of keys are sealed anew, under the key that is shared with other regions",
                metadata: ["keys": "\(resealed)"])
        }
        let logger = logger
        let valid = StoredCredentials(
            root: RootCredentials(accessKey: root.accessKey, secret: root.secretKey),
            objects: store, blobs: store, seals: seals, clock: clock
        ) { accessKey, reason in
            logger.warning(
                "a key is refused: it cannot be read here",
                metadata: ["key": "\(accessKey)", "reason": "\(reason)"])
        }
        return RegionKeys(keys: keys, valid: valid)
    }

    /// The credentials that were given, or those of the data directory.
    private func rootKey() throws -> KeyPair {
        if let key = configuration.rootKey { return key }
        let (key, path) = try RootKeyFile.loadOrCreate(in: configuration.data)
        logger.info("the root credentials are in a file", metadata: ["path": "\(path)"])
        return key
    }

    func s3(
        _ store: DurableStore, _ mending: MendBlobs, _ credentials: StoredCredentials
    ) -> S3Handler {
        S3Handler(
            objects: store, blobs: ReadRepair(store, mending: mending), uploads: store,
            versions: store, credentials: credentials, clock: clock,
            configuration: S3Configuration(
                domain: configuration.domain, acceptsQueryV2: configuration.acceptsSignatureV2),
            logger: logger, usage: store.usage)
    }

    func driver(
        _ store: DurableStore, _ mending: MendBlobs, _ credentials: StoredCredentials
    ) -> DriverHandler {
        DriverHandler(
            stores: DriverStores(
                objects: store, blobs: ReadRepair(store, mending: mending), uploads: store,
                promisedDigest: PromisedDigests(
                    .bucketSettings(objects: store, blobs: store)
                ).digest),
            credentials: credentials, clock: clock, logger: logger,
            redirects: { [listeners = configuration.listeners.map(\.apis)] listener in
                listeners[listener].contains(.s3)
            })
    }

    func lifecycle(_ store: DurableStore) -> ApplyLifecycle {
        ApplyLifecycle(
            objects: store, blobs: store, uploads: store, versions: store, clock: clock)
    }

    func peerKey() -> PeerKey? {
        configuration.peerKey.flatMap { PeerKey(secret: Array($0.utf8)) }
    }

    func peer(_ store: DurableStore, _ removed: RemovedRegions) -> any RequestHandler {
        let feed = InterruptibleFeed(inner: store, interruption: feedInterruption)
        let key = peerKey()
        let handler = PeerHandler(
            region: store.region,
            answers: RegionAnswers(
                name: configuration.region, feed: feed, blobs: store, clock: clock,
                removed: removed),
            blobs: store, confirmed: confirmed, removed: removed, heard: heard, clock: clock,
            logger: logger, keys: { _ in key })
        guard configuration.tls?.clientAuthorities != nil else { return handler }
        return CertifiedPeers(inner: handler)
    }

    func admin(
        _ store: DurableStore, _ replication: ReplicationService, _ jobs: RegionJobs
    ) -> AdminHandler {
        AdminHandler(
            identity: DaemonIdentity(
                region: store.region, name: configuration.region,
                incarnation: store.incarnation, version: Holdfast.version,
                startedMilliseconds: clock.milliseconds()),
            maintenance: store, jobs: jobs.admin,
            history: AdminHistory(history: store, rollback: RollBack(store)), clock: clock,
            logger: logger, quotas: buckets(store).beyondQuota,
            replication: { replication.status() })
    }

    func buckets(_ store: DurableStore) -> AdminBuckets {
        AdminBuckets(
            buckets: Buckets(objects: store, blobs: store), maintenance: store, logger: logger)
    }

    func regions(
        _ store: DurableStore, _ replication: ReplicationService, _ removed: RemovedRegions
    ) -> AdminRegions {
        let known = ListRegions(
            replication: replication, feed: store, confirmed: confirmed, removed: removed,
            heard: heard)
        return AdminRegions(
            regions: known,
            removal: RemoveRegion(
                replication: replication, stores: Self.stores(store), regions: known,
                confirmed: confirmed, removed: removed), logger: logger)
    }

    func encryption(_ store: DurableStore) -> AdminEncryption {
        AdminEncryption(logger: logger) { try await store.rotateMasterKey() }
    }

    func peers(of store: DurableStore) throws -> [ReplicationPeer] {
        let client = HTTPClient(tls: tls.client)
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

    static func stores(_ store: DurableStore) -> ReplicationStores {
        ReplicationStores(objects: store, blobs: store, uploads: store, feed: store)
    }

    func replication(
        _ store: DurableStore, _ peers: [ReplicationPeer], _ removed: RemovedRegions
    ) -> ReplicationService {
        ReplicationService(
            name: configuration.region, peers: peers, stores: Self.stores(store), clock: clock,
            removed: removed, logger: logger,
            meet: { try await store.meet(clockMilliseconds: $0) })
    }

    func repair(
        _ store: DurableStore, _ peers: [ReplicationPeer], _ mending: MendBlobs,
        _ replication: ReplicationService
    ) -> RepairRegion {
        RepairRegion(
            store: store, settings: Settings(objects: store, blobs: store), mending: mending,
            names: RecoverNames(peers: peers, feed: store),
            take: { try await replication.take($0, from: $1) })
    }

    func schedule(_ store: DurableStore, _ repair: RepairRegion) -> ScrubSchedule {
        ScrubSchedule(
            repair: repair, settings: Settings(objects: store, blobs: store),
            intervalDays: configuration.scrubIntervalDays,
            bytesPerSecond: configuration.scrubBytesPerSecond, clock: clock, logger: logger)
    }
}

/// Keys that are administered, and keys that requests are verified by.
struct RegionKeys: Sendable {
    let keys: AccessKeys
    let valid: StoredCredentials
}
