// Many keys deleted at once.

internal import Checksums
internal import HTTPTypes
internal import S3API
internal import Storage
import Testing

@Suite("DeleteObjects")
struct DeleteObjectsTests {
    private func document(_ keys: [String], quiet: Bool = false, extra: String = "") -> String {
        let objects = keys.map { "<Object><Key>\($0)</Key>\(extra)</Object>" }.joined()
        return "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\(objects)"
            + "<Quiet>\(quiet)</Quiet></Delete>"
    }

    private func delete(_ s3: TestServer, _ text: String) async -> Reply {
        let md5 = Base64.encode(MessageDigest.hash(.md5, Array(text.utf8)))
        return await s3.send(.post, "/bucket?delete", text, [.contentMD5: md5])
    }

    @Test("each key has its outcome; what is not there is deleted too")
    func outcomes() async throws {
        let s3 = try await TestServer.withBucket()
        for key in ["a", "b%26c", "d"] { _ = await s3.put("/bucket/" + key, "x") }
        let reply = await delete(s3, document(["a", "b&amp;c", "missing"]))
        #expect(reply.status == 200)
        #expect(reply.elements("Key") == ["a", "b&c", "missing"])
        #expect(reply.elements("Deleted").count == 3)
        #expect(await s3.get("/bucket").elements("Key") == ["d"])
    }

    @Test("a quiet one says only what failed")
    func quiet() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/a", "x")
        let reply = await delete(s3, document(["a", "b"], quiet: true))
        #expect(reply.status == 200 && reply.elements("Deleted").isEmpty)
        #expect(await s3.head("/bucket/a").status == 404)
    }

    @Test("an error is a key's own")
    func errors() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/a", "x")
        let stale = await delete(s3, document(["a"], quiet: true, extra: "<ETag>\"x\"</ETag>"))
        #expect(stale.elements("Code") == ["PreconditionFailed"])
        let version = await delete(s3, document(["a"], extra: "<VersionId>v</VersionId>"))
        #expect(version.elements("Code") == ["InvalidArgument"])
        let size = await delete(s3, document(["a"], extra: "<Size>1</Size>"))
        #expect(size.elements("Code") == ["NotImplemented"])
        #expect(await s3.head("/bucket/a").status == 200)
        let null = await delete(s3, document(["a"], extra: "<VersionId>null</VersionId>"))
        #expect(null.elements("Deleted").count == 1)
        #expect(await s3.head("/bucket/a").status == 404)
    }

    @Test("a checksum stands in for Content-MD5, and one of them must be there")
    func integrity() async throws {
        let s3 = try await TestServer.withBucket()
        let text = document(["a"])
        let hasher = ChecksumHasher(.crc32)
        hasher.update(Array(text.utf8))
        let right: HTTPFields = [.checksumCRC32: Base64.encode(hasher.finish())]
        #expect(await s3.send(.post, "/bucket?delete", text, right).status == 200)
        let wrong = await s3.send(.post, "/bucket?delete", text + " ", right)
        #expect(wrong.code == "BadDigest")
        let missing = await s3.send(.post, "/bucket?delete", text)
        #expect(missing.code == "InvalidRequest" && missing.bytesRead == 0)
    }

    @Test("what is no list of keys is refused")
    func malformed() async throws {
        let s3 = try await TestServer.withBucket()
        let many = document((0...1000).map { "k\($0)" })
        let empty = document([])
        for text in [
            "", "<Delete>", "<Other/>", empty, many, document([""]), "<Delete><X/></Delete>",
        ] {
            let reply = await delete(s3, text)
            #expect(reply.status == 400 && reply.code == "MalformedXML", "\(text.prefix(40))")
        }
        #expect(await delete(s3, document((0..<1000).map { "k\($0)" })).status == 200)
    }
}
