// Lists of objects, both versions, page by page.

internal import HTTPTypes
internal import S3API
internal import Storage
import Testing

@Suite("Lists")
struct ListTests {
    private static let keys = ["a", "b/1", "b/2", "c/d/e", "c0", "ü x"]

    private func server() async throws -> TestServer {
        let s3 = try await TestServer.withBucket()
        for key in Self.keys {
            _ = await s3.put("/bucket/" + PercentCoding.encode(Array(key.utf8)), key)
        }
        return s3
    }

    @Test("version 2 shows objects, then common prefixes, in order of bytes")
    func version2() async throws {
        let s3 = try await server()
        let all = await s3.get("/bucket?list-type=2")
        #expect(all.elements("Key") == Self.keys)
        #expect(all.element("KeyCount") == "6" && all.element("IsTruncated") == "false")
        #expect(all.element("MaxKeys") == "1000" && all.element("Prefix") == "")
        #expect(all.elements("LastModified").allSatisfy { $0 == "2024-05-24T00:00:00.000Z" })
        #expect(all.elements("Owner").isEmpty)
        let rolled = await s3.get("/bucket?list-type=2&delimiter=%2F&fetch-owner=true")
        #expect(rolled.elements("Key") == ["a", "c0", "ü x"])
        #expect(rolled.prefixes == ["b/", "c/"])
        #expect(rolled.element("KeyCount") == "5" && rolled.elements("Owner").count == 3)
        let within = await s3.get("/bucket?list-type=2&prefix=c/&delimiter=/")
        #expect(within.elements("Key").isEmpty && within.prefixes == ["c/d/"])
    }

    @Test("version 2 goes on by token, and begins behind start-after, which may be empty")
    func tokens() async throws {
        let s3 = try await server()
        var seen: [String] = []
        var token = ""
        repeat {
            let suffix = token.isEmpty ? "&start-after=" : "&continuation-token=" + token
            let page = await s3.get("/bucket?list-type=2&max-keys=1&delimiter=/" + suffix)
            #expect(page.status == 200 && page.element("KeyCount") == "1")
            seen += page.elements("Key") + page.prefixes
            token = page.element("NextContinuationToken") ?? ""
            #expect((page.element("IsTruncated") == "true") == !token.isEmpty)
        } while !token.isEmpty
        #expect(seen == ["a", "b/", "c/", "c0", "ü x"])
        let behind = await s3.get("/bucket?list-type=2&start-after=b/2")
        #expect(behind.elements("Key") == ["c/d/e", "c0", "ü x"])
        #expect(behind.element("StartAfter") == "b/2")
        for token in ["x", "", "AAAA"] {
            let refused = await s3.get("/bucket?list-type=2&continuation-token=" + token)
            #expect(refused.code == "InvalidArgument")
        }
    }

    @Test("version 1 goes on by marker, and names the next one with a delimiter")
    func version1() async throws {
        let s3 = try await server()
        let all = await s3.get("/bucket")
        #expect(all.elements("Key") == Self.keys && all.elements("Owner").count == 6)
        #expect(all.element("Marker") == "" && all.element("NextMarker") == nil)
        let plain = await s3.get("/bucket?max-keys=2")
        #expect(plain.element("IsTruncated") == "true" && plain.element("NextMarker") == nil)
        var seen: [String] = []
        var marker: String?
        repeat {
            let suffix = marker.map { "&marker=" + PercentCoding.encode(Array($0.utf8)) } ?? ""
            let page = await s3.get("/bucket?max-keys=2&delimiter=/" + suffix)
            #expect(page.element("Marker") == marker ?? "")
            seen += (page.elements("Key") + page.prefixes).sorted()
            marker = page.element("NextMarker")
        } while marker != nil
        #expect(seen == ["a", "b/", "c/", "c0", "ü x"])
    }

    /// An object as another region's collection leaves it.
    private static func putInQuarantine(_ s3: TestServer) async throws -> ObjectName {
        _ = await s3.put("/bucket/a/data", "bytes")
        let name = ObjectName(bucket: "bucket", key: "a/data")
        var content = try #require(try await s3.store.object(name)?.content)
        content.quarantinedMilliseconds = 1
        let version = Version(
            stamp: HybridTimestamp(milliseconds: 1 << 45), region: RegionID(2))
        let foreign = ObjectVersion(
            name: name, version: version, position: FeedPosition(incarnation: 1, number: 1),
            kind: .put(content), state: .published)
        try await s3.store.merge([FeedEntry(object: foreign, inlineBytes: nil)])
        try await s3.store.publish([VersionReference(name: name, version: version)])
        return name
    }

    @Test(
        "a list of exactly one key looks it up: it takes it out of quarantine; other lists do not")
    func quarantined() async throws {
        let s3 = try await TestServer.withBucket()
        let name = try await Self.putInQuarantine(s3)
        func isQuarantined() async throws -> Bool {
            let visible = try await s3.store.registers(of: [name])[0].visible
            return visible?.content?.quarantinedMilliseconds != nil
        }
        for query in ["", "?prefix=a/", "?prefix=a/dat&max-keys=1", "?prefix=a/data&max-keys=0"] {
            _ = await s3.get("/bucket" + query)
            #expect(try await isQuarantined(), "\(query)")
        }
        let stat = await s3.get("/bucket?prefix=a/data&max-keys=1")
        #expect(stat.elements("Key") == ["a/data"])
        #expect(try await !isQuarantined())
    }

    /// A store where what is in quarantine has lost a part, and so is not there for who looks it up.
    private struct PartlyRemoved: ObjectStore {
        let store: MemoryStore

        func object(_ name: ObjectName) async throws -> ObjectVersion? {
            let visible = try await store.registers(of: [name])[0].visible
            return visible?.content?.quarantinedMilliseconds == nil ? visible : nil
        }

        func list(_ request: ListRequest) async throws -> ListPage {
            try await store.list(request)
        }

        func commit(
            _ mutations: [ObjectMutation]
        ) async -> [Result<ObjectVersion?, StorageError>] {
            await store.commit(mutations)
        }
    }

    @Test("a list of exactly one key does not show it where a look-up does not find it")
    func partlyRemoved() async throws {
        let s3 = try await TestServer.withBucket()
        _ = try await Self.putInQuarantine(s3)
        _ = await s3.put("/bucket/a/data2", "bytes")
        let server = TestServer(store: s3.store, objects: PartlyRemoved(store: s3.store))
        #expect(await server.head("/bucket/a/data").status == 404)
        let stat = await server.get("/bucket?prefix=a/data&max-keys=1")
        #expect(stat.elements("Key") == ["a/data2"])
    }

    @Test("a limit of 0 is an empty list, one above 1000 is 1000, a bad one is refused")
    func limits() async throws {
        let s3 = try await server()
        for version in ["", "&list-type=2"] {
            let none = await s3.get("/bucket?max-keys=0" + version)
            #expect(none.status == 200 && none.elements("Key").isEmpty)
            #expect(none.element("IsTruncated") == "false" && none.element("MaxKeys") == "0")
            let many = await s3.get("/bucket?max-keys=2000" + version)
            #expect(many.element("MaxKeys") == "1000" && many.elements("Key").count == 6)
            for text in ["-1", "x", "99999999999"] {
                #expect(
                    await s3.get("/bucket?max-keys=\(text)" + version).code == "InvalidArgument")
            }
        }
    }

    @Test("keys are encoded where that is asked for")
    func encoding() async throws {
        let s3 = try await server()
        _ = await s3.put("/bucket/%01%20%2B&", "x")
        let list = await s3.get("/bucket?list-type=2&encoding-type=url&max-keys=1&start-after=%00")
        #expect(list.elements("Key") == ["%01%20%2B%26"])
        #expect(list.element("EncodingType") == "url" && list.element("StartAfter") == "%00")
        let raw = await s3.get("/bucket?max-keys=1&prefix=%01")
        #expect(raw.body.contains("<Key>&#1; +&amp;</Key>"))
        #expect(await s3.get("/bucket?encoding-type=xml").code == "InvalidArgument")
    }

    @Test("an unversioned bucket shows each object as its null version")
    func versions() async throws {
        let s3 = try await server()
        let page = await s3.get("/bucket?versions&max-keys=2&delimiter=/")
        #expect(page.elements("Key") == ["a"] && page.elements("VersionId") == ["null"])
        #expect(page.elements("IsLatest") == ["true"] && page.prefixes == ["b/"])
        #expect(page.element("NextKeyMarker") == "b/")
        let rest = await s3.get("/bucket?versions&delimiter=/&key-marker=b/")
        #expect(rest.elements("Key") == ["c0", "ü x"] && rest.prefixes == ["c/"])
        #expect(await s3.get("/bucket?versions&version-id-marker=x").code == "InvalidArgument")
    }

    @Test(
        "a bucket that is not there has no list",
        arguments: ["", "list-type=2", "versions", "uploads"])
    func noBucket(_ query: String) async throws {
        let s3 = try await TestServer.withBucket()
        let list = await s3.get("/nothing?" + query)
        #expect(list.status == 404 && list.code == "NoSuchBucket")
    }
}
