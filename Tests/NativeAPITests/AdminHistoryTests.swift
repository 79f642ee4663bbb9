import HTTPServer
import HTTPTypes
import NIOCore
import NativeAPI
import NativeWire
import Replication
import Storage
import Testing

@Suite("History over the admin API")
struct AdminHistoryTests {
    private static func handler(_ fixture: HandlerFixture) -> AdminHandler {
        AdminHandler(
            identity: DaemonIdentity(
                region: HandlerFixture.own, name: "b", incarnation: 1, version: "1",
                startedMilliseconds: 0),
            maintenance: fixture.store,
            jobs: AdminJobs(board: JobBoard(clock: FixedClock())) { _ in
                throw StorageError(.invalidArgument, "none")
            },
            history: AdminHistory(history: fixture.store, rollback: NoRollback()),
            clock: FixedClock(), logger: HandlerFixture.silent
        ) { ReplicationStatus(region: HandlerFixture.own, name: "b") }
    }

    private static func ask(
        _ handler: AdminHandler, _ target: String, _ body: String
    ) async -> ServerResponse {
        await handler.respond(
            to: HandlerFixture.request(
                target: target, method: .post, body: WatchedBody(ByteBuffer(string: body)),
                length: body.utf8.count))
    }

    @Test("the versions of a key are told, newest first, with what shows now")
    func told() async throws {
        let fixture = try await HandlerFixture()
        let store = fixture.store
        let buckets = Buckets(objects: store, blobs: store)
        try await buckets.create("history")
        try await buckets.setRetention(HistoryRetention(othersMilliseconds: 5000), of: "history")
        let name = ObjectName(bucket: "history", key: "k")
        for text in ["a", "bb"] {
            let staged = try await store.stage(bytes: ByteBuffer(string: text))
            let content = ObjectContent(
                blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
                lastModifiedMilliseconds: 0, etag: "e", writer: Writer(principal: "robot"))
            try await store.commit(.put(name, content, staged, .none))
        }
        let response = await Self.ask(
            Self.handler(fixture), AdminCall.history,
            "{\"subject\":{\"bucket\":\"history\",\"key\":\"k\"}}")
        #expect(response.status == .ok)
        let document: HistoryDocument = try JSONDocument.decode(
            from: try await response.collected())
        #expect(document.versions.map(\.sizeBytes) == [2, 1])
        #expect(document.versions.map(\.isVisible) == [true, false])
        #expect(document.versions.map(\.writer) == ["robot", "robot"])
        #expect(document.versions[0].keptUntilMilliseconds == nil)
        #expect(document.versions[1].keptUntilMilliseconds == HandlerFixture.now + 5000)
        let older = await Self.ask(
            Self.handler(fixture), AdminCall.history,
            "{\"subject\":{\"bucket\":\"history\",\"key\":\"k\"},"
                + "\"before\":\"\(document.versions[0].version)\"}")
        let rest: HistoryDocument = try JSONDocument.decode(from: try await older.collected())
        #expect(rest.versions == [document.versions[1]])
    }

    @Test(
        "what names nothing, or no version, is refused",
        arguments: [
            (AdminCall.history, ""), (AdminCall.history, "{\"subject\":{\"bucket\":\"b\"}}"),
            (AdminCall.history, "{\"subject\":{\"bucket\":\"b\",\"key\":\"k\",\"tag\":\"t\"}}"),
            (
                AdminCall.history,
                "{\"subject\":{\"bucket\":\"b\",\"key\":\"k\"},\"before\":\"x\"}"
            ),
            (AdminCall.rollback, "{\"subject\":{\"bucket\":\"b\",\"key\":\"k\"}}"),
            (
                AdminCall.rollback,
                "{\"subject\":{\"bucket\":\"b\",\"key\":\"k\"},\"version\":\"x\"}"
            ),
        ])
    func malformed(target: String, body: String) async throws {
        let fixture = try await HandlerFixture()
        let response = await Self.ask(Self.handler(fixture), target, body)
        #expect(response.status == .badRequest)
    }

    @Test("a rollback that cannot be is refused with its reason")
    func gone() async throws {
        let fixture = try await HandlerFixture()
        let response = await Self.ask(
            Self.handler(fixture), AdminCall.rollback,
            "{\"subject\":{\"bucket\":\"b\",\"key\":\"k\"},\"atMilliseconds\":1}")
        #expect(response.status == .notFound)
        let document: ErrorDocument = try JSONDocument.decode(
            from: try await response.collected())
        #expect(document.message.contains("is gone"))
    }
}
