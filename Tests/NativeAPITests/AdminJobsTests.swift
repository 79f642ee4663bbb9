import HTTPServer
import HTTPTypes
import NIOCore
import NativeAPI
import NativeWire
import Replication
import Storage
import Testing

@Suite("Jobs over the admin API")
struct AdminJobsTests {
    private static func handler(_ board: JobBoard) async throws -> AdminHandler {
        let fixture = try await HandlerFixture()
        return AdminHandler(
            identity: DaemonIdentity(
                region: HandlerFixture.own, name: "b", incarnation: 1, version: "1",
                startedMilliseconds: 0),
            maintenance: fixture.store,
            jobs: AdminJobs(board: board) { request in try board.begin(request) { _ in } },
            history: AdminHistory(history: fixture.store, rollback: NoRollback()),
            clock: FixedClock(), logger: HandlerFixture.silent
        ) { ReplicationStatus(region: HandlerFixture.own, name: "b") }
    }

    private static func ask(
        _ handler: AdminHandler, _ method: HTTPRequest.Method, _ target: String,
        _ body: String = ""
    ) async -> ServerResponse {
        await handler.respond(
            to: HandlerFixture.request(
                target: target, method: method, body: WatchedBody(ByteBuffer(string: body)),
                length: body.utf8.count))
    }

    @Test("a job is begun with its options, listed, asked for and cancelled")
    func whole() async throws {
        let board = JobBoard(clock: FixedClock())
        let handler = try await Self.handler(board)
        let begun = await Self.ask(
            handler, .post, AdminCall.jobs,
            "{\"kind\":\"gc\",\"registryBucket\":\"r\",\"graceSeconds\":5,\"isDryRun\":true}")
        #expect(begun.status == .ok)
        let options = GarbageOptions(
            registryBucket: "r", grace: .seconds(5), isDryRun: true)
        #expect(board.reports.map(\.request) == [.collectGarbage(options)])
        let listed = await Self.ask(handler, .get, AdminCall.jobs)
        let list: JobListDocument = try JSONDocument.decode(from: try await listed.collected())
        #expect(list.jobs.map(\.state) == [.running])
        let cancelled = await Self.ask(handler, .delete, AdminCall.job(1))
        #expect(cancelled.status == .ok)
        let asked = await Self.ask(handler, .get, AdminCall.job(1))
        let job: JobDocument = try JSONDocument.decode(from: try await asked.collected())
        #expect(job.id == 1 && job.kind == "gc" && job.startedMilliseconds == HandlerFixture.now)
    }

    @Test(
        "what is no job is refused",
        arguments: ["", "{}", "{\"kind\":\"dance\"}", "[1]"])
    func malformed(body: String) async throws {
        let board = JobBoard(clock: FixedClock())
        let response = await Self.ask(
            try await Self.handler(board), .post, AdminCall.jobs, body)
        #expect(response.status == .badRequest)
        #expect(try await response.error().code == .malformed)
        #expect(board.reports.isEmpty)
    }

    @Test("a job that was never begun is not there", arguments: ["9", "x", "", "1/2"])
    func absent(id: String) async throws {
        let response = await Self.ask(
            try await Self.handler(JobBoard(clock: FixedClock())), .get, AdminCall.jobs + "/" + id)
        #expect(response.status == .notFound)
    }

    @Test("a second job of a kind waits for the first")
    func busy() async throws {
        let handler = try await Self.handler(JobBoard(clock: FixedClock()))
        for status: HTTPResponse.Status in [.ok, .serviceUnavailable] {
            let response = await Self.ask(
                handler, .post, AdminCall.jobs, "{\"kind\":\"repair\"}")
            #expect(response.status == status)
        }
    }
}
