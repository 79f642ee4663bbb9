import Storage
import Testing

@Suite("Digests, names and stamps")
struct VocabularyTests {
    @Test("a digest is lower-case hex of its algorithm's length, and nothing else")
    func digests() throws {
        let hex = String(repeating: "0f", count: 32)
        let digest = try #require(ContentDigest("sha256:\(hex)"))
        #expect(digest.description == "sha256:\(hex)")
        #expect(digest.blob?.hex == hex)
        #expect(digest.blob.map(ContentDigest.init) == digest)
        let wrong = [
            "sha256:\(hex.uppercased())", "sha256:\(hex)0f", "sha256:\(hex.dropLast())", hex,
            "md5:\(hex)", "sha256:", "", "sha512:\(hex)", "sha256:\(hex):",
        ]
        for text in wrong { #expect(ContentDigest(text) == nil, "\(text)") }
        #expect(ContentDigest("sha512:\(hex)\(hex)")?.blob == nil)
    }

    @Test("blobs are ordered by the bytes of their digest")
    func order() throws {
        let low = try #require(BlobID(bytes: [0, 255] + [UInt8](repeating: 0, count: 30)))
        let high = try #require(BlobID(bytes: [1] + [UInt8](repeating: 0, count: 31)))
        #expect(low < high)
        #expect(BlobID(bytes: low.bytes) == low)
        #expect(BlobID(bytes: [1, 2]) == nil)
    }

    @Test(
        "bucket names follow the rules of S3",
        arguments: [
            ("abc", true), ("a.b-c", true), ("ab", false), ("-ab", false), ("ab-", false),
            ("a..b", false), ("aBc", false), ("a_b", false),
            (String(repeating: "a", count: 63), true),
            (String(repeating: "a", count: 64), false), ("-system", false), ("", false),
        ])
    func buckets(name: String, isValid: Bool) { #expect(BucketName.isValid(name) == isValid) }

    @Test("keys are ordered and compared by bytes")
    func keys() {
        #expect(ObjectKey("Z") < "a")
        #expect(ObjectKey("a") < "a/")
        #expect(ObjectKey("\u{E9}") != "e\u{301}")
        #expect(ObjectKey("a/b").commonPrefix(behind: "a", delimiter: [47]) == "a/")
        #expect(ObjectKey("ab").commonPrefix(behind: "a", delimiter: [47]) == nil)
    }

    @Test(
        "a key is rolled up to the end of the first whole delimiter behind the prefix",
        arguments: [
            ("aaab", "", "aab", "aaab"), ("a/b//c//d", "", "//", "a/b//"), ("a/b", "a/", "/", nil),
            ("ab/", "", "//", nil), ("a//b", "a/", "//", nil), ("a", "a/b", "/", nil),
            ("a///b", "a", "//", "a//"), ("x", "", "", nil),
        ] as [(ObjectKey, ObjectKey, String, ObjectKey?)])
    func commonPrefix(
        key: ObjectKey, prefix: ObjectKey, delimiter: String, expected: ObjectKey?
    ) {
        #expect(key.commonPrefix(behind: prefix, delimiter: Array(delimiter.utf8)) == expected)
    }

    @Test("the clock never repeats, never runs behind the wall, the floor or what it has seen")
    func clock() {
        var clock = HybridClock()
        let first = clock.next(wallMilliseconds: 1000)
        #expect(first == HybridTimestamp(milliseconds: 1000))
        #expect(clock.next(wallMilliseconds: 1000) == first.successor)
        #expect(clock.next(wallMilliseconds: 900) == first.successor.successor)
        clock.observe(HybridTimestamp(milliseconds: 5000, counter: 65_535))
        #expect(clock.next(wallMilliseconds: 1001) == HybridTimestamp(milliseconds: 5001))
        let floor = HybridTimestamp(milliseconds: 9000)
        #expect(clock.next(wallMilliseconds: 1002, above: floor) == floor.successor)
        #expect(clock.next(wallMilliseconds: 9999).milliseconds == 9999)
    }

    @Test("versions sort as text as they do as values")
    func versions() throws {
        let region = try #require(RegionID("00000000000000ff"))
        #expect(region.value == 255)
        #expect(RegionID("0") == nil)
        let low = Version(stamp: HybridTimestamp(rawValue: 9), region: RegionID(200))
        let high = Version(stamp: HybridTimestamp(rawValue: 10), region: RegionID(1))
        #expect(low < high)
        #expect(low.description < high.description)
        #expect(low < Version(stamp: low.stamp, region: RegionID(201)))
    }
}
