// A region with its peer API on a port, and the way to it from another region.

import Access
import HTTPServer
import Logging
import NIOCore
import NativeAPI
import RegionClient
import Replication
import Storage
import Testing

struct PeerFixture: Sendable {
    static let ours = RegionID(0xA)
    static let theirs = RegionID(0xB)
    static let secret = Array("a key for a pair of regions".utf8)

    let store: MemoryStore
    let port: Int
    let client = HTTPClient(limits: .patient)

    static func key(_ secret: [UInt8] = Self.secret) throws -> PeerKey {
        try #require(PeerKey(secret: secret))
    }

    /// The way from `ours` to `theirs`; through another port, with another key, or by another clock.
    func transport(
        port: Int? = nil, secret: [UInt8] = Self.secret, shiftMilliseconds: Int64 = 0,
        region: RegionID = Self.ours, peer: RegionID? = Self.theirs
    ) throws -> PeerTransport {
        PeerTransport(
            url: try #require(PeerURL("http://127.0.0.1:\(port ?? self.port)")), region: region,
            peer: peer, key: try Self.key(secret), client: client,
            clock: ShiftedClock(shiftMilliseconds: shiftMilliseconds),
            nonce: {
                var generator = SystemRandomNumberGenerator()
                return PeerNonce(using: &generator)
            })
    }

    func put(
        _ key: ObjectKey, _ bytes: ByteBuffer, in bucket: String = "registry"
    ) async throws
        -> BlobID
    {
        let staged = try await store.stage(bytes: bytes)
        let blob = try #require(staged.blob)
        let content = ObjectContent(
            blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0, etag: "e")
        let name = ObjectName(bucket: bucket, key: key)
        try await store.commit(.put(name, content, staged, .none))
        return blob
    }

    /// Runs `body` against a region that serves. `blobs` stands in for the store's own.
    static func serving(
        blobs: (any BlobStore)? = nil, limits: ReplicationLimits = ReplicationLimits(),
        _ body: @Sendable (PeerFixture) async throws -> Void
    ) async throws {
        let store = MemoryStore(region: theirs, clock: ShiftedClock()) {
            $0.key.hasPrefix("local/")
        }
        try await Buckets(objects: store, blobs: store).create("registry")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let key = try key()
        let handler = PeerHandler(
            region: theirs,
            answers: RegionAnswers(
                name: "b", feed: store, blobs: blobs ?? store, clock: ShiftedClock(),
                limits: limits),
            blobs: blobs ?? store, confirmed: ConfirmedPositions(clock: ShiftedClock()),
            clock: ShiftedClock(), logger: logger,
            keys: { region in region == ours ? key : nil })
        let service = HTTPService(
            configuration: HTTPServiceConfiguration(
                listeners: [ListenerConfiguration(.tcp(host: "127.0.0.1", port: 0))]),
            handler: handler, logger: logger)
        guard case .tcp(_, let port) = try #require(try await service.bind().first) else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            do {
                try await body(PeerFixture(store: store, port: port))
            } catch {
                service.stop()
                group.cancelAll()
                throw error
            }
            service.stop()
            group.cancelAll()
        }
    }
}
