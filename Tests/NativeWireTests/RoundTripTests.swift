import NIOCore
import NativeWire
import Storage
import Testing

@Suite("Documents of the wire come back as they went")
struct RoundTripTests {
    @Test("every document of every kind", arguments: 0..<100)
    func roundTrip(seed: Int) throws {
        for document in try AnyDocument.random(seed: UInt64(seed)) {
            #expect(try document.isEqual(document.bytes), "\(document.kind), seed \(seed)")
        }
    }

    @Test("a put keeps each of its fields")
    func everyFieldOfAPut() throws {
        let blob = try #require(BlobID(bytes: (0..<32).map { UInt8($0) }))
        let content = ObjectContent(
            blob: blob, sizeBytes: WireLimits.blobBytes,
            lastModifiedMilliseconds: WireLimits.dateMilliseconds.lowerBound, etag: "e",
            headers: ContentHeaders(
                contentType: "t", contentEncoding: "", contentLanguage: "l",
                contentDisposition: "d", cacheControl: "c", expires: "x"),
            checksum: ObjectChecksum(algorithm: .crc64nvme, kind: .composite, bytes: [1, 2]),
            partSizes: [0, 1, WireLimits.blobBytes - 1],
            userMetadata: [MetadataField(name: "", value: "")],
            tags: [MetadataField(name: "n", value: "v"), MetadataField(name: "n", value: "v")],
            writer: Writer(principal: "p", requestID: "r"))
        let region = RegionID(7)
        let entry = FeedEntry(
            object: ObjectVersion(
                name: ObjectName(bucket: "registry", key: "k"),
                version: Version(stamp: HybridTimestamp(rawValue: 9), region: region),
                position: FeedPosition(incarnation: 1, number: 2), kind: .put(content),
                state: .pending),
            inlineBytes: ByteBuffer())
        let answer = KeysAnswer(entries: [entry])
        let back = try KeysAnswer(decoding: answer.encode())
        #expect(back == answer)
        #expect(back.entries[0].object.content == content)
        #expect(back.entries[0].inlineBytes != nil, "no bytes are not the same as none")
    }

    @Test("headers that are not set stay apart from empty ones")
    func unsetHeaders() throws {
        let blob = try #require(BlobID(bytes: (0..<32).map { _ in UInt8(0) }))
        let name = ObjectName(bucket: "registry", key: "k")
        let version = Version(stamp: HybridTimestamp(rawValue: 1), region: RegionID(1))
        for headers in [ContentHeaders(), ContentHeaders(contentType: "", expires: "")] {
            let content = ObjectContent(
                blob: blob, sizeBytes: 0, lastModifiedMilliseconds: 0, etag: "", headers: headers)
            let entry = FeedEntry(
                object: ObjectVersion(
                    name: name, version: version, position: nil, kind: .put(content),
                    state: .published))
            let back = try KeysAnswer(decoding: KeysAnswer(entries: [entry]).encode())
            #expect(back.entries[0].object.content?.headers == headers)
        }
    }

    @Test("an answer is cut at an entry, and its range ends there")
    func trimming() throws {
        var random = RandomValues(seed: 1)
        let origin = RegionID(3)
        let entries = try (1...400).map { number in
            var entry = try random.entry()
            entry.object.version = Version(stamp: entry.object.version.stamp, region: origin)
            entry.object.position = FeedPosition(incarnation: 5, number: UInt64(number))
            entry.object.versionID = .null
            entry.inlineBytes = ByteBuffer(repeating: 7, count: WireLimits.inlineBytesSent)
            return entry
        }
        let range = FeedRange(
            origin: origin, after: .start,
            through: FeedPosition(incarnation: 5, number: 500),
            head: FeedPosition(incarnation: 6, number: 900), entries: entries)
        let trimmed = range.trimmedToAnswer()
        #expect(trimmed.head == range.head)
        #expect(trimmed.entries.count < entries.count)
        #expect(trimmed.entries == Array(entries.prefix(trimmed.entries.count)))
        #expect(trimmed.through == trimmed.entries.last?.object.position)
        let bytes = FeedAnswer(ranges: [trimmed]).encode().readableBytes
        #expect(bytes > WireLimits.answerTargetBytes / 2 && bytes < WireLimits.answerBytes)
        #expect(
            try FeedAnswer(decoding: FeedAnswer(ranges: [trimmed]).encode()).ranges == [trimmed])
        let small = FeedRange(
            origin: origin, after: .start, through: range.through, entries: [entries[0]])
        #expect(small.trimmedToAnswer() == small, "what fits keeps its end")
    }
}
