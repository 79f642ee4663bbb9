// Checksums of uploads in parts: composite, or over the whole object.

internal import Checksums
internal import HTTPTypes
internal import S3API
internal import Storage
import Testing

@Suite("Checksums of multipart uploads")
struct MultipartChecksumTests {
    private static let first = String(repeating: "p", count: 5 << 20)
    private static let second = "tail"

    private static func bytes(_ algorithm: ChecksumAlgorithm, of bytes: [UInt8]) -> [UInt8] {
        let hasher = ChecksumHasher(algorithm.kind)
        hasher.update(bytes)
        return hasher.finish()
    }

    private static func parts(_ algorithm: ChecksumAlgorithm) -> [[UInt8]] {
        [first, second].map { bytes(algorithm, of: Array($0.utf8)) }
    }

    /// The object's checksum as it must come out.
    private static func expected(
        _ algorithm: ChecksumAlgorithm, _ kind: ObjectChecksum.Kind
    ) -> String {
        switch kind {
        case .composite:
            Base64.encode(bytes(algorithm, of: parts(algorithm).flatMap(\.self))) + "-2"
        case .fullObject: Base64.encode(bytes(algorithm, of: Array((first + second).utf8)))
        }
    }

    private func complete(
        _ s3: TestServer, _ algorithm: ChecksumAlgorithm, _ kind: ObjectChecksum.Kind,
        _ fields: HTTPFields = [:], wrongPart: Bool = false
    ) async throws -> Reply {
        let begun = await s3.send(
            .post, "/bucket/k?uploads", "",
            [.checksumAlgorithm: algorithm.wireName, .checksumType: kind.wireName])
        #expect(begun.fields[.checksumAlgorithm] == algorithm.wireName)
        #expect(begun.fields[.checksumType] == kind.wireName)
        let id = try #require(begun.element("UploadId"))
        var items = ""
        for (index, text) in [Self.first, Self.second].enumerated() {
            let value = Base64.encode(Self.parts(algorithm)[index])
            let part = await s3.put(
                "/bucket/k?uploadId=\(id)&partNumber=\(index + 1)", text,
                index == 0 ? [algorithm.headerName: value] : [:])
            #expect(part.status == 200 && part.fields[algorithm.headerName] == value)
            let shown = wrongPart ? Base64.encode(Self.parts(algorithm)[1]) : value
            items +=
                "<Part><ETag>\(part.fields[.eTag] ?? "")</ETag>"
                + "<\(algorithm.elementName)>\(shown)</\(algorithm.elementName)>"
                + "<PartNumber>\(index + 1)</PartNumber></Part>"
        }
        let list = await s3.get("/bucket/k?uploadId=\(id)")
        #expect(list.elements(algorithm.elementName).count == 2)
        #expect(list.element("ChecksumType") == kind.wireName)
        return await s3.send(
            .post, "/bucket/k?uploadId=\(id)",
            "<CompleteMultipartUpload>\(items)</CompleteMultipartUpload>", fields)
    }

    static let offered: [(ChecksumAlgorithm, ObjectChecksum.Kind)] = [
        (.crc32, .composite), (.crc32, .fullObject), (.crc32c, .composite), (.crc32c, .fullObject),
        (.crc64nvme, .fullObject), (.sha1, .composite), (.sha256, .composite),
    ]

    @Test("an upload's checksum is made of its parts', kept and returned", arguments: offered)
    func checksums(_ algorithm: ChecksumAlgorithm, _ kind: ObjectChecksum.Kind) async throws {
        let s3 = try await TestServer.withBucket()
        let expected = Self.expected(algorithm, kind)
        let reply = try await complete(
            s3, algorithm, kind, [.checksumType: kind.wireName, algorithm.headerName: expected])
        #expect(reply.status == 200, "\(reply.body)")
        #expect(reply.element(algorithm.elementName) == expected)
        #expect(reply.element("ChecksumType") == kind.wireName)
        let head = await s3.head("/bucket/k", [.checksumMode: "ENABLED"])
        #expect(head.fields[algorithm.headerName] == expected)
        #expect(head.fields[.checksumType] == kind.wireName)
    }

    @Test("a checksum that is not the object's or the part's is refused")
    func wrong() async throws {
        let s3 = try await TestServer.withBucket()
        let other = Self.expected(.crc32, .composite)
        let whole = try await complete(s3, .crc32, .fullObject, [.checksumCRC32: "AAAAAA=="])
        #expect(whole.code == "BadDigest")
        let part = try await complete(s3, .crc32, .composite, wrongPart: true)
        #expect(part.code == "InvalidPart")
        let type = try await complete(s3, .crc32, .composite, [.checksumType: "FULL_OBJECT"])
        #expect(type.code == "BadDigest")
        let counted = try await complete(
            s3, .crc32, .fullObject, [.checksumCRC32: Self.expected(.crc32, .fullObject) + "-2"])
        #expect(counted.code == "BadDigest")
        let count = try await complete(
            s3, .crc32, .composite, [.checksumCRC32: other.dropLast(1) + "3"])
        #expect(count.code == "InvalidRequest")
        #expect(await s3.head("/bucket/k").status == 404)
    }

    @Test(
        "a checksum that no upload can have is refused at its beginning",
        arguments: [
            ("SHA256", "FULL_OBJECT"), ("SHA1", "FULL_OBJECT"), ("CRC64NVME", "COMPOSITE"),
            ("SHA512", "COMPOSITE"), ("MD5", ""), ("CRC32", "OTHER"),
        ])
    func refused(_ algorithm: String, _ kind: String) async throws {
        let s3 = try await TestServer.withBucket()
        var fields: HTTPFields = [.checksumAlgorithm: algorithm]
        if !kind.isEmpty { fields[.checksumType] = kind }
        let begun = await s3.send(.post, "/bucket/k?uploads", "", fields)
        #expect(begun.status == 400 && begun.code == "InvalidRequest")
    }

    @Test("a part with another checksum than the upload's is refused unread")
    func otherAlgorithm() async throws {
        let s3 = try await TestServer.withBucket()
        let begun = await s3.send(
            .post, "/bucket/k?uploads", "", [.checksumAlgorithm: "SHA256"])
        let id = try #require(begun.element("UploadId"))
        let part = await s3.put(
            "/bucket/k?uploadId=\(id)&partNumber=1", "x", [.checksumCRC32: "AAAAAA=="])
        #expect(part.code == "InvalidRequest" && part.bytesRead == 0)
    }
}
