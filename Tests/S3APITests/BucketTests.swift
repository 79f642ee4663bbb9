// Buckets, and what tools probe them for.

internal import HTTPTypes
internal import S3API
import Storage
import Testing

@Suite("Buckets")
struct BucketTests {
    @Test("a bucket is made, headed, listed and removed")
    func life() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.send(.put, "/second/").status == 200)
        let again = await s3.send(.put, "/second")
        #expect(again.status == 409 && again.code == "BucketAlreadyOwnedByYou")
        let head = await s3.head("/second")
        #expect(head.status == 200 && head.fields[.bucketRegion] == "us-east-1")
        let list = await s3.get("/")
        #expect(list.elements("Name") == ["bucket", "second"])
        #expect(
            list.elements("CreationDate") == Array(repeating: "2024-05-24T00:00:00.000Z", count: 2))
        let page = await s3.get("/?max-buckets=1")
        #expect(page.elements("Name") == ["bucket"])
        let token = try #require(page.element("ContinuationToken"))
        #expect(await s3.get("/?continuation-token=" + token).elements("Name") == ["second"])
        #expect(await s3.get("/?bucket-region=us-east-1").elements("Name") == ["bucket", "second"])
        #expect(await s3.get("/?bucket-region=eu-west-1").elements("Name").isEmpty)
        #expect(await s3.get("/?max-buckets=10000").status == 200)
        #expect(await s3.get("/?max-buckets=10001").code == "InvalidArgument")
        #expect(await s3.delete("/second").status == 204)
        #expect(await s3.delete("/second").code == "NoSuchBucket")
        #expect(await s3.head("/second").status == 404)
    }

    @Test("a bucket with an object in it stays")
    func notEmpty() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "x")
        let delete = await s3.delete("/bucket")
        #expect(delete.status == 409 && delete.code == "BucketNotEmpty")
        _ = await s3.delete("/bucket/k")
        #expect(await s3.delete("/bucket").status == 204)
    }

    @Test("a write beyond a hard quota is refused with its body unread, one that fits is not")
    func quota() async throws {
        let s3 = try await TestServer.withBucket()
        let buckets = Buckets(objects: s3.store, blobs: s3.store)
        try await buckets.changeSettings(of: "bucket") { $0.quota.hardBytes = 10 }
        #expect(await s3.put("/bucket/a", "01234567").status == 200)
        let full = await s3.put("/bucket/b", "012")
        #expect(full.status == 507 && full.code == "QuotaExceeded" && full.bytesRead == 0)
        let grown = await s3.put("/bucket/a", "0123456789a")
        #expect(grown.status == 507 && grown.bytesRead == 0)
        #expect(await s3.put("/bucket/a", "0123456789").status == 200)
        let source = HTTPField.Name.other("x-amz-copy-source")
        #expect(await s3.put("/bucket/c", "", [source: "bucket/a"]).code == "QuotaExceeded")
        try await buckets.changeSettings(of: "bucket") { $0.quota.hardBytes = nil }
        #expect(await s3.put("/bucket/b", "012").status == 200)
    }

    @Test("what a bucket's layout says of a key is held against the bytes")
    func layouts() async throws {
        let s3 = try await TestServer.withBucket()
        let buckets = Buckets(objects: s3.store, blobs: s3.store)
        let hex = String(repeating: "ab", count: 32)
        let blob = "/bucket/docker/registry/v2/blobs/sha256/ab/\(hex)/data"
        let quay = "/bucket/sha256/ab/\(hex)"
        #expect(await s3.put(blob, "other").code == "BadDigest")
        #expect(await s3.put(quay, "other").status == 200)
        try await buckets.changeSettings(of: "bucket") { $0.layout = .quay }
        #expect(await s3.put(blob, "other").status == 200)
        #expect(await s3.put(quay, "other").code == "BadDigest")
        try await buckets.changeSettings(of: "bucket") { $0.layout = .plain }
        #expect(await s3.put(quay, "other").status == 200)
    }

    @Test(
        "a name that is none is refused, the reserved one too",
        arguments: ["-system", "ab", "A_B", "a..b", "%2e%2e", "-"])
    func names(_ name: String) async throws {
        let s3 = try await TestServer.withBucket()
        for method in [HTTPRequest.Method.put, .get, .delete] {
            #expect(await s3.send(method, "/" + name).code == "InvalidBucketName")
            let target = "/\(name)/shared/bucket/bucket"
            #expect(await s3.send(method, target).code == "InvalidBucketName")
        }
        #expect(await s3.get("/" + name + "?location").code == "InvalidBucketName")
        #expect(await s3.get("/" + name + "?list-type=2").code == "InvalidBucketName")
        #expect(await s3.get("/" + name + "?uploads").code == "InvalidBucketName")
    }

    @Test(
        "a name that S3 gives nobody is not given here",
        arguments: [
            "192.168.1.1", "xn--abc", "sthree-a", "amzn-s3-demo-a", "abc-s3alias", "abc--ol-s3",
            "abc.mrap", "abc--x-s3", "abc--table-s3",
        ])
    func reservedNames(_ name: String) async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.send(.put, "/" + name).code == "InvalidBucketName")
        let buckets = Buckets(objects: s3.store, blobs: s3.store)
        await #expect(throws: StorageError.self) { try await buckets.create(name) }
        #expect(await s3.send(.put, "/192.168.1.256").status == 200)
    }

    @Test("object lock may be declined and not asked for")
    func objectLock() async throws {
        let s3 = try await TestServer.withBucket()
        let name = HTTPField.Name.other("x-amz-bucket-object-lock-enabled")
        #expect(await s3.send(.put, "/second", "", [name: "true"]).code == "NotImplemented")
        #expect(await s3.send(.put, "/second", "", [name: "false"]).status == 200)
    }

    @Test("a location may be asked for, in a document that can be read")
    func locations() async throws {
        let s3 = try await TestServer.withBucket()
        let right =
            "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            + "<LocationConstraint>eu-west-1</LocationConstraint></CreateBucketConfiguration>"
        #expect(await s3.send(.put, "/second", right).status == 200)
        #expect(await s3.send(.put, "/third", "<Create").code == "MalformedXML")
        #expect(await s3.head("/third").status == 404)
        let location = await s3.get("/second?location")
        #expect(location.status == 200 && location.element("LocationConstraint") == "")
    }

    @Test(
        "a bucket that was never configured says so in each setting's own way",
        arguments: [
            ("policy", 404, "NoSuchBucketPolicy"), ("tagging", 404, "NoSuchTagSet"),
            ("cors", 404, "NoSuchCORSConfiguration"),
            ("lifecycle", 404, "NoSuchLifecycleConfiguration"),
            ("encryption", 404, "ServerSideEncryptionConfigurationNotFoundError"),
            ("object-lock", 404, "ObjectLockConfigurationNotFoundError"),
            ("website", 404, "NoSuchWebsiteConfiguration"),
            ("replication", 404, "ReplicationConfigurationNotFoundError"),
            ("publicAccessBlock", 404, "NoSuchPublicAccessBlockConfiguration"),
            ("versioning", 200, nil), ("acl", 200, nil), ("logging", 200, nil),
            ("notification", 200, nil), ("requestPayment", 200, nil), ("accelerate", 200, nil),
        ] as [(String, Int, String?)])
    func settings(_ name: String, _ status: Int, _ code: String?) async throws {
        let s3 = try await TestServer.withBucket()
        let reply = await s3.get("/bucket?" + name)
        #expect(reply.status == status && reply.code == code)
        #expect(await s3.get("/nothing?" + name).code == "NoSuchBucket")
        let put = await s3.send(.put, "/bucket?" + name, "<X/>").code
        switch name {
        case "acl", "cors", "encryption", "lifecycle", "publicAccessBlock", "tagging",
            "versioning":
            #expect(put == "MalformedXML")
        case "policy": #expect(put == "MalformedPolicy")
        default: #expect(put == "NotImplemented")
        }
    }

    @Test("an unversioned bucket has no versioning status, and its owner has full control")
    func documents() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.get("/bucket?versioning").element("Status") == nil)
        for target in ["/bucket?acl", "/bucket/k?acl"] {
            _ = await s3.put("/bucket/k", "x")
            let acl = await s3.get(target)
            #expect(acl.elements("Permission") == ["FULL_CONTROL"])
            #expect(await s3.send(.put, target, "", [.acl: "private"]).status == 200)
            let wide = await s3.send(.put, target, "", [.acl: "public-read"])
            #expect(wide.code == "AccessControlListNotSupported")
            #expect(await s3.send(.put, target, acl.body).status == 200)
            let other = acl.body.replacing("<ID>holdfast", with: "<ID>other")
            let refused = await s3.send(.put, target, other)
            #expect(refused.code == "AccessControlListNotSupported")
            #expect(await s3.send(.put, target, "<X/>").code == "MalformedXML")
            #expect(await s3.send(.put, target, "").code == "MalformedXML")
        }
    }

    @Test("tags are shown as they were written")
    func tags() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "x", [.tagging: "a=1&b%20c=x+y&d"])
        let tags = await s3.get("/bucket/k?tagging")
        #expect(tags.elements("Key") == ["a", "b c", "d"])
        #expect(tags.elements("Value") == ["1", "x y", ""])
        for text in ["a=1&a=2", "=x", (0...10).map { "k\($0)=v" }.joined(separator: "&")] {
            #expect(await s3.put("/bucket/x", "x", [.tagging: text]).code == "InvalidTag")
        }
    }
}
