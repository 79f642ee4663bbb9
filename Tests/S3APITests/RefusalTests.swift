// Requests that must not come in: each a clear error, nothing stored, the body unread.

internal import Checksums
internal import HTTPTypes
internal import S3API
internal import Storage
import Testing

@Suite("Refusals")
struct RefusalTests {
    private let host: HTTPFields = [.other("host"): "localhost:9000"]

    @Test(
        "a request without a signature is denied",
        arguments: ["/", "/bucket", "/bucket/k", "/bucket?foo"])
    func unsigned(_ target: String) async throws {
        let s3 = try await TestServer.withBucket()
        let reply = await s3.sendRaw(.get, target, host)
        #expect(reply.status == 403 && reply.code == "AccessDenied")
        let put = await s3.sendRaw(.put, "/bucket/k", host, Array("hello".utf8), lengthBytes: 5)
        #expect(put.code == "AccessDenied" && put.bytesRead == 0)
    }

    /// Puts an object by a signer that differs from the right one in one thing.
    private func put(_ change: (inout ClientSigner) -> Void) async throws -> Reply {
        let s3 = try await TestServer.withBucket()
        var signer = ClientSigner()
        change(&signer)
        let body = Array("hello".utf8)
        let signed = signer.sign(
            "PUT", "/bucket/k", host, payload: ClientSigner.hash(body))
        let reply = await s3.sendRaw(.put, "/bucket/k", signed.fields, body, lengthBytes: 5)
        let isStored = try await s3.store.object(ObjectName(bucket: "bucket", key: "k")) != nil
        #expect(isStored == (reply.status == 200))
        #expect(reply.status == 200 || reply.bytesRead == 0)
        return reply
    }

    @Test("a wrong secret, an unknown key and a wrong time have their own errors")
    func wrongSignatures() async throws {
        #expect(try await put { _ in }.status == 200)
        let secret = try await put { $0.secret = "other" }
        #expect(secret.status == 403 && secret.code == "SignatureDoesNotMatch")
        let key = try await put { $0.accessKey = "NOBODY" }
        #expect(key.status == 403 && key.code == "InvalidAccessKeyId")
        for timestamp in ["20240523T234400Z", "20240524T001600Z"] {
            let skewed = try await put { $0.timestamp = timestamp }
            #expect(skewed.status == 403 && skewed.code == "RequestTimeTooSkewed")
        }
        for timestamp in ["20240523T234600Z", "20240524T001400Z"] {
            #expect(try await put { $0.timestamp = timestamp }.status == 200)
        }
    }

    @Test("what was signed cannot be changed on the way")
    func tampered() async throws {
        let s3 = try await TestServer.withBucket()
        let signed = ClientSigner().sign(
            "GET", "/bucket/k?prefix=a", host, payload: ClientSigner.hash([]))
        var other = signed.fields
        other[.other("host")] = "elsewhere"
        let replies = [
            await s3.sendRaw(.get, "/bucket/other?prefix=a", signed.fields),
            await s3.sendRaw(.get, "/bucket/k?prefix=b", signed.fields),
            await s3.sendRaw(.head, "/bucket/k?prefix=a", signed.fields),
            await s3.sendRaw(.get, "/bucket/k?prefix=a", other),
        ]
        #expect(replies.allSatisfy { $0.status == 403 })
        #expect(replies[0].code == "SignatureDoesNotMatch")
    }

    @Test("the bucket is that of the host which was signed, whatever else names one")
    func signedHost() async throws {
        let store = TestServer.makeStore()
        let buckets = Buckets(objects: store, blobs: store)
        for name in ["mine", "other"] { try await buckets.create(name) }
        let s3 = TestServer(store: store, configuration: S3Configuration(domain: "s3.test"))
        for name in ["mine", "other"] {
            #expect(await s3.put("/\(name)/k", name).status == 200)
        }
        let mine: HTTPFields = [.other("host"): "mine.s3.test"]
        let url = ClientSigner().presign("GET", "/k", mine, expires: 60)
        #expect(await s3.sendRaw(.get, url, mine, authority: "mine.s3.test").body == "mine")
        #expect(await s3.sendRaw(.get, url, mine, authority: "other.s3.test").body == "mine")
        let other: HTTPFields = [.other("host"): "other.s3.test"]
        #expect(await s3.sendRaw(.get, url, other).code == "SignatureDoesNotMatch")
    }

    @Test("a link of version 2 is of the bucket that it was signed for, by path and by host")
    func signedHostV2() async throws {
        let store = TestServer.makeStore()
        let buckets = Buckets(objects: store, blobs: store)
        for name in ["mine", "other"] { try await buckets.create(name) }
        let s3 = TestServer(store: store, configuration: S3Configuration(domain: "s3.test"))
        for key in ["k", "mine/k"] {
            for name in ["mine", "other"] {
                #expect(await s3.put("/\(name)/\(key)", "\(name) \(key)").status == 200)
            }
        }
        let signer = ClientSigner()
        let signature = HMAC.code(
            key: Array(signer.secret.utf8), message: Array("GET\n\n\n4102444800\n/mine/k".utf8),
            algorithm: .sha1)
        let query =
            "?AWSAccessKeyId=\(signer.accessKey)&Expires=4102444800&Signature="
            + Base64.encode(signature).replacing("+", with: "%2B").replacing("/", with: "%2F")
        func get(_ path: String, _ name: String) async -> Reply {
            await s3.sendRaw(.get, path + query, [.other("host"): name])
        }
        #expect(await get("/mine/k", "localhost:9000").body == "mine k")
        #expect(await get("/k", "mine.s3.test").body == "mine k")
        for (path, name) in [("/k", "other.s3.test"), ("/mine/k", "other.s3.test")] {
            #expect(await get(path, name).code == "SignatureDoesNotMatch")
        }
    }

    @Test("an Authorization that cannot be read is refused")
    func malformedAuthorization() async throws {
        let s3 = try await TestServer.withBucket()
        var fields = ClientSigner().sign(
            "GET", "/bucket/k", host, payload: ClientSigner.hash([])
        ).fields
        fields[.authorization] = "AWS4-HMAC-SHA256 Credential=x"
        let reply = await s3.sendRaw(.get, "/bucket/k", fields)
        #expect(reply.status == 400 && reply.code == "AuthorizationHeaderMalformed")
    }

    @Test("presigned URLs read, head and write until they expire")
    func presigned() async throws {
        let s3 = try await TestServer.withBucket()
        let signer = ClientSigner()
        let put = signer.presign("PUT", "/bucket/a%20b?x-amz-acl=private", host, expires: 60)
        let stored = await s3.sendRaw(.put, put, host, Array("hello".utf8), lengthBytes: 5)
        #expect(stored.status == 200, "\(stored.body)")
        for method in [HTTPRequest.Method.get, .head] {
            let url = signer.presign(
                method.rawValue, "/bucket/a%20b?response-content-type=a%2Fb", host, expires: 1200)
            let reply = await s3.sendRaw(method, url, host)
            #expect(reply.status == 200 && reply.fields[.contentType] == "a/b")
            #expect(reply.body == (method == .get ? "hello" : ""))
            let forged = String(url.dropLast()) + (url.hasSuffix("0") ? "1" : "0")
            #expect(await s3.sendRaw(method, forged, host).status == 403)
        }
        var earlier = ClientSigner()
        earlier.timestamp = "20240523T235900Z"
        let expired = earlier.presign("GET", "/bucket/a%20b", host, expires: 59)
        let reply = await s3.sendRaw(.get, expired, host)
        #expect(reply.status == 403 && reply.code == "AccessDenied")
        let valid = earlier.presign("GET", "/bucket/a%20b", host, expires: 61)
        #expect(await s3.sendRaw(.get, valid, host).status == 200)
        let forever = signer.presign("GET", "/bucket/a%20b", host, expires: 604_801)
        #expect(await s3.sendRaw(.get, forever, host).code == "AuthorizationQueryParametersError")
    }

    @Test("a header in the query of a presigned URL means the same")
    func hoistedHeaders() async throws {
        let s3 = try await TestServer.withBucket()
        let signer = ClientSigner()
        for (query, code) in [
            ("x-amz-acl=public-read", "AccessControlListNotSupported"),
            ("x-amz-server-side-encryption=aws%3Akms", "NotImplemented"),
            ("x-amz-checksum-crc32=AAAAAA%3D%3D", "BadDigest"),
        ] {
            let url = signer.presign("PUT", "/bucket/k?" + query, host, expires: 60)
            let reply = await s3.sendRaw(.put, url, host, Array("hello".utf8), lengthBytes: 5)
            #expect(reply.code == code)
        }
        let url = signer.presign("PUT", "/bucket/k?x-amz-meta-a=1", host, expires: 60)
        let reply = await s3.sendRaw(.put, url, host, Array("hello".utf8), lengthBytes: 5)
        #expect(reply.status == 200)
        #expect(await s3.head("/bucket/k").fields[.meta("a")] == "1")
    }

    @Test(
        "a header whose meaning would be lost is refused unread",
        arguments: [
            ("x-amz-server-side-encryption", "aws:kms", "NotImplemented"),
            ("x-amz-server-side-encryption", "aws:kms:dsse", "NotImplemented"),
            ("x-amz-server-side-encryption", "DES", "InvalidArgument"),
            ("x-amz-server-side-encryption-aws-kms-key-id", "k", "NotImplemented"),
            (
                "x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256",
                "NotImplemented"
            ),
            ("x-amz-server-side-encryption-customer-algorithm", "AES256", "NotImplemented"),
            ("x-amz-object-lock-mode", "GOVERNANCE", "NotImplemented"),
            ("x-amz-grant-read", "id=x", "NotImplemented"),
            ("x-amz-website-redirect-location", "/x", "NotImplemented"),
            ("x-amz-write-offset-bytes", "5", "NotImplemented"),
            ("x-amz-acl", "public-read", "AccessControlListNotSupported"),
            ("x-amz-acl", "other", "InvalidArgument"),
            ("x-amz-storage-class", "DEEP_FREEZE", "InvalidStorageClass"),
            ("if-modified-since", "Thu, 23 May 2024 00:00:00 GMT", "NotImplemented"),
            ("if-unmodified-since", "Thu, 23 May 2024 00:00:00 GMT", "NotImplemented"),
            ("content-range", "bytes 4-7/100", "NotImplemented"),
            ("x-amz-copy-source-if-match", "\"x\"", "NotImplemented"),
            ("x-amz-copy-source-range", "bytes=0-1", "NotImplemented"),
            (
                "x-amz-transition-default-minimum-object-size", "varies_by_storage_class",
                "NotImplemented"
            ),
            ("x-amz-server-side-encryption-bucket-key-enabled", "true", "NotImplemented"),
        ])
    func headers(_ name: String, _ value: String, _ code: String) async throws {
        let s3 = try await TestServer.withBucket()
        let put = await s3.put("/bucket/k", "hello", [.other(name): value])
        #expect(put.code == code && put.bytesRead == 0)
        if code == "NotImplemented", !name.contains("encryption") {
            #expect(put.element("Header") == name)
        }
        #expect(await s3.head("/bucket/k").status == 404)
    }

    @Test("a header means something to the operations that heed it, and to no other")
    func heeded() async throws {
        let s3 = try await TestServer.withBucket()
        let etag = await s3.put("/bucket/k", "hello").fields[.eTag] ?? ""
        let date = "Thu, 23 May 2024 00:00:00 GMT"
        for condition: HTTPFields in [
            [.ifNoneMatch: "*"], [.ifNoneMatch: etag], [.ifUnmodifiedSince: date],
            [.ifModifiedSince: date],
        ] {
            #expect(await s3.delete("/bucket/k", condition).code == "NotImplemented")
            #expect(await s3.put("/bucket/k?tagging", "", condition).code == "NotImplemented")
        }
        let copy: HTTPFields = [.copySource: "bucket/k", .copySourceRange: "bytes=0-1"]
        #expect(await s3.put("/bucket/copy", "", copy).code == "NotImplemented")
        #expect(await s3.head("/bucket/copy").status == 404)
        #expect(await s3.get("/bucket/k").body == "hello")
        let declined = HTTPField.Name.other("x-amz-server-side-encryption-bucket-key-enabled")
        #expect(await s3.put("/bucket/k", "other", [declined: "false"]).status == 200)
    }

    @Test("a write that says nothing of its length is refused: its body may have been lost")
    func lengthless() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "hello")
        let begun = await s3.send(.post, "/bucket/k?uploads")
        let id = try #require(begun.element("UploadId"))
        for target in ["/bucket/k", "/bucket/k?uploadId=\(id)&partNumber=1"] {
            for payload in ["UNSIGNED-PAYLOAD", PayloadMode.streaming.rawValue] {
                let fields = s3.signer.sign(
                    "PUT", target, [.other("host"): "localhost:9000"], payload: payload
                ).fields
                let isStreamed = payload == PayloadMode.streaming.rawValue
                let put = await s3.sendRaw(
                    .put, target, fields, lengthBytes: isStreamed ? 5 : 0, saysLength: isStreamed)
                #expect(put.status == 411 && put.code == "MissingContentLength", "\(target)")
            }
        }
        #expect(await s3.get("/bucket/k").body == "hello")
    }

    @Test("metadata has a limit")
    func metadata() async throws {
        let s3 = try await TestServer.withBucket()
        let long = String(repeating: "x", count: 2048)
        #expect(await s3.put("/bucket/k", "", [.meta("a"): long]).code == "MetadataTooLarge")
        let most = String(long.dropLast())
        #expect(await s3.put("/bucket/k", "", [.meta("a"): most]).status == 200)
    }

    @Test("an unknown bucket refuses a body unread")
    func unknownBucket() async throws {
        let s3 = try await TestServer.withBucket()
        let put = await s3.put("/nothing/k", "hello")
        #expect(put.status == 404 && put.code == "NoSuchBucket" && put.bytesRead == 0)
        let part = await s3.put("/bucket/k?uploadId=x&partNumber=1", "hello")
        #expect(part.code == "NoSuchUpload" && part.bytesRead == 0)
    }

    @Test("an error names the request and what it was about, and never more than S3's code")
    func document() async throws {
        let s3 = try await TestServer.withBucket()
        let reply = await s3.get("/bucket/a%26b%3C")
        #expect(reply.fields[.contentType] == "application/xml")
        #expect(reply.element("Resource") == "/bucket/a%26b%3C")
        #expect(reply.element("RequestId") == "0123456789abcdef")
        #expect(reply.fields[.requestID] == "0123456789abcdef")
        #expect(reply.element("Key") == "a&b<")
    }
}
