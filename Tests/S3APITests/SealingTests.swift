// Server-side encryption as clients ask for it and are told of it. That bytes then lie nowhere in the clear is
// the stores' contract and tested there.

import HTTPTypes
import S3API
import Storage
import Testing

@Suite("Server-side encryption")
struct SealingTests {
    private static let asked: HTTPFields = [.serverSideEncryption: "AES256"]
    private static let configuration = """
        <ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>\
        <SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault>\
        <BucketKeyEnabled>false</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>
        """

    private func isSealed(_ reply: Reply) -> Bool {
        reply.fields[.serverSideEncryption] == "AES256"
    }

    private func blob(_ key: String, _ store: MemoryStore) async throws -> BlobInfo? {
        let name = ObjectName(bucket: "bucket", key: ObjectKey(key))
        let content = try #require(try await store.object(name)?.content)
        return try await store.stat(content.blob)
    }

    @Test("a put that asks for it is sealed, and every answer about the object says so")
    func put() async throws {
        let store = TestServer.makeStore()
        let s3 = try await TestServer.withBucket(store: store)
        #expect(isSealed(await s3.put("/bucket/k", "hello", Self.asked)))
        #expect(try await blob("k", store)?.isSealed == true)
        let got = await s3.get("/bucket/k")
        #expect(isSealed(got) && got.body == "hello")
        #expect(isSealed(await s3.head("/bucket/k")))
        let clear = await s3.put("/bucket/clear", "other")
        #expect(clear.status == 200 && !isSealed(clear))
        #expect(try await blob("clear", store)?.isSealed == false)
        #expect(!isSealed(await s3.head("/bucket/clear")))
    }

    @Test("a copy is sealed where it is asked for, and stays so where its source was")
    func copies() async throws {
        let store = TestServer.makeStore()
        let s3 = try await TestServer.withBucket(store: store)
        _ = await s3.put("/bucket/clear", "hello")
        _ = await s3.put("/bucket/sealed", "sealed", Self.asked)
        let source: HTTPFields = [.copySource: "/bucket/clear"]
        #expect(!isSealed(await s3.put("/bucket/a", "", source)))
        #expect(try await blob("a", store)?.isSealed == false)
        let asking: HTTPFields = [.copySource: "/bucket/clear", .serverSideEncryption: "AES256"]
        #expect(isSealed(await s3.put("/bucket/b", "", asking)))
        #expect(try await blob("b", store)?.isSealed == true)
        #expect(isSealed(await s3.put("/bucket/c", "", [.copySource: "/bucket/sealed"])))
        #expect(isSealed(await s3.head("/bucket/c")))
        // Onto itself it changes something, once.
        _ = await s3.put("/bucket/itself", "itself")
        let itself: HTTPFields = [.copySource: "/bucket/itself", .serverSideEncryption: "AES256"]
        #expect(isSealed(await s3.put("/bucket/itself", "", itself)))
        #expect(await s3.put("/bucket/itself", "", itself).code == "InvalidRequest")
    }

    @Test("an upload that asks for it is sealed, which each of its calls says")
    func multipart() async throws {
        let store = TestServer.makeStore()
        let s3 = try await TestServer.withBucket(store: store)
        let created = await s3.send(.post, "/bucket/k?uploads", "", Self.asked)
        #expect(isSealed(created))
        let id = try #require(created.element("UploadId"))
        let part = await s3.put("/bucket/k?partNumber=1&uploadId=\(id)", "hello")
        #expect(isSealed(part))
        let document = """
            <CompleteMultipartUpload><Part><PartNumber>1</PartNumber>\
            <ETag>\(part.fields[.eTag] ?? "")</ETag></Part></CompleteMultipartUpload>
            """
        #expect(isSealed(await s3.send(.post, "/bucket/k?uploadId=\(id)", document)))
        #expect(isSealed(await s3.head("/bucket/k")))
        #expect(try await blob("k", store)?.isSealed == true)
    }

    @Test("a bucket's configuration has what is written from then on sealed")
    func bucket() async throws {
        let store = TestServer.makeStore()
        let s3 = try await TestServer.withBucket(store: store)
        let missing = "ServerSideEncryptionConfigurationNotFoundError"
        #expect(await s3.get("/bucket?encryption").code == missing)
        _ = await s3.put("/bucket/before", "before")
        #expect(await s3.put("/bucket?encryption", Self.configuration).status == 200)
        let shown = await s3.get("/bucket?encryption")
        #expect(shown.element("SSEAlgorithm") == "AES256")
        #expect(shown.element("BucketKeyEnabled") == "false")
        #expect(isSealed(await s3.put("/bucket/after", "after")))
        #expect(isSealed(await s3.send(.post, "/bucket/upload?uploads")))
        #expect(isSealed(await s3.put("/bucket/copy", "", [.copySource: "/bucket/before"])))
        #expect(!isSealed(await s3.head("/bucket/before")))
        #expect(await s3.delete("/bucket?encryption").status == 204)
        #expect(await s3.get("/bucket?encryption").code == missing)
        #expect(!isSealed(await s3.put("/bucket/later", "later")))
        #expect(isSealed(await s3.head("/bucket/after")))
    }

    @Test(
        "what a bucket cannot demand is refused",
        arguments: [
            ("AES256", "aws:kms", "NotImplemented"), ("AES256", "aws:kms:dsse", "NotImplemented"),
            ("AES256", "ROT13", "MalformedXML"),
            ("<SSEA", "<KMSMasterKeyID>k</KMSMasterKeyID><SSEA", "NotImplemented"),
            (">false<", ">perhaps<", "MalformedXML"), ("Rule", "Rules", "MalformedXML"),
        ])
    func otherConfigurations(_ part: String, _ other: String, _ code: String) async throws {
        let s3 = try await TestServer.withBucket()
        let document = Self.configuration.replacing(part, with: other)
        #expect(await s3.put("/bucket?encryption", document).code == code)
        #expect(await s3.get("/bucket?encryption").status == 404)
    }

    @Test("the header is refused where it says nothing of an object")
    func misplaced() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "hello")
        #expect(await s3.get("/bucket/k", Self.asked).code == "InvalidArgument")
        let created = await s3.send(.post, "/bucket/k?uploads")
        let id = try #require(created.element("UploadId"))
        let part = await s3.put("/bucket/k?partNumber=1&uploadId=\(id)", "hello", Self.asked)
        #expect(part.code == "InvalidArgument" && part.bytesRead == 0)
    }
}
