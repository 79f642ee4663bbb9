// Buckets with versioning, request by request.

import Checksums
import HTTPTypes
import NIOCore
import S3API
import Storage
import Testing

@Suite("Versioning")
struct VersioningTests {
    private static func configuration(_ status: String) -> String {
        "<VersioningConfiguration><Status>\(status)</Status></VersioningConfiguration>"
    }

    private static func versioned() async throws -> TestServer {
        let s3 = try await TestServer.withBucket()
        let reply = await s3.put("/bucket?versioning", configuration("Enabled"))
        #expect(reply.status == 200)
        return s3
    }

    @Test("the setting is taken, shown and replaced; what is not offered is refused")
    func setting() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.get("/bucket?versioning").element("Status") == nil)
        for status in ["Enabled", "Suspended", "Enabled"] {
            let put = await s3.put("/bucket?versioning", Self.configuration(status))
            #expect(put.status == 200)
            #expect(await s3.get("/bucket?versioning").element("Status") == status)
        }
        let wrong = await s3.put("/bucket?versioning", Self.configuration("Off"))
        #expect(wrong.code == "MalformedXML")
        let none = await s3.put("/bucket?versioning", "<VersioningConfiguration/>")
        #expect(none.code == "IllegalVersioningConfigurationException")
        let secondFactor = await s3.put(
            "/bucket?versioning",
            "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"
                + "</VersioningConfiguration>")
        #expect(secondFactor.status == 501)
        #expect(await s3.delete("/bucket?versioning").status == 501)
        #expect(await s3.put("/none?versioning", Self.configuration("Enabled")).status == 404)
        #expect(await s3.get("/bucket?versioning").element("Status") == "Enabled")
    }

    @Test("without versioning no answer names a version")
    func unversioned() async throws {
        let s3 = try await TestServer.withBucket()
        for reply in [
            await s3.put("/bucket/k", "x"), await s3.get("/bucket/k"), await s3.head("/bucket/k"),
            await s3.get("/bucket/k?versionId=null"),
            await s3.put("/bucket/c", "", [.copySource: "bucket/k?versionId=null"]),
            await s3.delete("/bucket/c"), await s3.delete("/bucket/k?versionId=null"),
        ] {
            #expect(reply.status < 300)
            for name in [
                HTTPField.Name.versionID, .deleteMarker, .copySourceVersionID,
            ] { #expect(reply.fields[name] == nil) }
        }
        #expect(await s3.get("/bucket/k").status == 404)
        #expect(await s3.get("/bucket?versions").elements("Version").isEmpty)
    }

    @Test("a version is read by its id, and what is no id is refused")
    func reading() async throws {
        let s3 = try await Self.versioned()
        let first = try #require(await s3.put("/bucket/k", "one").fields[.versionID])
        let second = try #require(await s3.put("/bucket/k", "second").fields[.versionID])
        #expect(first != second)
        for (id, body) in [(first, "one"), (second, "second")] {
            let get = await s3.get("/bucket/k?versionId=\(id)")
            #expect(get.body == body)
            #expect(get.fields[.versionID] == id)
            let head = await s3.head("/bucket/k?versionId=\(id)")
            #expect(head.fields[.contentLength] == "\(body.utf8.count)")
            let attributes = await s3.get(
                "/bucket/k?attributes&versionId=\(id)", [.objectAttributes: "ObjectSize"])
            #expect(attributes.element("ObjectSize") == "\(body.utf8.count)")
            #expect(attributes.fields[.versionID] == id)
        }
        let latest = await s3.get("/bucket/k")
        #expect(latest.body == "second")
        #expect(latest.fields[.versionID] == second)
        let ranged = await s3.get("/bucket/k?versionId=\(first)", [.range: "bytes=1-1"])
        #expect(ranged.body == "n")
        let unknown = first.replacing("0", with: "1")
        let missing = await s3.get("/bucket/k?versionId=\(unknown)")
        #expect(missing.code == "NoSuchVersion")
        #expect(missing.status == 404)
        for text in ["", "x", "null0", first.uppercased() + "-", "+" + first.dropFirst()] {
            let reply = await s3.get("/bucket/k?versionId=\(text)")
            #expect(reply.code == "InvalidArgument", "\(text)")
            #expect(reply.status == 400)
        }
        #expect(await s3.get("/bucket/k?versionId=null").code == "NoSuchVersion")
        #expect(await s3.get("/bucket/other?versionId=\(first)").code == "NoSuchVersion")
    }

    @Test("a delete marker hides the object, says so, and is taken out like a version")
    func markers() async throws {
        let s3 = try await Self.versioned()
        let first = try #require(await s3.put("/bucket/k", "one").fields[.versionID])
        let deleted = await s3.delete("/bucket/k")
        #expect(deleted.status == 204)
        #expect(deleted.fields[.deleteMarker] == "true")
        let marker = try #require(deleted.fields[.versionID])
        let hidden = await s3.get("/bucket/k")
        #expect(hidden.code == "NoSuchKey")
        #expect(hidden.fields[.deleteMarker] == "true")
        #expect(hidden.fields[.versionID] == marker)
        #expect(await s3.head("/bucket/k").fields[.deleteMarker] == "true")
        for reply in [
            await s3.get("/bucket/k?versionId=\(marker)"),
            await s3.head("/bucket/k?versionId=\(marker)"),
        ] {
            #expect(reply.status == 405)
            #expect(reply.fields[.deleteMarker] == "true")
            #expect(reply.fields[.versionID] == marker)
            #expect(reply.fields[.allow] == "DELETE")
            #expect(reply.fields[.lastModified] != nil)
        }
        let list = await s3.get("/bucket?versions")
        #expect(list.elements("VersionId") == [marker, first])
        #expect(list.elements("IsLatest") == ["true", "false"])
        #expect(list.elements("DeleteMarker").count == 1)
        #expect(await s3.delete("/bucket").code == "BucketNotEmpty")
        let taken = await s3.delete("/bucket/k?versionId=\(marker)")
        #expect(taken.status == 204)
        #expect(taken.fields[.deleteMarker] == "true")
        #expect(taken.fields[.versionID] == marker)
        #expect(await s3.get("/bucket/k").body == "one")
        let purged = await s3.delete("/bucket/k?versionId=\(first)")
        #expect(purged.fields[.deleteMarker] == nil)
        #expect(purged.fields[.versionID] == first)
        #expect(await s3.delete("/bucket/k?versionId=\(first)").status == 204)
        let gone = await s3.get("/bucket/k")
        #expect(gone.code == "NoSuchKey")
        #expect(gone.fields[.deleteMarker] == nil)
        #expect(await s3.delete("/bucket").status == 204)
    }

    @Test("a suspended bucket has one null version of each key, and keeps the others")
    func suspended() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "before")
        _ = await s3.put("/bucket?versioning", Self.configuration("Enabled"))
        #expect(await s3.get("/bucket/k").fields[.versionID] == "null")
        let id = try #require(await s3.put("/bucket/k", "with an id").fields[.versionID])
        #expect(await s3.get("/bucket/k?versionId=null").body == "before")
        _ = await s3.put("/bucket?versioning", Self.configuration("Suspended"))
        #expect(await s3.put("/bucket/k", "null").fields[.versionID] == "null")
        #expect(await s3.get("/bucket/k?versionId=null").body == "null")
        #expect(await s3.get("/bucket?versions").elements("VersionId") == ["null", id])
        let deleted = await s3.delete("/bucket/k")
        #expect(deleted.fields[.deleteMarker] == "true")
        #expect(deleted.fields[.versionID] == "null")
        #expect(await s3.get("/bucket?versions").elements("VersionId") == ["null", id])
        #expect(await s3.get("/bucket/k?versionId=null").status == 405)
        #expect(await s3.delete("/bucket/k?versionId=null").fields[.versionID] == "null")
        #expect(await s3.get("/bucket/k").body == "with an id")
    }

    private static func md5(_ text: String) -> String {
        Base64.encode(MessageDigest.hash(.md5, Array(text.utf8)))
    }

    @Test("many are deleted at once, by key or by version, each with its outcome")
    func deletingMany() async throws {
        let s3 = try await Self.versioned()
        let id = try #require(await s3.put("/bucket/a", "one").fields[.versionID])
        _ = await s3.put("/bucket/b", "two")
        let document = """
            <Delete><Object><Key>a</Key><VersionId>\(id)</VersionId></Object>\
            <Object><Key>b</Key></Object>\
            <Object><Key>c</Key><VersionId>x</VersionId></Object></Delete>
            """
        let reply = await s3.send(
            .post, "/bucket?delete", document, [.contentMD5: Self.md5(document)])
        #expect(reply.elements("Key") == ["a", "b", "c"])
        #expect(reply.elements("DeleteMarker") == ["true"])
        let marker = try #require(reply.element("DeleteMarkerVersionId"))
        #expect(reply.elements("VersionId") == [id, "x"])
        #expect(reply.element("Code") == "InvalidArgument")
        #expect(await s3.get("/bucket/b").fields[.versionID] == marker)
        let back = "<Delete><Object><Key>b</Key><VersionId>\(marker)</VersionId></Object></Delete>"
        let restored = await s3.send(
            .post, "/bucket?delete", back, [.contentMD5: Self.md5(back)])
        #expect(restored.element("DeleteMarker") == "true")
        #expect(restored.element("DeleteMarkerVersionId") == marker)
        #expect(await s3.get("/bucket/b").body == "two")
    }

    @Test("a copy may be of any version, and brings an old one back")
    func copying() async throws {
        let s3 = try await Self.versioned()
        let first = try #require(await s3.put("/bucket/k", "one").fields[.versionID])
        _ = await s3.put("/bucket/k", "two")
        let copy = await s3.put("/bucket/k", "", [.copySource: "bucket/k?versionId=\(first)"])
        #expect(copy.status == 200)
        #expect(copy.fields[.copySourceVersionID] == first)
        #expect(copy.fields[.versionID] != nil)
        #expect(await s3.get("/bucket/k").body == "one")
        #expect(await s3.get("/bucket?versions").elements("VersionId").count == 3)
        let same = await s3.put("/bucket/k", "", [.copySource: "bucket/k"])
        #expect(same.code == "InvalidRequest")
        let marker = try #require(await s3.delete("/bucket/k").fields[.versionID])
        for (source, code) in [
            ("bucket/k?versionId=x", "InvalidArgument"),
            ("bucket/k?versionId=\(marker)", "InvalidRequest"),
            ("bucket/k?other=1", "InvalidArgument"), ("bucket/k", "NoSuchKey"),
            ("bucket/none?versionId=\(first)", "NoSuchVersion"),
        ] {
            let reply = await s3.put("/bucket/copy", "", [.copySource: source])
            #expect(reply.code == code, "\(source)")
        }
        let upload = try #require(
            await s3.send(.post, "/bucket/parts?uploads").element("UploadId"))
        let part = await s3.put(
            "/bucket/parts?partNumber=1&uploadId=\(upload)", "",
            [.copySource: "bucket/k?versionId=\(first)"])
        #expect(part.fields[.copySourceVersionID] == first)
        let etag = try #require(part.element("ETag"))
        let complete = await s3.send(
            .post, "/bucket/parts?uploadId=\(upload)",
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\(etag)</ETag></Part>"
                + "</CompleteMultipartUpload>")
        #expect(complete.status == 200)
        let completed = try #require(complete.fields[.versionID])
        #expect(await s3.get("/bucket/parts?versionId=\(completed)").body == "one")
    }

    @Test("tags are of a version, and setting them makes none")
    func tagging() async throws {
        let s3 = try await Self.versioned()
        let first = try #require(await s3.put("/bucket/k", "one").fields[.versionID])
        let second = try #require(await s3.put("/bucket/k", "two").fields[.versionID])
        let tags = "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"
        let put = await s3.put("/bucket/k?tagging&versionId=\(first)", tags)
        #expect(put.status == 200)
        #expect(put.fields[.versionID] == first)
        #expect(await s3.get("/bucket/k?tagging&versionId=\(first)").elements("Key") == ["a"])
        #expect(await s3.get("/bucket/k?tagging").elements("Key").isEmpty)
        #expect(await s3.put("/bucket/k?tagging", tags).fields[.versionID] == second)
        #expect(await s3.delete("/bucket/k?tagging&versionId=\(first)").status == 204)
        #expect(await s3.get("/bucket/k?tagging&versionId=\(first)").elements("Key").isEmpty)
        #expect(await s3.get("/bucket?versions").elements("VersionId") == [second, first])
        #expect(await s3.get("/bucket/k").body == "two")
    }

    @Test("a list goes on in the middle of a key")
    func pages() async throws {
        let s3 = try await Self.versioned()
        for key in ["a", "b/x", "b/y"] {
            for body in ["1", "2"] { _ = await s3.put("/bucket/" + key, body) }
        }
        let whole = await s3.get("/bucket?versions").elements("VersionId")
        #expect(whole.count == 6)
        var ids: [String] = []
        var markers = ""
        while true {
            let page = await s3.get("/bucket?versions&max-keys=1" + markers)
            ids += page.elements("VersionId")
            guard let key = page.element("NextKeyMarker"),
                let id = page.element("NextVersionIdMarker")
            else { break }
            markers = "&key-marker=\(key)&version-id-marker=\(id)"
        }
        #expect(ids == whole)
        let rolled = await s3.get("/bucket?versions&delimiter=/&max-keys=2&key-marker=a&prefix=")
        #expect(rolled.prefixes == ["b/"])
        let first = await s3.get("/bucket?versions&delimiter=/&max-keys=2")
        #expect(first.element("IsTruncated") == "true")
        #expect(first.element("NextKeyMarker") == "a")
        let wrong = await s3.get("/bucket?versions&key-marker=a&version-id-marker=x")
        #expect(wrong.code == "InvalidArgument")
    }

    @Test("whoever has no key reads no version by its id")
    func anonymous() async throws {
        let s3 = try await Self.versioned()
        let id = try #require(await s3.put("/bucket/k", "one").fields[.versionID])
        let policy = #"""
            {"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",
            "Resource":"arn:aws:s3:::bucket/*"}}
            """#
        #expect(await s3.put("/bucket?policy", policy).status == 204)
        let host: HTTPFields = [.other("host"): "localhost:9000"]
        #expect(await s3.sendRaw(.get, "/bucket/k", host).body == "one")
        #expect(await s3.sendRaw(.get, "/bucket/k?versionId=\(id)", host).status == 403)
    }
}
