// What a client promises of a body holds, or nothing is stored.

internal import Checksums
internal import HTTPTypes
internal import S3API
internal import Storage
import Testing

@Suite("Integrity")
struct IntegrityTests {
    private static func value(_ algorithm: ChecksumAlgorithm, of text: String) -> String {
        let hasher = ChecksumHasher(algorithm.kind)
        hasher.update(Array(text.utf8))
        return Base64.encode(hasher.finish())
    }

    @Test(
        "a checksum in a header is compared, kept and returned",
        arguments: ChecksumAlgorithm.allCases)
    func headerChecksums(_ algorithm: ChecksumAlgorithm) async throws {
        let s3 = try await TestServer.withBucket()
        let right = Self.value(algorithm, of: "hello")
        let put = await s3.put("/bucket/k", "hello", [algorithm.headerName: right])
        #expect(put.status == 200)
        #expect(put.fields[algorithm.headerName] == right)
        #expect(put.fields[.checksumType] == "FULL_OBJECT")
        let head = await s3.head("/bucket/k", [.checksumMode: "ENABLED"])
        #expect(head.fields[algorithm.headerName] == right)
        #expect(await s3.get("/bucket/k").fields[algorithm.headerName] == nil)
        let wrong = Self.value(algorithm, of: "other")
        let refused = await s3.put("/bucket/other", "hello", [algorithm.headerName: wrong])
        #expect(refused.status == 400 && refused.code == "BadDigest")
        #expect(await s3.get("/bucket/other").code == "NoSuchKey")
    }

    @Test(
        "a checksum may follow the body", arguments: ChecksumAlgorithm.allCases,
        PayloadMode.trailing)
    func trailerChecksums(_ algorithm: ChecksumAlgorithm, _ mode: PayloadMode) async throws {
        let s3 = try await TestServer.withBucket()
        let text = String(repeating: "0123456789", count: 20_000)
        let right = Self.value(algorithm, of: text)
        let trailer = (algorithm.headerName.canonicalName, right)
        let put = await s3.put("/bucket/k", text, mode: mode, trailer: trailer)
        #expect(put.status == 200, "\(put.body)")
        #expect(put.fields[algorithm.headerName] == right)
        let get = await s3.get("/bucket/k")
        #expect(get.body == text && get.fields[.contentEncoding] == nil)
        let wrong = (algorithm.headerName.canonicalName, Self.value(algorithm, of: "other"))
        let refused = await s3.put("/bucket/other", text, mode: mode, trailer: wrong)
        #expect(refused.code == "BadDigest")
        #expect(await s3.head("/bucket/other").status == 404)
    }

    @Test("every payload mode carries a body", arguments: PayloadMode.allCases)
    func payloadModes(_ mode: PayloadMode) async throws {
        let s3 = try await TestServer.withBucket()
        for size in [0, 1, 65_536, 200_001] {
            let text = String(repeating: "x", count: size)
            let put = await s3.put(
                "/bucket/\(size)", text, mode: mode,
                trailer: ("x-amz-checksum-crc32", Self.value(.crc32, of: text)))
            #expect(put.status == 200, "\(put.body)")
            #expect(await s3.get("/bucket/\(size)").body == text)
        }
    }

    @Test("a body that is not the one that was signed is refused")
    func signedPayload() async throws {
        let s3 = try await TestServer.withBucket()
        let put = await s3.put("/bucket/k", "hello", sent: "jello")
        #expect(put.status == 400 && put.code == "XAmzContentSHA256Mismatch")
        #expect(await s3.head("/bucket/k").status == 404)
    }

    @Test("a body that ends early is refused", arguments: PayloadMode.allCases)
    func truncated(_ mode: PayloadMode) async throws {
        let s3 = try await TestServer.withBucket()
        let text = String(repeating: "x", count: 100_000)
        let put = await s3.put(
            "/bucket/k", text, mode: mode, truncatedTo: 70_000,
            trailer: ("x-amz-checksum-crc32", Self.value(.crc32, of: text)))
        #expect(put.status == 400 && put.code == "IncompleteBody", "\(put.body)")
        #expect(await s3.head("/bucket/k").status == 404)
    }

    @Test("Content-MD5 is compared; one that is none is refused unread")
    func contentMD5() async throws {
        let s3 = try await TestServer.withBucket()
        let right = Base64.encode(MessageDigest.hash(.md5, Array("hello".utf8)))
        #expect(await s3.put("/bucket/k", "hello", [.contentMD5: right]).status == 200)
        let wrong = Base64.encode(MessageDigest.hash(.md5, Array("other".utf8)))
        #expect(await s3.put("/bucket/x", "hello", [.contentMD5: wrong]).code == "BadDigest")
        let none = await s3.put("/bucket/x", "hello", [.contentMD5: "hello"])
        #expect(none.code == "InvalidDigest" && none.bytesRead == 0)
        #expect(await s3.head("/bucket/x").status == 404)
    }

    @Test(
        "a checksum that is not offered, or not one, is refused unread",
        arguments: [
            ("x-amz-checksum-sha512", "AAAA"), ("x-amz-checksum-xxhash64", "AAAA"),
            ("x-amz-checksum-crc32", "AAAA"), ("x-amz-checksum-crc32", "%%"),
            ("x-amz-trailer", "x-amz-checksum-md5"), ("x-amz-trailer", "x-amz-meta-x"),
            ("x-amz-sdk-checksum-algorithm", "CRC32"), ("x-amz-sdk-checksum-algorithm", "MD5"),
        ])
    func unknownChecksums(_ name: String, _ value: String) async throws {
        let s3 = try await TestServer.withBucket()
        let put = await s3.put("/bucket/k", "hello", [.other(name): value])
        #expect(put.status == 400 && put.code == "InvalidRequest")
        #expect(put.bytesRead == 0)
        let two: HTTPFields = [
            .checksumCRC32: Self.value(.crc32, of: "hello"),
            .checksumSHA1: Self.value(.sha1, of: "hello"),
        ]
        #expect(await s3.put("/bucket/k", "hello", two).code == "InvalidRequest")
    }

    @Test("a key that names a digest takes only its bytes")
    func digestKeys() async throws {
        let s3 = try await TestServer.withBucket()
        for algorithm in [HashAlgorithm.sha256, .sha512] {
            let hex = Hexadecimal.encode(MessageDigest.hash(algorithm, Array("layer".utf8)))
            let key = "/bucket/docker/registry/v2/blobs/\(algorithm)/\(hex.prefix(2))/\(hex)/data"
            let wrong = await s3.put(key, "player")
            #expect(wrong.status == 400 && wrong.code == "BadDigest")
            #expect(await s3.head(key).status == 404)
            #expect(await s3.put(key, "layer").status == 200)
            _ = await s3.put("/bucket/wrong", "player")
            let copy = await s3.put(key, "", [.copySource: "bucket/wrong"])
            #expect(copy.code == "BadDigest")
            _ = await s3.put("/bucket/right", "layer")
            #expect(await s3.put(key, "", [.copySource: "bucket/right"]).status == 200)
        }
    }

    @Test("a body needs a length, and has a limit")
    func lengths() async throws {
        let s3 = try await TestServer.withBucket { $0.bodyBytes = 10 }
        let missing = await s3.put("/bucket/k", "hello", announcesLength: false)
        #expect(missing.status == 411 && missing.code == "MissingContentLength")
        let large = await s3.put("/bucket/k", "01234567890")
        #expect(large.code == "EntityTooLarge" && large.bytesRead == 0)
    }
}
