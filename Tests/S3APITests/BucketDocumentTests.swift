// Settings of buckets that are documents: put, shown, heeded, and taken away.

import HTTPTypes
import S3API
import Storage
import Testing

@Suite("Documents of buckets")
struct BucketDocumentTests {
    private static let tagging = """
        <Tagging><TagSet><Tag><Key>team</Key><Value>a b ü+/@</Value></Tag>\
        <Tag><Key>stage</Key><Value></Value></Tag></TagSet></Tagging>
        """

    @Test("a bucket's tags are put, shown, replaced and taken away")
    func tags() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?tagging", Self.tagging).status == 204)
        let shown = await s3.get("/bucket?tagging")
        #expect(shown.elements("Key") == ["team", "stage"])
        #expect(shown.elements("Value") == ["a b ü+/@", ""])
        let other = Self.tagging.replacing("team", with: "cost")
        #expect(await s3.put("/bucket?tagging", other).status == 204)
        #expect(await s3.get("/bucket?tagging").elements("Key") == ["cost", "stage"])
        #expect(await s3.delete("/bucket?tagging").status == 204)
        #expect(await s3.get("/bucket?tagging").code == "NoSuchTagSet")
        #expect(await s3.put("/none?tagging", Self.tagging).code == "NoSuchBucket")
        #expect(await s3.delete("/none?tagging").code == "NoSuchBucket")
    }

    @Test(
        "tags that are none are not taken",
        arguments: [
            (
                "<Tagging><TagSet><Tag><Key>a</Key><Value>1&amp;2</Value></Tag></TagSet></Tagging>",
                "InvalidTag"
            ),
            (
                "<Tagging><TagSet><Tag><Key>AWS:a</Key><Value>1</Value></Tag></TagSet></Tagging>",
                "InvalidTag"
            ),
            ("<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", "MalformedXML"),
            ("<Tagging><Tags/></Tagging>", "MalformedXML"), ("<Tagging/>", "MalformedXML"),
            (
                "<Tagging><TagSet><Tag><Key></Key><Value>1</Value></Tag></TagSet></Tagging>",
                "InvalidTag"
            ),
            (
                "<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag>"
                    + "<Tag><Key>a</Key><Value>2</Value></Tag></TagSet></Tagging>", "InvalidTag"
            ),
            (
                "<Tagging><TagSet>"
                    + (0...50).map { "<Tag><Key>\($0)</Key><Value/></Tag>" }.joined()
                    + "</TagSet></Tagging>", "InvalidTag"
            ),
        ])
    func noTags(_ document: String, _ code: String) async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?tagging", document).code == code)
        #expect(await s3.put("/bucket/k", "x").status == 200)
        #expect(await s3.put("/bucket/k?tagging", document).code == code)
        #expect(await s3.get("/bucket?tagging").code == "NoSuchTagSet")
    }

    @Test("the tags of an object change without its bytes, its ETag and its time")
    func objectTags() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "x", [.tagging: "old=1", .contentType: "text/plain"])
        let before = await s3.head("/bucket/k")
        #expect(await s3.put("/bucket/k?tagging", Self.tagging).status == 200)
        #expect(await s3.get("/bucket/k?tagging").elements("Key") == ["team", "stage"])
        let after = await s3.head("/bucket/k")
        #expect(after.fields[.taggingCount] == "2")
        for name in [HTTPField.Name.eTag, .lastModified, .contentType] {
            #expect(after.fields[name] == before.fields[name])
        }
        #expect(await s3.delete("/bucket/k?tagging").status == 204)
        #expect(await s3.get("/bucket/k?tagging").elements("Key").isEmpty)
        #expect(await s3.get("/bucket/k").body == "x")
        #expect(await s3.put("/bucket/none?tagging", Self.tagging).code == "NoSuchKey")
        #expect(await s3.delete("/bucket/none?tagging").code == "NoSuchKey")
    }

    @Test("a document that could not be read back is not taken")
    func tooLarge() async throws {
        let s3 = try await TestServer.withBucket()
        let rule =
            "<Rule><Prefix>a</Prefix><Status>Enabled</Status><Expiration><Days>1</Days>"
            + "</Expiration></Rule>"
        let document =
            "<LifecycleConfiguration>" + String(repeating: rule, count: 690)
            + "</LifecycleConfiguration>"
        #expect(await s3.put("/bucket?lifecycle", document).status == 400)
        #expect(await s3.get("/bucket?lifecycle").code == "NoSuchLifecycleConfiguration")
    }

    @Test("tags are not put over an object that was written meanwhile")
    func overtaken() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "first")
        let name = ObjectName(bucket: "bucket", key: "k")
        let version = try #require(try await s3.store.object(name))
        _ = await s3.put("/bucket/k", "second")
        let content = try #require(version.content)
        let late = await s3.store.commit([
            .link(name, content, Preconditions(version: version.version))
        ])
        #expect(throws: StorageError.self) { try late[0].get() }
        #expect(await s3.get("/bucket/k").body == "second")
    }

    @Test("a block of public access refuses policies, and restricts those that are there")
    func publicAccess() async throws {
        let policy = #"""
            {"Statement":{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",
            "Resource":"arn:aws:s3:::bucket/*"}}
            """#
        func block(_ name: String) -> String {
            "<PublicAccessBlockConfiguration><\(name)>true</\(name)>"
                + "</PublicAccessBlockConfiguration>"
        }
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "x")
        let anonymous = {
            await s3.sendRaw(.get, "/bucket/k", [.other("host"): "localhost:9000"]).status
        }
        #expect(await s3.put("/bucket?policy", policy).status == 204)
        #expect(await s3.put("/bucket?publicAccessBlock", block("BlockPublicPolicy")).status == 200)
        #expect(await s3.put("/bucket?policy", policy).code == "AccessDenied")
        #expect(await anonymous() == 200)
        let restricted = block("RestrictPublicBuckets")
        #expect(await s3.put("/bucket?publicAccessBlock", restricted).status == 200)
        #expect(await anonymous() == 403)
        let shown = await s3.get("/bucket?publicAccessBlock")
        #expect(shown.element("RestrictPublicBuckets") == "true")
        #expect(shown.element("BlockPublicPolicy") == "false")
        #expect(await s3.delete("/bucket?publicAccessBlock").status == 204)
        #expect(await anonymous() == 200)
        let bad = restricted.replacing("true", with: "maybe")
        #expect(await s3.put("/bucket?publicAccessBlock", bad).code == "MalformedXML")
    }

    @Test("a bucket that is made anew has nothing that was said of its predecessor")
    func renewed() async throws {
        let s3 = try await TestServer.withBucket()
        #expect(await s3.put("/bucket?tagging", Self.tagging).status == 204)
        #expect(await s3.delete("/bucket").status == 204)
        #expect(await s3.send(.put, "/bucket").status == 200)
        #expect(await s3.get("/bucket?tagging").code == "NoSuchTagSet")
    }

    @Test("what is asked for of an object's attributes is answered, and no more")
    func attributes() async throws {
        let s3 = try await TestServer.withBucket()
        _ = await s3.put("/bucket/k", "hello", [.checksumCRC32: "NhCmhg=="])
        let some = await s3.get(
            "/bucket/k?attributes", [.objectAttributes: "ETag, Checksum,ObjectSize"])
        #expect(some.element("ETag") == "5d41402abc4b2a76b9719d911017c592")
        #expect(some.element("ChecksumCRC32") == "NhCmhg==")
        #expect(some.element("ChecksumType") == "FULL_OBJECT")
        #expect(some.element("ObjectSize") == "5" && some.element("StorageClass") == nil)
        #expect(some.fields[.lastModified] != nil)
        let parts = await s3.get(
            "/bucket/k?attributes", [.objectAttributes: "ObjectParts,StorageClass"])
        #expect(parts.element("ObjectParts") == nil)
        #expect(parts.element("StorageClass") == "STANDARD")
        #expect(await s3.get("/bucket/k?attributes").code == "InvalidRequest")
        let unknown = await s3.get("/bucket/k?attributes", [.objectAttributes: "Owner"])
        #expect(unknown.code == "InvalidArgument")
        let none = await s3.get("/bucket/none?attributes", [.objectAttributes: "ETag"])
        #expect(none.code == "NoSuchKey")
    }
}
