// What a key that is limited may do by S3, operation by operation.

import Access
import Checksums
import HTTPTypes
import S3API
import Storage
import Testing

/// The signer's key, limited.
private struct LimitedCredentials: CredentialSource {
    let secret: String
    let limits: KeyLimits

    func credential(for accessKey: String) async throws -> Credential? {
        Credential(
            accessKey: accessKey, secret: secret,
            principal: Principal(name: "ci", policy: .limited(limits)))
    }
}

@Suite("Limited keys")
struct LimitedKeyTests {
    /// The root's server and the limited key's, over one store with `bucket` and `other`.
    private static func servers(
        _ limits: KeyLimits
    ) async throws -> (root: TestServer, limited: TestServer) {
        let root = try await TestServer.withBucket()
        _ = await root.send(.put, "/other")
        for key in ["team/a", "team/b", "secret"] { _ = await root.put("/bucket/" + key, key) }
        _ = await root.put("/other/team/a", "x")
        let limited = TestServer(
            store: root.store,
            credentials: LimitedCredentials(secret: root.signer.secret, limits: limits))
        return (root, limited)
    }

    private static let team = KeyLimits(buckets: ["bucket"], prefixes: ["team/"])

    @Test("objects are read, written and deleted under the prefix, and nowhere else")
    func objects() async throws {
        let (_, s3) = try await Self.servers(Self.team)
        #expect(await s3.get("/bucket/team/a").body == "team/a")
        #expect(await s3.put("/bucket/team/c", "c").status == 200)
        #expect(await s3.delete("/bucket/team/c").status == 204)
        // Who may list what begins with it may know that it is not there.
        #expect(await s3.get("/bucket/team/c").code == "NoSuchKey")
        for target in ["/bucket/secret", "/bucket/team", "/other/team/a", "/none/team/a"] {
            #expect(await s3.get(target).code == "AccessDenied", "\(target)")
            #expect(await s3.put(target, "x").code == "AccessDenied", "\(target)")
            #expect(await s3.delete(target).code == "AccessDenied", "\(target)")
            #expect(await s3.send(.post, target + "?uploads").code == "AccessDenied", "\(target)")
            #expect(await s3.get(target + "?tagging").code == "AccessDenied", "\(target)")
        }
    }

    @Test("a list is of the prefix, or of something below it")
    func lists() async throws {
        let (_, s3) = try await Self.servers(Self.team)
        for list in ["?list-type=2", "?", "?uploads", "?versions"] {
            let mark = list == "?" ? "" : "&"
            #expect(await s3.get("/bucket" + list).code == "AccessDenied", "\(list)")
            for prefix in ["", "team", "t", "secret", "teams/"] {
                let target = "/bucket\(list)\(mark)prefix=\(prefix)"
                #expect(await s3.get(target).code == "AccessDenied", "\(target)")
            }
            for prefix in ["team/", "team/a"] where list != "?versions" {
                let target = "/bucket\(list)\(mark)prefix=\(prefix)"
                #expect(await s3.get(target).status == 200, "\(target)")
            }
        }
        let keys = await s3.get("/bucket?list-type=2&prefix=team/").elements("Key")
        #expect(keys == ["team/a", "team/b"])
    }

    @Test("buckets that are the key's are seen, others are not, and none is administered")
    func buckets() async throws {
        let (root, s3) = try await Self.servers(Self.team)
        #expect(await s3.get("/").elements("Name") == ["bucket"])
        #expect(await root.get("/").elements("Name") == ["bucket", "other"])
        #expect(await s3.head("/bucket").status == 200)
        #expect(await s3.head("/other").status == 403)
        #expect(await s3.get("/bucket?location").status == 200)
        #expect(await s3.get("/other?location").code == "AccessDenied")
        #expect(await s3.get("/bucket?policy").code == "AccessDenied")
        for target in ["/new", "/bucket", "/bucket?policy", "/bucket?cors", "/bucket?tagging"] {
            #expect(await s3.send(.put, target, "<x/>").code == "AccessDenied", "\(target)")
            #expect(await s3.delete(target).code == "AccessDenied", "\(target)")
        }
    }

    @Test("a copy needs its source to be readable, a part that is copied too")
    func copies() async throws {
        let (_, s3) = try await Self.servers(Self.team)
        let source = HTTPField.Name.other("x-amz-copy-source")
        #expect(await s3.put("/bucket/team/c", "", [source: "bucket/team/a"]).status == 200)
        for denied in ["bucket/secret", "other/team/a"] {
            let copy = await s3.put("/bucket/team/c", "", [source: denied])
            #expect(copy.code == "AccessDenied", "\(denied)")
        }
        let upload = await s3.send(.post, "/bucket/team/u?uploads")
        let id = try #require(upload.element("UploadId"))
        let target = "/bucket/team/u?partNumber=1&uploadId=\(id)"
        #expect(await s3.put(target, "", [source: "bucket/secret"]).code == "AccessDenied")
        #expect(await s3.put(target, "", [source: "bucket/team/a"]).status == 200)
    }

    @Test("many deletes are decided key by key")
    func deletes() async throws {
        let (root, s3) = try await Self.servers(Self.team)
        let body =
            "<Delete><Object><Key>team/a</Key></Object><Object><Key>secret</Key></Object></Delete>"
        let md5 = Base64.encode(MessageDigest.hash(.md5, Array(body.utf8)))
        let answer = await s3.send(.post, "/bucket?delete", body, [.contentMD5: md5])
        #expect(answer.status == 200)
        #expect(answer.element("Deleted")?.contains("team/a") == true)
        #expect(answer.element("Error")?.contains("AccessDenied") == true)
        #expect(await root.get("/bucket/secret").status == 200)
        #expect(await root.get("/bucket/team/a").status == 404)
    }

    @Test("without a right nothing of it is done, and what is not allowed leaves the body unread")
    func rights() async throws {
        let (root, reader) = try await Self.servers(
            KeyLimits(rights: [.read], buckets: ["bucket"]))
        #expect(await reader.get("/bucket/secret").status == 200)
        let put = await reader.put("/bucket/secret", "other")
        #expect(put.code == "AccessDenied" && put.bytesRead == 0)
        #expect(await reader.delete("/bucket/secret").code == "AccessDenied")
        #expect(await reader.get("/bucket?list-type=2").code == "AccessDenied")
        #expect(await reader.get("/bucket/none").code == "AccessDenied")
        #expect(await root.get("/bucket/secret").body == "secret")
        let (_, writer) = try await Self.servers(
            KeyLimits(rights: [.write], buckets: ["bucket"]))
        #expect(await writer.put("/bucket/secret", "other").status == 200)
        #expect(await writer.get("/bucket/secret").code == "AccessDenied")
        // Whose ETag it could find out by writing.
        for condition: HTTPFields in [[.ifMatch: "\"x\""], [.ifNoneMatch: "\"x\""]] {
            let put = await writer.put("/bucket/secret", "other", condition)
            #expect(put.code == "AccessDenied" && put.bytesRead == 0)
        }
        let (_, remover) = try await Self.servers(
            KeyLimits(rights: [.delete], buckets: ["bucket"]))
        #expect(await remover.delete("/bucket/secret", [.ifMatch: "\"x\""]).code == "AccessDenied")
        let guess = "<Delete><Object><Key>secret</Key><ETag>x</ETag></Object></Delete>"
        let guessed = await remover.send(
            .post, "/bucket?delete", guess,
            [.contentMD5: Base64.encode(MessageDigest.hash(.md5, Array(guess.utf8)))])
        #expect(guessed.elements("Code") == ["AccessDenied"])
        let first = await writer.put("/bucket/secret", "other", [.ifNoneMatch: "*"])
        #expect(first.code == "PreconditionFailed")
        let source = HTTPField.Name.other("x-amz-copy-source")
        let copy = await writer.put("/bucket/copy", "", [source: "bucket/team/a"])
        #expect(copy.code == "AccessDenied")
    }
}
