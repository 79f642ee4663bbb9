// Copies within a bucket and between buckets.

internal import HTTPTypes
internal import S3API
import Testing

@Suite("Copies")
struct CopyTests {
    private func server() async throws -> TestServer {
        let s3 = try await TestServer.withBucket()
        _ = await s3.send(.put, "/other")
        _ = await s3.put(
            "/bucket/source%20%2B", "hello",
            [.contentType: "text/plain", .meta("a"): "1", .tagging: "t=1"])
        return s3
    }

    @Test(
        "a copy keeps bytes, headers and metadata, in any bucket",
        arguments: ["/bucket/copy", "/other/copy"])
    func copies(_ target: String) async throws {
        let s3 = try await server()
        for source in [
            "bucket/source%20%2B", "/bucket/source%20%2B?versionId=null", "bucket%2Fsource%20%2B",
        ] {
            let copy = await s3.put(target, "", [.copySource: source])
            #expect(copy.status == 200)
            #expect(copy.element("ETag") == "\"5d41402abc4b2a76b9719d911017c592\"")
            #expect(copy.element("LastModified") == "2024-05-24T00:00:00.000Z")
        }
        let get = await s3.get(target)
        #expect(get.body == "hello" && get.fields[.contentType] == "text/plain")
        #expect(get.fields[.meta("a")] == "1" && get.fields[.taggingCount] == "1")
    }

    @Test("REPLACE takes what the request says")
    func replace() async throws {
        let s3 = try await server()
        let fields: HTTPFields = [
            .copySource: "bucket/source%20%2B", .metadataDirective: "REPLACE",
            .contentType: "a/b", .meta("b"): "2",
        ]
        #expect(await s3.put("/bucket/source%20%2B", "", fields).status == 200)
        let get = await s3.get("/bucket/source%20%2B")
        #expect(get.body == "hello" && get.fields[.contentType] == "a/b")
        #expect(get.fields[.meta("a")] == nil && get.fields[.meta("b")] == "2")
        #expect(get.fields[.taggingCount] == "1")
    }

    @Test("a copy may compute another checksum")
    func checksum() async throws {
        let s3 = try await server()
        let copy = await s3.put(
            "/bucket/copy", "",
            [.copySource: "bucket/source%20%2B", .checksumAlgorithm: "CRC32C"])
        #expect(copy.element("ChecksumCRC32C") == "mnG7TA==")
        let head = await s3.head("/bucket/copy", [.checksumMode: "ENABLED"])
        #expect(head.fields[.checksumCRC32C] == "mnG7TA==")
    }

    @Test("conditions on the source are decided first")
    func conditions() async throws {
        let s3 = try await server()
        let etag = "\"5d41402abc4b2a76b9719d911017c592\""
        let cases: [(HTTPField.Name, String, Int)] = [
            (.copySourceIfMatch, etag, 200), (.copySourceIfMatch, "\"x\"", 412),
            (.copySourceIfNoneMatch, etag, 412), (.copySourceIfNoneMatch, "\"x\"", 200),
            (.copySourceIfModifiedSince, "Fri, 24 May 2024 00:00:00 GMT", 412),
            (.copySourceIfModifiedSince, "Sat, 25 May 2024 00:00:00 GMT", 200),
            (.copySourceIfUnmodifiedSince, "Thu, 23 May 2024 00:00:00 GMT", 412),
        ]
        for (name, value, status) in cases {
            let fields: HTTPFields = [.copySource: "bucket/source%20%2B", name: value]
            #expect(await s3.put("/bucket/copy", "", fields).status == status, "\(name)")
        }
    }

    @Test(
        "a source that cannot be is refused",
        arguments: [
            ("bucket", "InvalidArgument"), ("", "InvalidArgument"), ("bucket/", "InvalidArgument"),
            ("-system/shared/bucket/bucket", "InvalidArgument"), ("bucket/%FF", "InvalidURI"),
            ("bucket/missing", "NoSuchKey"), ("nothing/k", "NoSuchBucket"),
            ("bucket/source%20%2B?versionId=x", "InvalidArgument"),
            ("bucket/source++", "NoSuchKey"),
        ])
    func badSources(_ source: String, _ code: String) async throws {
        let s3 = try await server()
        #expect(await s3.put("/bucket/copy", "", [.copySource: source]).code == code)
    }

    @Test("a plus in a source is a space, as forms write one")
    func plus() async throws {
        let s3 = try await server()
        for source in ["bucket/source+%2B", "bucket%2Fsource+%2B"] {
            #expect(await s3.put("/bucket/copy", "", [.copySource: source]).status == 200)
            #expect(await s3.get("/bucket/copy").body == "hello")
            #expect(await s3.delete("/bucket/copy").status == 204)
        }
    }

    @Test("an object is not copied to itself unless something changes")
    func toItself() async throws {
        let s3 = try await server()
        let fields: HTTPFields = [.copySource: "bucket/source%20%2B"]
        #expect(await s3.put("/bucket/source%20%2B", "", fields).code == "InvalidRequest")
        let unknown: HTTPFields = [.copySource: "bucket/x", .metadataDirective: "MERGE"]
        #expect(await s3.put("/bucket/y", "", unknown).code == "InvalidArgument")
    }
}
