// Objects are put, got, headed and deleted, by signed requests.

internal import HTTPTypes
internal import NIOCore
internal import S3API
internal import Storage
import Testing

@Suite("Put and get")
struct PutGetTests {
    @Test("a large body that was promised by better than an MD5 has an ETag without one")
    func opaqueETag() async throws {
        let s3 = try await TestServer.withBucket { $0.opaqueETagBytes = 5 }
        let (md5, opaque) = (
            "\"5d41402abc4b2a76b9719d911017c592\"", "\"2cf24dba5fb0a30e26e83b2ac5b9e29e-1\""
        )
        let signed = await s3.put("/bucket/signed", "hello")
        #expect(signed.fields[.eTag] == opaque)
        #expect(await s3.head("/bucket/signed").fields[.eTag] == opaque)
        #expect(await s3.get("/bucket/signed", [.ifNoneMatch: opaque]).status == 304)
        let sha256: HTTPFields = [
            .other("x-amz-checksum-sha256"): "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
        ]
        let summed = await s3.put("/bucket/summed", "hello", sha256, mode: .unsigned)
        #expect(summed.fields[.eTag] == opaque)
        // Tools add a CRC without being asked.
        let crc: HTTPFields = [.other("x-amz-checksum-crc32"): "NhCmhg=="]
        let checked = await s3.put("/bucket/checked", "hello", crc, mode: .unsigned)
        #expect(checked.fields[.eTag] == md5)
        // Who sends the MD5 means it, who promises nothing may compare, and a small body costs little.
        let withMD5: HTTPFields = [.contentMD5: "XUFAKrxLKna5cZ2REBfFkg=="]
        #expect(await s3.put("/bucket/md5", "hello", withMD5).fields[.eTag] == md5)
        let plain = await s3.put("/bucket/plain", "hello", mode: .unsigned)
        #expect(plain.fields[.eTag] == md5)
        let chunked = await s3.put("/bucket/chunked", "hello", mode: .streaming)
        #expect(chunked.fields[.eTag] == md5)
        let small = await s3.put("/bucket/small", "hell")
        #expect(small.fields[.eTag] == "\"4229d691b07b13341da53f17ab9f2416\"")
    }

    @Test("an object comes back as it was put, with its headers")
    func roundTrip() async throws {
        let s3 = try await TestServer.withBucket()
        let put = await s3.put(
            "/bucket/a%20b+c", "hello",
            [
                .contentType: "text/plain", .cacheControl: "no-cache", .contentEncoding: "gzip",
                .contentLanguage: "de", .contentDisposition: "inline", .expires: "never",
                .meta("Colour"): "blue", .tagging: "a=1&b=x+y",
                .acl: "private", .storageClass: "STANDARD",
                .other("x-amz-expected-bucket-owner"): "1",
            ])
        #expect(put.status == 200)
        #expect(put.fields[.eTag] == "\"5d41402abc4b2a76b9719d911017c592\"")
        #expect(put.fields[.requestID] != nil)
        let get = await s3.get("/bucket/a%20b+c")
        #expect(get.status == 200 && get.body == "hello")
        let expected: HTTPFields = [
            .contentType: "text/plain", .cacheControl: "no-cache", .contentEncoding: "gzip",
            .contentLanguage: "de", .contentDisposition: "inline", .expires: "never",
            .meta("colour"): "blue", .taggingCount: "2", .acceptRanges: "bytes",
            .eTag: "\"5d41402abc4b2a76b9719d911017c592\"",
            .lastModified: "Fri, 24 May 2024 00:00:00 GMT",
        ]
        for field in expected { #expect(get.fields[field.name] == field.value) }
        let head = await s3.head("/bucket/a%20b+c")
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head.fields[.contentLength] == "5")
        for field in expected { #expect(head.fields[field.name] == field.value) }
    }

    @Test("an object of no bytes is an object")
    func empty() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket/k", "").status == 200)
        let get = await s3.get("/bucket/k")
        #expect(get.status == 200 && get.body.isEmpty)
        #expect(get.fields[.contentType] == "binary/octet-stream")
        let ranged = await s3.get("/bucket/k", [.range: "bytes=0-"])
        #expect(ranged.status == 416 && ranged.code == "InvalidRange")
        #expect(await s3.head("/bucket/k").fields[.contentLength] == "0")
    }

    @Test(
        "path tricks are plain keys",
        arguments: [
            "/bucket/../x", "/bucket/a//b", "/bucket//", "/bucket/%00%01", "/bucket/./.",
            "/bucket/-system/x",
        ])
    func pathTricks(_ target: String) async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put(target, "trick").status == 200)
        #expect(await s3.get(target).body == "trick")
        let list = await s3.get("/bucket?list-type=2&encoding-type=url")
        #expect(list.elements("Key").count == 1)
    }

    @Test(
        "a range is 206 with its place, also from 0",
        arguments: [
            ("bytes=0-", "bytes 0-9/10", "0123456789"), ("bytes=3-5", "bytes 3-5/10", "345"),
            ("bytes=8-100", "bytes 8-9/10", "89"), ("bytes=-2", "bytes 8-9/10", "89"),
        ])
    func ranges(_ range: String, _ place: String, _ body: String) async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "0123456789")
        let get = await s3.get("/bucket/k", [.range: range])
        #expect(get.status == 206 && get.body == body)
        #expect(get.fields[.contentRange] == place)
        let head = await s3.head("/bucket/k", [.range: range])
        #expect(head.status == 206 && head.fields[.contentLength] == String(body.utf8.count))
    }

    @Test("a range past the end is 416, one that is none is ignored")
    func badRanges() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "0123456789")
        let past = await s3.get("/bucket/k", [.range: "bytes=10-"])
        #expect(past.status == 416 && past.code == "InvalidRange")
        #expect(past.element("ActualObjectSize") == "10")
        #expect(past.fields[.contentRange] == "bytes */10")
        #expect(await s3.head("/bucket/k", [.range: "bytes=10-"]).status == 416)
        for text in ["bytes=5-2", "bytes=x", "bytes=0-1,3-4"] {
            #expect(await s3.get("/bucket/k", [.range: text]).status == 200)
        }
    }

    @Test("conditions on a read are those of HTTP")
    func conditionalReads() async throws {
        let s3 = try await TestServer.withBucket()
        let etag = await s3.put("/bucket/k", "hello").fields[.eTag] ?? ""
        let modified = "Fri, 24 May 2024 00:00:00 GMT"
        let before = "Thu, 23 May 2024 00:00:00 GMT"
        let cases: [(HTTPFields, Int)] = [
            ([.ifMatch: etag], 200), ([.ifMatch: "\"x\""], 412), ([.ifMatch: "*"], 200),
            ([.ifNoneMatch: etag], 304), ([.ifNoneMatch: "W/" + etag], 304),
            ([.ifNoneMatch: "\"x\""], 200), ([.ifModifiedSince: modified], 304),
            ([.ifModifiedSince: before], 200), ([.ifUnmodifiedSince: before], 412),
            ([.ifUnmodifiedSince: modified], 200),
            ([.ifMatch: etag, .ifUnmodifiedSince: before], 200),
            ([.ifNoneMatch: "\"x\"", .ifModifiedSince: modified], 200),
            // Nobody has read it then.
            ([.ifModifiedSince: "Sat, 25 May 2024 00:00:00 GMT"], 200),
        ]
        for (fields, status) in cases {
            #expect(await s3.get("/bucket/k", fields).status == status, "\(fields)")
            #expect(await s3.head("/bucket/k", fields).status == status, "\(fields)")
        }
        let caching: HTTPFields = [.cacheControl: "max-age=60", .expires: "never"]
        #expect(await s3.put("/bucket/k", "hello", caching).fields[.eTag] == etag)
        let notModified = await s3.get("/bucket/k", [.ifNoneMatch: etag])
        #expect(notModified.body.isEmpty && notModified.fields[.eTag] == etag)
        for field in caching { #expect(notModified.fields[field.name] == field.value) }
        let stale = await s3.get("/bucket/k", [.range: "bytes=0-1", .ifRange: "\"x\""])
        #expect(stale.status == 200)
    }

    @Test("a header that is empty says nothing")
    func emptyFields() async throws {
        let s3 = try await TestServer.withBucket()
        let fields: HTTPFields = [
            .contentType: "", .cacheControl: "", .contentEncoding: "", .contentLanguage: "",
            .contentDisposition: "", .expires: "",
        ]
        #expect(await s3.put("/bucket/k", "x", fields).status == 200)
        let get = await s3.get("/bucket/k")
        #expect(get.fields[.contentType] == "binary/octet-stream")
        for field in fields where field.name != .contentType {
            #expect(!get.fields.contains(field.name), "\(field.name)")
        }
    }

    @Test("a class of storage is kept with what asked for it, and shown where it is not STANDARD")
    func storageClass() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/a", "x", [.storageClass: "STANDARD"])
        _ = await s3.put("/bucket/b", "x", [.storageClass: "STANDARD_IA"])
        let begun = await s3.send(.post, "/bucket/c?uploads", "", [.storageClass: "GLACIER_IR"])
        let id = try #require(begun.element("UploadId"))
        #expect(await s3.get("/bucket/c?uploadId=" + id).element("StorageClass") == "GLACIER_IR")
        #expect(await s3.get("/bucket?uploads").element("StorageClass") == "GLACIER_IR")
        let part = await s3.put("/bucket/c?uploadId=\(id)&partNumber=1", "x")
        let document =
            "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>"
            + "\(part.fields[.eTag] ?? "")</ETag></Part></CompleteMultipartUpload>"
        #expect(await s3.send(.post, "/bucket/c?uploadId=" + id, document).status == 200)
        // What is copied has the class that it is given, or none.
        _ = await s3.put("/bucket/d", "", [.copySource: "bucket/b"])
        _ = await s3.put(
            "/bucket/b", "", [.copySource: "bucket/b", .storageClass: "ONEZONE_IA"])
        for (key, expected) in ["a": nil, "b": "ONEZONE_IA", "c": "GLACIER_IR", "d": nil] {
            #expect(await s3.head("/bucket/" + key).fields[.storageClass] == expected, "\(key)")
            #expect(await s3.get("/bucket/" + key).fields[.storageClass] == expected, "\(key)")
            let attributes = await s3.get(
                "/bucket/\(key)?attributes", [.objectAttributes: "StorageClass"])
            #expect(attributes.element("StorageClass") == expected ?? "STANDARD", "\(key)")
        }
        let listed = ["STANDARD", "ONEZONE_IA", "GLACIER_IR", "STANDARD"]
        #expect(await s3.get("/bucket?list-type=2").elements("StorageClass") == listed)
        #expect(await s3.get("/bucket").elements("StorageClass") == listed)
        #expect(await s3.get("/bucket?versions").elements("StorageClass") == listed)
    }

    @Test("conditions on a write are decided with it")
    func conditionalWrites() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket/k", "1", [.ifMatch: "\"x\""]).code == "NoSuchKey")
        #expect(await s3.put("/bucket/k", "1", [.ifNoneMatch: "*"]).status == 200)
        let second = await s3.put("/bucket/k", "2", [.ifNoneMatch: "*"])
        #expect(second.status == 412 && second.code == "PreconditionFailed")
        #expect(await s3.put("/bucket/k", "2", [.ifMatch: "\"x\""]).status == 412)
        let etag = await s3.head("/bucket/k").fields[.eTag] ?? ""
        #expect(await s3.put("/bucket/k", "2", [.ifMatch: etag]).status == 200)
        #expect(await s3.get("/bucket/k").body == "2")
    }

    @Test("the query overrides what the answer says of itself")
    func overrides() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "hello")
        let get = await s3.get(
            "/bucket/k?response-content-type=text%2Fhtml&response-content-disposition=inline"
                + "&response-cache-control=no-store&response-expires=x"
                + "&response-content-language=fr&response-content-encoding=br")
        let expected: HTTPFields = [
            .contentType: "text/html", .contentDisposition: "inline", .cacheControl: "no-store",
            .expires: "x", .contentLanguage: "fr", .contentEncoding: "br",
        ]
        for field in expected { #expect(get.fields[field.name] == field.value) }
        #expect(await s3.get("/bucket/k?response-content-type=a%0Ab").code == "InvalidArgument")
    }

    @Test("deleting succeeds whether or not something is there")
    func delete() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "hello")
        #expect(await s3.delete("/bucket/k").status == 204)
        #expect(await s3.get("/bucket/k").code == "NoSuchKey")
        #expect(await s3.delete("/bucket/k").status == 204)
        #expect(await s3.delete("/nothing/k").code == "NoSuchBucket")
    }

    @Test("a missing object is NoSuchKey, without a body for HEAD")
    func missing() async throws {
        let s3 = try await TestServer.withBucket()
        let get = await s3.get("/bucket/k")
        #expect(get.status == 404 && get.code == "NoSuchKey")
        #expect(get.element("Resource") == "/bucket/k")
        #expect(get.element("RequestId") == get.fields[.requestID])
        let head = await s3.head("/bucket/k")
        #expect(head.status == 404 && head.body.isEmpty)
        #expect(await s3.get("/bucket/k?versionId=null").code == "NoSuchVersion")
        #expect(await s3.get("/bucket/k?versionId=abc").code == "InvalidArgument")
    }

    @Test("damaged bytes are an error before the first byte is sent")
    func damaged() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "hello")
        let name = ObjectName(bucket: "bucket", key: "k")
        let content = try #require(await s3.store.object(name)?.content)
        s3.store.corrupt(content.blob)
        let get = await s3.get("/bucket/k")
        #expect(get.status == 500 && get.code == "InternalError")
    }
}
