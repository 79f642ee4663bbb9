import Checksums
import NIOCore
import NativeWire
import Storage
import Testing

@Suite("Documents that the grammar does not allow")
struct StrictDecodingTests {
    @Test("a document that was cut anywhere is refused", arguments: 0..<2)
    func truncation(seed: Int) throws {
        for document in try AnyDocument.random(seed: UInt64(seed)) {
            for length in 0..<document.bytes.readableBytes {
                let cut = try #require(document.bytes.getSlice(at: 0, length: length))
                #expect(throws: WireError.self) { try document.reencode(cut) }
            }
        }
    }

    @Test("a document with a changed bit is refused", arguments: 0..<2)
    func changedBits(seed: Int) throws {
        for document in try AnyDocument.random(seed: UInt64(seed)) {
            for index in 0..<document.bytes.readableBytes {
                var changed = document.bytes
                let byte = try #require(changed.getInteger(at: index, as: UInt8.self))
                changed.setInteger(byte ^ (1 << UInt8(index % 8)), at: index)
                #expect(throws: WireError.self) { try document.reencode(changed) }
            }
        }
    }

    @Test("bytes behind the end are refused")
    func trailingBytes() throws {
        for document in try AnyDocument.random(seed: 1) {
            var longer = document.bytes
            longer.writeInteger(UInt8(0))
            #expect(throws: WireError.self) { try document.reencode(longer) }
        }
    }

    @Test("a missing frame is noticed although the rest is whole")
    func missingFrame() throws {
        var random = RandomValues(seed: 3)
        let entries = [try random.entry(), try random.entry()]
        let whole = KeysAnswer(entries: entries).encode()
        let first = 8 + Int(try #require(whole.getInteger(at: 0, endianness: .little) as UInt32?))
        let rest = try #require(whole.getSlice(at: first, length: whole.readableBytes - first))
        #expect(throws: WireError(.truncated, "frames of the document are missing")) {
            try KeysAnswer(decoding: rest)
        }
    }

    @Test("an unknown field below 128 is skipped, one from there up is refused")
    func unknownFields() throws {
        #expect(try Self.keys { $0.text(100, "later") }.limit == 7)
        #expect(throws: WireError(.unknownField, "field 128 is unknown and must be understood")) {
            try Self.keys { $0.text(128, "later") }
        }
    }

    @Test("fields out of order, or twice, are refused")
    func disorder() throws {
        var twice = FieldWriter()
        twice.text(1, "registry")
        twice.text(1, "registry")
        #expect(throws: WireError(.disorderedField, "field 1 comes after field 1")) {
            try KeysRequest(decoding: Self.document(.keys, twice.bytes))
        }
        var late = FieldWriter()
        late.integer(3, UInt32(1))
        var early = FieldWriter()
        early.text(1, "registry")
        var both = late.bytes
        both.writeImmutableBuffer(early.bytes)
        #expect(throws: WireError(.disorderedField, "field 1 comes after field 3")) {
            try KeysRequest(decoding: Self.document(.keys, both))
        }
    }

    @Test("values that mean nothing here are refused")
    func invalidValues() throws {
        for bucket in ["", "ab", "-other", "UPPER", "a..b", "a/b/c"] {
            #expect(throws: WireError.self) {
                try KeysRequest(
                    decoding: Self.frame(.keys) {
                        $0.text(1, bucket)
                        $0.integer(3, UInt32(1))
                    })
            }
        }
        #expect(throws: WireError.self, "a region id of zero") {
            try FeedRequest(
                decoding: Self.frame(.feedRequest) {
                    $0.integer(1, UInt32(1))
                    $0.message(2) { cursor in
                        for tag in 1...3 { cursor.integer(UInt8(tag), UInt64(0)) }
                    }
                })
        }
        #expect(throws: WireError.self, "a digest of 31 bytes") {
            try BlobStatesRequest(
                decoding: Self.frame(.blobs) { $0.bytes(1, Array(repeating: 1, count: 31)) })
        }
        #expect(throws: WireError.self, "a state that is none") {
            try BlobStatesAnswer(decoding: Self.frame(.states) { $0.bytes(1, [4]) })
        }
        #expect(throws: WireError.self, "text that is not UTF-8") {
            try KeysRequest(
                decoding: Self.frame(.keys) {
                    $0.bytes(1, [0xFF, 0xFE, 0xFD])
                    $0.integer(3, UInt32(1))
                })
        }
        #expect(throws: WireError.self, "a size that is longer than it needs to be") {
            var field = ByteBuffer(bytes: [1, 255])
            field.writeInteger(UInt32(8), endianness: .little)
            field.writeString("registry")
            return try KeysRequest(decoding: Self.document(.keys, field))
        }
    }

    @Test("more than the limits allow is refused")
    func limits() throws {
        let name = ObjectName(bucket: "registry", key: "k")
        let names = Array(repeating: name, count: WireLimits.namesPerRequest + 1)
        #expect(throws: WireError.self) {
            try NamesRequest(decoding: NamesRequest(names: names).encode())
        }
        let long = ObjectName(
            bucket: "registry", key: ObjectKey(bytes: Array(repeating: 1, count: 1025)))
        #expect(throws: WireError.self) {
            try NamesRequest(decoding: NamesRequest(names: [long]).encode())
        }
        var huge = ByteBuffer()
        huge.writeInteger(UInt32.max, endianness: .little)
        huge.writeInteger(UInt32(0))
        #expect(throws: WireError(.limitExceeded, "a frame of 4294967295 bytes")) {
            try KeysRequest(decoding: huge)
        }
    }

    @Test("a put whose numbers cannot be true is refused")
    func impossibleNumbers() throws {
        var random = RandomValues(seed: 7)
        var entry = try random.entry()
        var content = try random.content()
        func decode() throws -> FeedEntry? {
            entry.object.kind = .put(content)
            return try KeysAnswer(decoding: KeysAnswer(entries: [entry]).encode()).entries.first
        }
        content.sizeBytes = 5
        content.partSizes = [2, 0, 3]
        content.lastModifiedMilliseconds = WireLimits.dateMilliseconds.upperBound
        #expect(try decode() == entry)
        let good = content
        for sizes in [[2, 2], [2, 4], [.max, 6], [0]] as [[UInt64]] {
            content.partSizes = sizes
            #expect(throws: WireError.self) { try decode() }
        }
        content = good
        content.partSizes = []
        content.sizeBytes = .max
        #expect(throws: WireError.self) { try decode() }
        for time in [Int64.min, .max, WireLimits.dateMilliseconds.lowerBound - 1] {
            content = good
            content.lastModifiedMilliseconds = time
            #expect(throws: WireError.self) { try decode() }
        }
    }

    @Test("an entry that was accepted can be passed on in any answer")
    func largestEntry() throws {
        var random = RandomValues(seed: 8)
        var entry = try random.entry()
        var content = try random.content()
        entry.object.name = ObjectName(
            bucket: "registry", key: ObjectKey(bytes: Array(repeating: 1, count: 1024)))
        entry.inlineBytes = nil
        content.userMetadata = []
        content.etag = String(repeating: "e", count: WireLimits.entryBytes)
        entry.object.kind = .put(content)
        #expect(throws: WireError.self) {
            try KeysAnswer(decoding: KeysAnswer(entries: [entry]).encode())
        }
        content.etag = String(repeating: "e", count: WireLimits.entryBytes - (8 << 10))
        entry.object.kind = .put(content)
        let taken = try #require(
            try KeysAnswer(decoding: KeysAnswer(entries: [entry]).encode()).entries.first)
        let item = NamesAnswer.Item(name: taken.object.name, entry: taken)
        #expect(try NamesAnswer(decoding: NamesAnswer(items: [item]).encode()).items == [item])
    }

    @Test("entries that do not belong in their range are refused")
    func foreignEntries() throws {
        var random = RandomValues(seed: 5)
        var range = try random.range()
        while range.entries.count < 2 { range = try random.range() }
        let good = range
        #expect(try FeedAnswer(decoding: FeedAnswer(ranges: [good]).encode()).ranges == [good])
        var swapped = good
        swapped.entries.swapAt(0, 1)
        var nowhere = good
        nowhere.entries[0].object.position = nil
        var beyond = good
        beyond.through = FeedPosition(incarnation: 1, number: good.after.number)
        var foreign = good
        foreign.origin = RegionID(good.origin.value ^ 1 | 2)
        for bad in [swapped, nowhere, beyond, foreign] {
            #expect(throws: WireError.self) {
                try FeedAnswer(decoding: FeedAnswer(ranges: [bad]).encode())
            }
        }
    }

    @Test("an answer under another name than its entry's is refused")
    func foreignName() throws {
        var random = RandomValues(seed: 6)
        let entry = try random.entry()
        let item = NamesAnswer.Item(name: ObjectName(bucket: "other", key: "k"), entry: entry)
        #expect(throws: WireError.self) {
            try NamesAnswer(decoding: NamesAnswer(items: [item]).encode())
        }
    }

    private static func keys(_ more: (inout FieldWriter) -> Void) throws -> KeysRequest {
        try KeysRequest(
            decoding: frame(.keys) {
                $0.text(1, "registry")
                $0.integer(3, UInt32(7))
                more(&$0)
            })
    }

    private static func frame(_ kind: FrameKind, _ write: (inout FieldWriter) -> Void) -> ByteBuffer
    {
        var document = DocumentWriter()
        document.frame(kind, write)
        return document.finish()
    }

    /// One frame whose fields are given as bytes, and the end.
    private static func document(_ kind: FrameKind, _ fields: ByteBuffer) -> ByteBuffer {
        var payload = ByteBuffer(bytes: [kind.rawValue])
        payload.writeImmutableBuffer(fields)
        var result = ByteBuffer()
        result.writeInteger(UInt32(payload.readableBytes), endianness: .little)
        result.writeInteger(CRC32C.checksum(payload), endianness: .little)
        result.writeImmutableBuffer(payload)
        var end = ByteBuffer(bytes: [FrameKind.end.rawValue, 1, 4])
        end.writeInteger(UInt32(1), endianness: .little)
        result.writeInteger(UInt32(end.readableBytes), endianness: .little)
        result.writeInteger(CRC32C.checksum(end), endianness: .little)
        result.writeImmutableBuffer(end)
        return result
    }
}
