// Buckets that everyone may read: the policy is put, shown, in force at once, and taken away.

internal import HTTPTypes
internal import NIOCore
internal import S3API
internal import Storage
import Testing

@Suite("Bucket policies")
struct BucketPolicyTests {
    private static let policy = #"""
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*",
        "Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/public/*"}]}
        """#

    private func anonymous(
        _ s3: TestServer, _ method: HTTPRequest.Method, _ target: String
    ) async -> Reply {
        await s3.sendRaw(method, target, [.other("host"): "localhost:9000"])
    }

    @Test("everyone may read what the policy names, from when it is put until it is taken away")
    func life() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/public/k", "hello")
        _ = await s3.put("/bucket/private", "secret")
        #expect(await anonymous(s3, .get, "/bucket/public/k").code == "AccessDenied")
        #expect(await s3.get("/bucket?policy").code == "NoSuchBucketPolicy")

        #expect(await s3.put("/bucket?policy", Self.policy).status == 204)
        let get = await anonymous(s3, .get, "/bucket/public/k")
        #expect(get.status == 200 && get.body == "hello")
        #expect(await anonymous(s3, .head, "/bucket/public/k").status == 200)
        #expect(await s3.get("/bucket?policy").body == Self.policy)
        #expect(await s3.get("/bucket?policyStatus").element("IsPublic") == "true")

        let narrower = Self.policy.replacing("public/*", with: "other/*")
        #expect(await s3.put("/bucket?policy", narrower).status == 204)
        #expect(await anonymous(s3, .get, "/bucket/public/k").code == "AccessDenied")
        #expect(await s3.delete("/bucket?policy").status == 204)
        #expect(await s3.get("/bucket?policy").code == "NoSuchBucketPolicy")
    }

    @Test(
        "everyone may do nothing else",
        arguments: [
            (HTTPRequest.Method.get, "/bucket/private"), (.get, "/bucket"), (.get, "/"),
            (.get, "/bucket/public/k?acl"), (.get, "/bucket/public/k?tagging"),
            (.get, "/bucket?policy"), (.put, "/bucket/public/k"), (.delete, "/bucket/public/k"),
            (.post, "/bucket/public/k?uploads"), (.put, "/bucket?policy"), (.put, "/other"),
            (.get, "/-system/shared/policy/bucket"), (.delete, "/bucket"),
            (.post, "/bucket?delete"),
        ])
    func limits(method: HTTPRequest.Method, target: String) async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/public/k", "hello")
        _ = await s3.put("/bucket?policy", Self.policy)
        let reply = await anonymous(s3, method, target)
        #expect(reply.status == 403 && reply.code == "AccessDenied", "\(reply)")
        #expect(await s3.get("/bucket/public/k").body == "hello")
    }

    @Test("who signs nothing does not learn what there is, nor choose how it is shown")
    func missing() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/public/k", "hello")
        _ = await s3.put("/bucket?policy", Self.policy)
        #expect(await anonymous(s3, .get, "/bucket/public/none").code == "AccessDenied")
        let shown = await anonymous(
            s3, .get, "/bucket/public/k?response-content-type=text/html")
        #expect(shown.status == 400 && shown.code == "InvalidRequest")
    }

    @Test("a policy that is none, or that would not be enforced, is not taken")
    func refusals() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?policy", "{").code == "MalformedPolicy")
        let deny = Self.policy.replacing("Allow", with: "Deny")
        #expect(await s3.put("/bucket?policy", deny).code == "NotImplemented")
        #expect(await s3.put("/none?policy", Self.policy).code == "NoSuchBucket")
        #expect(await s3.delete("/none?policy").code == "NoSuchBucket")
        #expect(await s3.get("/bucket?policy").code == "NoSuchBucketPolicy")
    }

    @Test(
        "a bucket that is made anew is not public, even where its policy was left behind",
        arguments: [false, true])
    func renewed(leavesPolicy: Bool) async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket?policy", Self.policy)
        #expect(await s3.delete("/bucket").status == 204)
        if leavesPolicy { try await write(Self.policy, s3) }
        #expect(await s3.put("/bucket", "").status == 200)
        _ = await s3.put("/bucket/public/k", "hello")
        #expect(await anonymous(s3, .get, "/bucket/public/k").code == "AccessDenied")
    }

    @Test("a policy of another region that is not known here allows nothing, and is no failure")
    func unknown() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/public/k", "hello")
        try await write(Self.policy.replacing("GetObject", with: "ListBucket"), s3)
        #expect(await anonymous(s3, .get, "/bucket/public/k").code == "AccessDenied")
    }

    /// As it comes from another region, or stays when a delete is cut off.
    private func write(_ policy: String, _ s3: TestServer) async throws {
        try await Settings(objects: s3.store, blobs: s3.store).write(
            ByteBuffer(string: policy), to: "shared/policy/bucket")
    }
}
