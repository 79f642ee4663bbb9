// Lists of uploads and of parts: what registries resume from.

internal import HTTPTypes
internal import S3API
import Testing

@Suite("Lists of uploads")
struct UploadListTests {
    private func begin(_ s3: TestServer, _ target: String) async throws -> String {
        try #require(await s3.send(.post, target + "?uploads").element("UploadId"))
    }

    @Test("an upload is in the very next list, by prefix, and the answer says whether it is cut")
    func prefixes() async throws {
        let s3 = try await TestServer.withBucket()
        let empty = await s3.get("/bucket?uploads&prefix=a")
        #expect(empty.status == 200 && empty.element("IsTruncated") == "false")
        let id = try await begin(s3, "/bucket/a/data")
        _ = try await begin(s3, "/bucket/b/data")
        let list = await s3.get("/bucket?uploads&prefix=a/data")
        #expect(list.elements("UploadId") == [id] && list.elements("Key") == ["a/data"])
        #expect(list.element("Initiated") == "2024-05-24T00:00:00.000Z")
        #expect(list.element("IsTruncated") == "false" && list.element("MaxUploads") == "1000")
        let rolled = await s3.get("/bucket?uploads&delimiter=/")
        #expect(rolled.prefixes == ["a/", "b/"] && rolled.elements("Upload").isEmpty)
    }

    @Test(
        "pages go on by upload-id-marker alone, or with the key-marker", arguments: [true, false])
    func pages(_ withKey: Bool) async throws {
        let s3 = try await TestServer.withBucket()
        var ids: [String] = []
        for _ in 0..<3 { ids.append(try await begin(s3, "/bucket/a")) }
        ids.append(try await begin(s3, "/bucket/b"))
        var seen: [String] = []
        var suffix = ""
        while true {
            let page = await s3.get("/bucket?uploads&max-uploads=1" + suffix)
            seen += page.elements("UploadId")
            guard page.element("IsTruncated") == "true" else { break }
            let key = try #require(page.element("NextKeyMarker"))
            let id = try #require(page.element("NextUploadIdMarker"))
            suffix = "&upload-id-marker=\(id)" + (withKey ? "&key-marker=\(key)" : "")
        }
        #expect(seen == ids)
        let behind = await s3.get("/bucket?uploads&key-marker=a")
        #expect(behind.elements("Key") == ["b"])
    }

    @Test("parts are listed by number, page by page")
    func parts() async throws {
        let s3 = try await TestServer.withBucket()
        let id = try await begin(s3, "/bucket/k")
        let none = await s3.get("/bucket/k?uploadId=\(id)")
        #expect(none.status == 200 && none.element("IsTruncated") == "false")
        for number in [7, 2, 4] {
            _ = await s3.put("/bucket/k?partNumber=\(number)&uploadId=\(id)", "\(number)")
        }
        let all = await s3.get("/bucket/k?uploadId=\(id)")
        #expect(all.elements("PartNumber") == ["2", "4", "7"] && all.elements("Size").count == 3)
        #expect(all.element("IsTruncated") == "false")
        let page = await s3.get("/bucket/k?uploadId=\(id)&max-parts=1&part-number-marker=2")
        #expect(page.elements("PartNumber") == ["4"] && page.element("IsTruncated") == "true")
        #expect(page.element("NextPartNumberMarker") == "4" && page.element("MaxParts") == "1")
        #expect(await s3.get("/bucket/other?uploadId=\(id)").code == "NoSuchUpload")
    }
}
