import HTTPServer
import HTTPTypes
import NIOCore
import NativeAPI
import NativeWire
import Storage
import Testing

@Suite("Buckets over the admin API")
struct AdminBucketsTests {
    private let store: MemoryStore
    private let handler: AdminBuckets

    init() async throws {
        store = try await HandlerFixture().store
        handler = AdminBuckets(
            buckets: Buckets(objects: store, blobs: store), maintenance: store,
            logger: HandlerFixture.silent)
    }

    private func ask(
        _ target: String, _ body: String? = nil
    ) async -> (response: ServerResponse, trace: RequestTrace.Values) {
        let request = HandlerFixture.request(
            target: target, method: body == nil ? .get : .post,
            body: WatchedBody(ByteBuffer(string: body ?? "")), length: body?.utf8.count ?? 0)
        let response = await handler.respond(to: request)
        return (response, request.trace.values)
    }

    private func list() async throws -> [BucketEntryDocument] {
        let answer = try await ask(AdminCall.buckets).response.collected()
        return try JSONDocument.decode(BucketListDocument.self, from: answer).buckets
    }

    @Test("a bucket is made with its settings, changed, listed and deleted")
    func life() async throws {
        let made = await ask(
            AdminCall.buckets, "{\"name\":\"plain\",\"settings\":{\"layout\":\"plain\"}}")
        #expect(made.response.status == .ok)
        #expect(made.trace.resource == "plain" && made.trace.change == "layout=plain")
        let set = await ask(
            AdminCall.setBucket, "{\"name\":\"plain\",\"settings\":{\"quota.hard\":\"10\"}}")
        #expect(set.response.status == .ok)
        let staged = try await store.stage(bytes: ByteBuffer(string: "0123456789"))
        let content = ObjectContent(
            blob: try #require(staged.blob), sizeBytes: 10, lastModifiedMilliseconds: 0, etag: "e")
        let name = ObjectName(bucket: "plain", key: "k")
        try await store.commit(.put(name, content, staged, .none))
        let entry = try #require(try await list().first)
        #expect(entry.name == "plain" && entry.objects == 1 && entry.bytes == 10)
        #expect(entry.settings["layout"] == "plain" && entry.settings["quota.hard"] == "10")
        #expect(entry.quota == "full" && entry.unreadable == nil)
        #expect(try await handler.beyondQuota() == [entry])
        let full = await ask(AdminCall.deleteBucket, "{\"name\":\"plain\"}").response
        #expect(try await full.error().message.contains("not empty"))
        try await store.commit(.delete(name, .none))
        #expect(await ask(AdminCall.deleteBucket, "{\"name\":\"plain\"}").response.status == .ok)
        #expect(try await list().map(\.name) == ["registry"])
        #expect(try await list().first?.quota == nil)
    }

    @Test(
        "what cannot be done is refused, and changes nothing",
        arguments: [
            (AdminCall.buckets, "{\"name\":\"registry\"}", "exists"),
            (AdminCall.buckets, "{\"name\":\"-system\"}", "not a valid bucket name"),
            (AdminCall.buckets, "{\"name\":\"new\",\"settings\":{\"a\":\"b\"}}", "no setting"),
            (AdminCall.setBucket, "{\"name\":\"none\",\"settings\":{}}", "does not exist"),
            (
                AdminCall.setBucket, "{\"name\":\"registry\",\"settings\":{\"layout\":\"b\"}}",
                "quay"
            ),
            (AdminCall.deleteBucket, "{\"name\":\"none\"}", "does not exist"),
            (AdminCall.deleteBucket, "[]", "cannot be read"),
            (AdminCall.buckets + "/burn", "{}", "no call"),
        ])
    func refused(target: String, body: String, why: String) async throws {
        let response = await ask(target, body).response
        #expect(response.status.code >= 400)
        #expect(try await response.error().message.contains(why))
        #expect(try await list().map(\.name) == ["registry"])
        #expect(try await list().first?.settings == BucketSettings.standard.texts)
    }

    @Test("settings that cannot be read are said to be so")
    func unreadable() async throws {
        let settings = Settings(objects: store, blobs: store)
        try await settings.write(
            ByteBuffer(string: "{\"format\":9}"), to: Buckets.settingsPrefix + "registry")
        let entry = try #require(try await list().first)
        #expect(entry.unreadable?.contains("format 9") == true)
        #expect(entry.settings == BucketSettings.standard.texts)
    }
}
