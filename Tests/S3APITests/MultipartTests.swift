// Uploads in parts, as registries and SDKs make them.

internal import Checksums
internal import HTTPTypes
internal import S3API
internal import Storage
import Testing

@Suite("Multipart")
struct MultipartTests {
    private static let part = String(repeating: "p", count: 5 << 20)

    private func document(_ parts: [(Int, String)]) -> String {
        let items = parts.map {
            "<Part><PartNumber>\($0.0)</PartNumber><ETag>\($0.1)</ETag></Part>"
        }
        return "<CompleteMultipartUpload>\(items.joined())</CompleteMultipartUpload>"
    }

    private func begin(
        _ s3: TestServer, _ target: String, _ fields: HTTPFields = [:]
    ) async throws -> String {
        let reply = await s3.send(.post, target + "?uploads", "", fields)
        #expect(reply.status == 200)
        return try #require(reply.element("UploadId"))
    }

    private func upload(
        _ s3: TestServer, _ target: String, _ id: String, _ number: Int, _ text: String
    ) async -> String {
        let reply = await s3.put("\(target)?partNumber=\(number)&uploadId=\(id)", text)
        #expect(reply.status == 200)
        return reply.fields[.eTag] ?? ""
    }

    @Test("parts become an object, in the order of their numbers")
    func roundTrip() async throws {
        let s3 = try await TestServer.withBucket()
        let id = try await begin(
            s3, "/bucket/k", [.contentType: "a/b", .meta("x"): "1", .tagging: "a=b"])
        let second = await upload(s3, "/bucket/k", id, 2, "tail")
        _ = await upload(s3, "/bucket/k", id, 1, "overwritten")
        let first = await upload(s3, "/bucket/k", id, 1, Self.part)
        let text = document([(1, first), (2, second)])
        let complete = await s3.send(.post, "/bucket/k?uploadId=\(id)", text)
        #expect(complete.status == 200)
        #expect(complete.element("ETag")?.hasSuffix("-2\"") == true)
        #expect(complete.element("Key") == "k")
        #expect(complete.element("Location") == "http://localhost/bucket/k")
        let get = await s3.get("/bucket/k")
        #expect(get.body == Self.part + "tail" && get.fields[.contentType] == "a/b")
        #expect(get.fields[.meta("x")] == "1" && get.fields[.taggingCount] == "1")
        let tail = await s3.get("/bucket/k?partNumber=2")
        #expect(tail.status == 206 && tail.body == "tail" && tail.fields[.partsCount] == "2")
        #expect(await s3.get("/bucket/k?partNumber=3").status == 416)
        let again = await s3.send(.post, "/bucket/k?uploadId=\(id)", text)
        #expect(again.status == 200 && again.element("ETag") == complete.element("ETag"))
    }

    @Test("a part of no bytes is answered as such")
    func emptyLastPart() async throws {
        let s3 = try await TestServer.withBucket()
        let id = try await begin(s3, "/bucket/k")
        let first = await upload(s3, "/bucket/k", id, 1, Self.part)
        let second = await upload(s3, "/bucket/k", id, 2, "")
        let text = document([(1, first), (2, second)])
        #expect(await s3.send(.post, "/bucket/k?uploadId=\(id)", text).status == 200)
        let get = await s3.get("/bucket/k?partNumber=2")
        #expect(get.status == 200 && get.body.isEmpty && get.fields[.partsCount] == "2")
        let head = await s3.head("/bucket/k?partNumber=2")
        #expect(head.status == 200 && head.fields[.contentLength] == "0")
        #expect(await s3.head("/bucket/k?partNumber=1").fields[.contentLength] == "5242880")
    }

    @Test("a single part of no bytes is an object of no bytes")
    func emptyPart() async throws {
        let s3 = try await TestServer.withBucket()
        let id = try await begin(s3, "/bucket/k")
        let etag = await upload(s3, "/bucket/k", id, 1, "")
        let complete = await s3.send(.post, "/bucket/k?uploadId=\(id)", document([(1, etag)]))
        #expect(complete.status == 200)
        #expect(await s3.head("/bucket/k").fields[.contentLength] == "0")
    }

    @Test("a Complete that cannot be says why, with a status of its own")
    func refusedCompletes() async throws {
        let s3 = try await TestServer.withBucket()
        let id = try await begin(s3, "/bucket/k")
        let first = await upload(s3, "/bucket/k", id, 1, "small")
        let second = await upload(s3, "/bucket/k", id, 2, "tail")
        let cases = [
            (document([(1, first), (2, second)]), 400, "EntityTooSmall"),
            (document([(2, second), (1, first)]), 400, "InvalidPartOrder"),
            (document([(3, first)]), 400, "InvalidPart"),
            (document([(1, second)]), 400, "InvalidPart"),
            (document([]), 400, "MalformedXML"), ("", 400, "MalformedXML"),
            (document([(0, first)]), 400, "InvalidArgument"),
            (document([(10_001, first)]), 400, "InvalidArgument"),
        ]
        for (text, status, code) in cases {
            let reply = await s3.send(.post, "/bucket/k?uploadId=\(id)", text)
            #expect(reply.status == status && reply.code == code, "\(code): \(reply.body)")
        }
        let unknown = await s3.send(.post, "/bucket/k?uploadId=x", document([(1, first)]))
        #expect(unknown.status == 404 && unknown.code == "NoSuchUpload")
        let size: HTTPFields = [.completedObjectSize: "3"]
        let text = document([(2, second)])
        let other = await s3.send(.post, "/bucket/k?uploadId=\(id)", text, size)
        #expect(other.status == 400 && other.code == "InvalidRequest")
        _ = await s3.put("/bucket/k", "there")
        let conditional = await s3.send(
            .post, "/bucket/k?uploadId=\(id)", text, [.ifNoneMatch: "*"])
        #expect(conditional.status == 412)
        #expect(await s3.get("/bucket/k").body == "there")
        #expect(await s3.send(.post, "/bucket/k?uploadId=\(id)", text).status == 200)
    }

    @Test("a blob of a registry is completed only with its digest")
    func digestKeys() async throws {
        let s3 = try await TestServer.withBucket()
        let hex = Hexadecimal.encode(MessageDigest.hash(.sha256, Array("layer".utf8)))
        let key = "/bucket/docker/registry/v2/blobs/sha256/\(hex.prefix(2))/\(hex)/data"
        let id = try await begin(s3, key)
        let wrong = await upload(s3, key, id, 1, "player")
        let refused = await s3.send(.post, key + "?uploadId=\(id)", document([(1, wrong)]))
        #expect(refused.code == "BadDigest")
        let right = await upload(s3, key, id, 1, "layer")
        let complete = await s3.send(.post, key + "?uploadId=\(id)", document([(1, right)]))
        #expect(complete.status == 200)
    }

    @Test("parts are copied whole and by range, never past the end")
    func partCopies() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/source", "0123456789")
        let id = try await begin(s3, "/bucket/k")
        let target = "/bucket/k?uploadId=\(id)&partNumber="
        let whole = await s3.put(target + "1", "", [.copySource: "bucket/source"])
        #expect(whole.status == 200 && whole.elements("CopyPartResult").count == 1)
        let ranged = await s3.put(
            target + "1", "", [.copySource: "bucket/source", .copySourceRange: "bytes=2-4"])
        let etag = try #require(ranged.element("ETag"))
        #expect(etag.hasPrefix("\"") && ranged.element("LastModified") != nil)
        let past = await s3.put(
            target + "2", "", [.copySource: "bucket/source", .copySourceRange: "bytes=5-10"])
        #expect(past.status == 416 && past.code == "InvalidRange")
        for text in ["bytes=5-", "bytes=-5", "5-6", "bytes=6-5"] {
            let bad = await s3.put(
                target + "2", "", [.copySource: "bucket/source", .copySourceRange: text])
            #expect(bad.status == 400 && bad.code == "InvalidArgument")
        }
        let complete = await s3.send(.post, "/bucket/k?uploadId=\(id)", document([(1, etag)]))
        #expect(complete.status == 200)
        #expect(await s3.get("/bucket/k").body == "234")
    }

    @Test("an aborted upload is gone")
    func abort() async throws {
        let s3 = try await TestServer.withBucket()
        let id = try await begin(s3, "/bucket/k")
        #expect(await s3.delete("/bucket/k?uploadId=\(id)").status == 204)
        #expect(await s3.delete("/bucket/k?uploadId=\(id)").code == "NoSuchUpload")
        let part = await s3.put("/bucket/k?partNumber=1&uploadId=\(id)", "x")
        #expect(part.code == "NoSuchUpload" && part.bytesRead == 0)
    }

    @Test("a part number is 1 to 10000", arguments: ["0", "10001", "x", "", "-1"])
    func partNumbers(_ text: String) async throws {
        let s3 = try await TestServer.withBucket()
        let id = try await begin(s3, "/bucket/k")
        let part = await s3.put("/bucket/k?uploadId=\(id)&partNumber=\(text)", "x")
        #expect(part.status == 400 && part.code == "InvalidArgument")
    }
}
