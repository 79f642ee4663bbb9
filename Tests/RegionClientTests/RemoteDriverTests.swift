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

    static func serving(
        to credentials: any CredentialSource = RootCredentials(accessKey: "key", secret: "secret"),
        _ body: @Sendable (DriverServer) async throws -> Void
    ) async throws {
        let store = MemoryStore(
            region: RegionID(1), clock: ShiftedClock(), isRegionLocal: KeyRules.isRegionLocal)
        try await Buckets(objects: store, blobs: store).create("registry")
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let handler = DriverHandler(
            stores: DriverStores(
                objects: store, blobs: store, uploads: store,
                promisedDigest: { KeyRules.promisedDigest($0.key) }),
            credentials: credentials,
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

/// The key of the tests, limited.
private struct LimitedCredentials: CredentialSource {
    let limits: KeyLimits

    func credential(for accessKey: String) async throws -> Credential? {
        Credential(
            accessKey: accessKey, secret: "secret",
            principal: Principal(name: "ci", policy: .limited(limits)))
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

    /// What a key learns of a path: `file`, `directory`, or the code of the refusal.
    private static func told(_ driver: RemoteDriver, _ path: String) async throws -> String {
        do {
            return try await driver.stat(DriverPath(path)).isDirectory ? "directory" : "file"
        } catch let error as DriverError {
            return error.code.rawValue
        }
    }

    @Test(
        "a path is told to who may read or list it, and that nothing is there to who may list",
        arguments: [
            (
                KeyLimits(buckets: ["registry"], prefixes: ["team/"]),
                ["directory", "AccessDenied", "file", "directory", "PathNotFound", "AccessDenied"]
            ),
            (
                KeyLimits(rights: [.read], buckets: ["registry"]),
                ["directory", "file", "file", "AccessDenied", "AccessDenied", "file"]
            ),
            (
                KeyLimits(rights: [.list], buckets: ["registry"]),
                ["directory", "file", "file", "directory", "PathNotFound", "file"]
            ),
            (
                KeyLimits(buckets: ["another"]),
                Array(repeating: "AccessDenied", count: 6)
            ),
        ])
    func stat(_ limits: KeyLimits, _ expected: [String]) async throws {
        try await DriverServer.serving(to: LimitedCredentials(limits: limits)) { server in
            let stores = DriverStores(
                objects: server.store, blobs: server.store, uploads: server.store,
                promisedDigest: { _ in nil })
            let root = try StoreDriver(stores, bucket: "registry")
            for path in ["/team", "/team/a", "/team/d/x", "/other"] {
                try await root.putContent(DriverPath(path), ByteBuffer(string: path))
            }
            let driver = try server.driver()
            var told: [String] = []
            for path in ["/", "/team", "/team/a", "/team/d", "/team/none", "/other"] {
                told.append(try await Self.told(driver, path))
            }
            #expect(told == expected)
        }
    }
}
