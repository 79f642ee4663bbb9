import Glibc
import HTTPServer
import HTTPTypes
import Logging
import NIOCore
import NativeAPI
import NativeWire
import RegionClient
import Replication
import Storage
import Testing

@Suite("The command line's way to its daemon", .timeLimit(.minutes(10)))
struct AdminClientTests {
    private static func socketPath() -> String {
        "/tmp/holdfast-\(UInt64.random(in: .min ... .max)).sock"
    }

    private static func serving(
        _ handler: any RequestHandler, _ body: (AdminClient) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let path = socketPath()
        let service = HTTPService(
            configuration: HTTPServiceConfiguration(
                listeners: [ListenerConfiguration(.unix(path: path))]),
            handler: handler, logger: logger)
        try await service.bind()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            defer {
                service.stop()
                group.cancelAll()
            }
            try await body(AdminClient(socketPath: path, client: HTTPClient(limits: .patient)))
        }
    }

    private static func code(_ body: () async throws -> Void) async -> AdminClientError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? AdminClientError)?.code
        }
    }

    @Test("the status comes over the socket")
    func status() async throws {
        let store = MemoryStore(region: RegionID(1), clock: ShiftedClock()) { _ in false }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let handler = AdminHandler(
            identity: DaemonIdentity(
                region: RegionID(1), name: "a", incarnation: 2, version: "0.1",
                startedMilliseconds: 0),
            maintenance: store,
            jobs: AdminJobs(
                board: JobBoard(clock: ShiftedClock())
            ) { _ in
                throw StorageError(.unavailable, "no jobs here")
            },
            history: AdminHistory(
                history: store,
                rollback: NoRollback()), clock: ShiftedClock(), logger: logger
        ) { ReplicationStatus(region: RegionID(1), name: "a") }
        try await Self.serving(handler) { client in
            let status = try await client.status()
            #expect(status.region.name == "a" && status.region.incarnation == 2)
            #expect(
                await Self.code {
                    _ = try await client.get("/-/admin/v1/other", as: StatusDocument.self)
                } == .refused)
        }
    }

    private struct OddHandler: RequestHandler {
        func respond(to request: ServerRequest) async -> ServerResponse {
            ServerResponse(status: .ok, body: .bytes(ByteBuffer(string: "<html>")))
        }
    }

    @Test("what is no daemon's answer is malformed")
    func malformed() async throws {
        try await Self.serving(OddHandler()) { client in
            #expect(await Self.code { _ = try await client.status() } == .malformed)
        }
    }

    @Test("a daemon that does not run is unreachable, and the socket is named")
    func unreachable() async throws {
        let path = Self.socketPath()
        await #expect {
            try await AdminClient(socketPath: path, client: HTTPClient(limits: .patient)).status()
        } throws: { error in
            let error = error as? AdminClientError
            return error?.code == .unreachable && error?.message.contains(path) == true
        }
    }
}

/// For handlers that are not asked to bring anything back.
private struct NoRollback: Rollback {
    func name(of subject: HistorySubject) async throws -> ObjectName {
        switch subject {
        case .name(let name): return name
        case .tag(let bucket, let repository, let tag):
            return ObjectName(bucket: bucket, key: ObjectKey("\(repository)/\(tag)"))
        }
    }

    func digest(namedBy version: ObjectVersion) async throws -> ContentDigest? { nil }

    func rollBack(
        _ subject: HistorySubject, to target: RollbackTarget, isDryRun: Bool
    ) async throws -> RollbackReport {
        throw StorageError(.noSuchKey, "“\(subject)” is gone")
    }
}
