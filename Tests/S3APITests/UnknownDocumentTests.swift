// Documents of a bucket that a later version wrote in another region: nobody here understands them.

import HTTPTypes
import Logging
import NIOCore
import Storage
import Synchronization
import Testing

/// How often the log was told of a document that is not known.
private final class Told: Sendable {
    let times = Mutex(0)
}

private struct Counting: LogHandler {
    let told: Told
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.message.description.contains("none that is known here") else { return }
        told.times.withLock { $0 += 1 }
    }
}

@Suite("A document of a bucket that is not known here")
struct UnknownDocumentTests {
    @Test(
        "is read once and spoken of once, harms no request, and allows nobody anything",
        arguments: [
            ("cors", "<Version9/>"), ("policy", #"{"Version":"2030-01-01","Statement":[]}"#),
            ("policy", #"{"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:New"}}"#),
        ])
    func once(kind: String, document: String) async throws {
        let told = Told()
        let store = TestServer.makeStore()
        try await Buckets(objects: store, blobs: store).create("bucket")
        let s3 = TestServer(
            store: store, logger: Logger(label: "s3") { _ in Counting(told: told) })
        try await Settings(objects: store, blobs: store).write(
            ByteBuffer(string: document), to: "shared/\(kind)/bucket")
        _ = await s3.put("/bucket/k", "hello")
        for _ in 0..<3 {
            let origin = await s3.get("/bucket/k", [.origin: "https://a.example.org"])
            #expect(origin.status == 200)
            #expect(origin.fields[.accessControlAllowOrigin] == nil)
            let anonymous = await s3.sendRaw(
                .get, "/bucket/k", [.other("host"): "localhost:9000"])
            #expect(anonymous.status == 403 && anonymous.code == "AccessDenied")
        }
        #expect(told.times.withLock { $0 } == 1)
    }

    @Test("is not taken in where it is larger than any, and harms nobody")
    func tooLarge() async throws {
        let store = TestServer.makeStore()
        let s3 = try await TestServer.withBucket(store: store)
        let staged = try await store.stage(
            bytes: ByteBuffer(repeating: UInt8(ascii: " "), count: Settings.limitBytes + 1))
        let blob = try #require(staged.blob)
        let content = ObjectContent(
            blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0, etag: "")
        _ = try await store.commit(
            .put(Settings.name("shared/policy/bucket"), content, staged, .none))
        let anonymous = await s3.sendRaw(.get, "/bucket/k", [.other("host"): "localhost:9000"])
        #expect(anonymous.status == 403)
    }
}
