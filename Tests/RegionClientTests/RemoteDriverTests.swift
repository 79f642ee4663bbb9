import Access
import HTTPServer
import Logging
import NIOCore
import NativeAPI
import RegionClient
import RegistryLayout
import Storage
import StoreConformance
import Testing

/// A region that serves its storage driver on a port.
struct DriverServer: Sendable {
    let store: MemoryStore
    let port: Int

    func driver(
        bucket: String = "registry", secret: String = "secret", pieceBytes: Int = 1 << 20
    ) throws -> RemoteDriver {
        try RemoteDriver(
            url: try #require(PeerURL("http://127.0.0.1:\(port)")), bucket: bucket,
            signer: RequestSigner(accessKey: "key", secret: secret),
            client: HTTPClient(limits: .patient), clock: ShiftedClock(), pieceBytes: pieceBytes)
    }

    static func serving(_ body: @Sendable (DriverServer) async throws -> Void) async throws {
        let store = MemoryStore(
            region: RegionID(1), clock: ShiftedClock(), isRegionLocal: KeyRules.isRegionLocal)
        try await Buckets(objects: store, blobs: store).create("registry")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let handler = DriverHandler(
            stores: DriverStores(
                objects: store, blobs: store, uploads: store,
                promisedDigest: { KeyRules.promisedDigest($0.key) }),
            credentials: RootCredentials(accessKey: "key", secret: "secret"),
            clock: ShiftedClock(), logger: logger)
        // On a machine that is busy with other tests a client may have to wait for its turn.
        var limits = HTTPLimits()
        limits.bodyIdleTimeout = .minutes(5)
        limits.responseIdleTimeout = .minutes(5)
        let service = HTTPService(
            configuration: HTTPServiceConfiguration(
                listeners: [ListenerConfiguration(.tcp(host: "127.0.0.1", port: 0))],
                limits: limits),
            handler: handler, logger: logger)
        guard case .tcp(_, let port) = try #require(try await service.bind().first) else { return }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            defer {
                service.stop()
                group.cancelAll()
            }
            try await body(DriverServer(store: store, port: port))
        }
    }
}

@Suite("The driver of a bucket elsewhere", .timeLimit(.minutes(10)))
struct RemoteDriverTests {
    @Test("drives as every driver does", arguments: DriverCase.all)
    func drives(driverCase: DriverCase) async throws {
        try await DriverServer.serving { server in
            try await driverCase.run(
                DriverFixture(driver: try server.driver(), clock: ShiftedClock()))
        }
    }

    private static func code(_ body: () async throws -> Void) async -> DriverError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? DriverError)?.code
        }
    }

    @Test("says who is refused, which bucket is missing, and that nobody answers")
    func refusals() async throws {
        try await DriverServer.serving { server in
            #expect(
                await Self.code { _ = try await server.driver(secret: "x").stat(.root) }
                    == .unauthenticated)
            #expect(
                await Self.code { _ = try await server.driver(bucket: "other").stat(.root) }
                    == .bucketNotFound)
        }
        let nobody = DriverServer(
            store: MemoryStore(region: RegionID(1), clock: ShiftedClock()) { _ in false }, port: 1)
        #expect(await Self.code { _ = try await nobody.driver().stat(.root) } == .unavailable)
    }
}
