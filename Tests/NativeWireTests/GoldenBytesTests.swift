import NIOCore
import NativeWire
import Storage
import Testing

/// Regions of different ages talk to each other: these bytes never change.
@Suite("The bytes of the wire")
struct GoldenBytesTests {
    static func hex(_ bytes: ByteBuffer) -> String { Hexadecimal.encode(bytes.readableBytesView) }

    @Test("a hello")
    func hello() {
        let document = HelloDocument(
            protocolVersions: 1...2, region: RegionID(0x0102_0304_0506_0708), name: "a",
            incarnation: 3, features: 4, clockMilliseconds: -1)
        #expect(Self.hex(document.encode()) == Self.helloHex)
    }

    @Test("what was seen of feeds: in a hello, in a request, in a range")
    func seen() throws {
        let (origin, place) = (RegionID(5), FeedPosition(incarnation: 6, number: 7))
        let hello = HelloDocument(
            protocolVersions: 1...1, region: RegionID(1), name: "a", incarnation: 3, features: 4,
            clockMilliseconds: 2, cursors: [origin: .start], seen: [origin: place])
        #expect(
            Self.hex(hello.encode()) == """
                740000001cbdcafd010102010002020100030801000000000000000401610508030000000000\
                00000608040000000000000007080200000000000000081e0108050000000000000002080000\
                00000000000003080000000000000000091e0108050000000000000002080600000000000000\
                030807000000000000000700000033281f14ff010401000000
                """)
        let request = FeedRequest(
            cursors: [origin: .start], seen: [origin: place], waitMilliseconds: 8)
        #expect(
            Self.hex(request.encode()) == """
                4700000063c164af02010408000000021e010805000000000000000208000000000000000003\
                080000000000000000031e010805000000000000000208060000000000000003080700000000\
                0000000700000033281f14ff010401000000
                """)
        let range = FeedRange(
            origin: origin, after: .start, through: .start, head: place, entries: [])
        #expect(
            Self.hex(FeedAnswer(ranges: [range]).encode()) == """
                53000000473e145d030108050000000000000002140108000000000000000002080000000000\
                0000000314010800000000000000000208000000000000000004040000000005140108060000\
                0000000000020807000000000000000700000033281f14ff010401000000
                """)
    }

    @Test("a feed answer: a put with everything, a tombstone, a purge")
    func feedAnswer() throws {
        let origin = RegionID(0xAABB)
        func entry(
            _ number: UInt64, _ kind: ObjectVersion.Kind, inline: ByteBuffer? = nil
        )
            -> FeedEntry
        {
            FeedEntry(
                object: ObjectVersion(
                    name: ObjectName(bucket: "registry", key: "k/1"),
                    version: Version(
                        stamp: HybridTimestamp(milliseconds: 1, counter: 2), region: origin),
                    position: FeedPosition(incarnation: 9, number: number), kind: kind,
                    state: .published), inlineBytes: inline)
        }
        let content = ObjectContent(
            blob: try #require(BlobID(bytes: Array(repeating: 0xEE, count: 32))), sizeBytes: 3,
            lastModifiedMilliseconds: 1000, etag: "e",
            headers: ContentHeaders(
                contentType: "t", contentEncoding: "g", contentLanguage: "l",
                contentDisposition: "d", cacheControl: "c", expires: "x"),
            checksum: ObjectChecksum(algorithm: .crc32c, kind: .fullObject, bytes: [1, 2, 3, 4]),
            partSizes: [1, 2], userMetadata: [MetadataField(name: "n", value: "v")],
            tags: [MetadataField(name: "m", value: "w")],
            writer: Writer(principal: "p", requestID: "r"))
        let purged = Version(stamp: HybridTimestamp(rawValue: 5), region: RegionID(6))
        let answer = FeedAnswer(ranges: [
            FeedRange(
                origin: origin, after: .start, through: FeedPosition(incarnation: 9, number: 4),
                entries: [
                    entry(1, .put(content), inline: ByteBuffer(string: "abc")),
                    entry(2, .tombstone), entry(3, .purge(purged)),
                ])
        ])
        #expect(Self.hex(answer.encode()) == Self.feedAnswerHex)
    }

    private static let feedAnswerHex = """
        3d00000011bee156030108bbaa00000000000002140108000000000000000002080000000000\
        00000003140108090000000000000002080400000000000000040403000000c9000000e4f5fb\
        da04010f0108726567697374727902036b2f310214010802000100000000000208bbaa000000\
        0000000314010809000000000000000208010000000000000004010105810120eeeeeeeeeeee\
        eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee020803000000000000000308\
        e80300000000000004016505017406016707016c0801640901630a01780b0c01010202010003\
        04010203040c10010000000000000002000000000000000d0601016e0201760e0601016d0201\
        770f01701001720803616263430000004bef412c04010f0108726567697374727902036b2f31\
        0214010802000100000000000208bbaa00000000000003140108090000000000000002080200\
        00000000000004010106005700000061c4b14404010f0108726567697374727902036b2f3102\
        14010802000100000000000208bbaa0000000000000314010809000000000000000208030000\
        0000000000040101071401080500000000000000020806000000000000000700000078b378b2\
        ff010404000000
        """

    private static let helloHex = """
        340000009678e0cc010102010002020200030808070605040302010401610508030000000000\
        0000060804000000000000000708ffffffffffffffff0700000033281f14ff010401000000
        """
}
