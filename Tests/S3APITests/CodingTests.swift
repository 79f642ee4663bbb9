// The small codings: dates, base64, percent-encoding, ranges, entity tags, XML.

internal import Foundation
internal import NIOCore
internal import S3API
internal import Storage
import Testing

@Suite("Codings")
struct CodingTests {
    @Test(
        "a date is written and read in HTTP's forms",
        arguments: [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"),
            (784_111_777_000, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
            (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z"),
            (4_102_444_799_000, "Thu, 31 Dec 2099 23:59:59 GMT", "2099-12-31T23:59:59.000Z"),
        ] as [(Int64, String, String)])
    func dates(_ milliseconds: Int64, _ http: String, _ iso: String) {
        let date = CalendarDate(milliseconds: milliseconds + 999)
        #expect(date.http == http)
        #expect(date.iso8601 == iso)
        #expect(CalendarDate.parseHTTP(http) == milliseconds)
    }

    @Test("the two old forms of HTTP's dates are read, and nothing else")
    func oldDates() {
        #expect(CalendarDate.parseHTTP("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777_000)
        #expect(CalendarDate.parseHTTP("Sun Nov  6 08:49:37 1994") == 784_111_777_000)
        for text in [
            "", "yesterday", "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
        ] {
            #expect(CalendarDate.parseHTTP(text) == nil)
        }
    }

    @Test("base64 is the inverse of itself and takes only the canonical form")
    func base64() {
        for count in 0..<50 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
            #expect(Base64.decodeURLSafe(Base64.encodeURLSafe(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("foob".utf8)) == "Zm9vYg==")
        for text in ["Zm9vYg", "Zm9vYg=", "Zm9v Yg==", "Zm9vYh==", "=", "Zm9-Yg=="] {
            #expect(Base64.decode(text) == nil)
        }
    }

    @Test("a key is encoded so that both kinds of decoders read it back")
    func percentCoding() {
        #expect(PercentCoding.encode(Array("a b+/é\u{1}".utf8)) == "a%20b%2B/%C3%A9%01")
        #expect(PercentCoding.decode("a+b") == Array("a+b".utf8))
        #expect(PercentCoding.decode("a+b", plusIsSpace: true) == Array("a b".utf8))
    }

    @Test(
        "a range is one of three, or ignored",
        arguments: [
            ("bytes=0-", ByteRange.from(0), 0..<10),
            ("bytes=2-4", .bounded(first: 2, last: 4), 2..<5),
            ("bytes=2-400", .bounded(first: 2, last: 400), 2..<10),
            ("bytes=-3", .suffix(3), 7..<10),
            ("bytes=-30", .suffix(30), 0..<10), ("bytes=10-", .from(10), nil),
            ("bytes=-0", .suffix(0), nil),
        ] as [(String, ByteRange, Range<UInt64>?)])
    func ranges(_ text: String, _ range: ByteRange, _ resolved: Range<UInt64>?) {
        #expect(ByteRange(text) == range)
        #expect(ByteRange(text)?.resolve(sizeBytes: 10) == resolved)
    }

    @Test(
        "a range that is none is ignored",
        arguments: [
            "bytes=", "bytes=-", "bytes=a-b", "bytes=4-2", "bytes=0-1,3-4", "items=0-1", "0-1",
            "bytes=+1-2", "bytes=1- 2",
        ])
    func noRanges(_ text: String) { #expect(ByteRange(text) == nil) }

    @Test("entity tags are compared strongly or weakly")
    func etags() {
        #expect(ETags.parse("*") == .any)
        let list = ETags.parse("\"a\", b ,W/\"c\"")
        #expect(ETags.matches(list, "a") && ETags.matches(list, "b"))
        #expect(!ETags.matches(list, "c") && ETags.matchesWeakly(list, "c"))
    }

    @Test("a moment that no calendar shows is the nearest that one does")
    func impossibleDates() {
        #expect(CalendarDate(milliseconds: .max).iso8601 == "9999-12-31T23:59:59.000Z")
        #expect(CalendarDate(milliseconds: .min).iso8601 == "0000-01-01T00:00:00.000Z")
        #expect(CalendarDate(milliseconds: .min).http == "Sat, 01 Jan 0000 00:00:00 GMT")
    }

    @Test("text in XML is escaped, and read back the same")
    func xmlRoundTrip() throws {
        let text = "a&b<c>\"d\"'é\t\r\nx"
        let bytes = XMLWriter.document("Delete") { $0.element("Key", text) }
        let root = try XMLElement.parse(bytes, root: "Delete", depth: 4, elements: 2)
        #expect(root.child("Key")?.text == text)
        let control = XMLWriter.document("A") { $0.element("Key", "a\u{1}b") }
        #expect(String(buffer: control).contains("a&#1;b"))
    }

    @Test(
        "a document that is not what it should be is refused",
        arguments: [
            "", "<", "<A>", "<A></B>", "<B/>", "<A/><A/>", "<A><a><a><a><a/></a></a></a></A>",
            "<!DOCTYPE A [<!ENTITY x \"y\">]><A>&x;</A>", "<A>&y;</A>", "<A>\u{1}</A>", "{}",
        ])
    func malformedXML(_ text: String) {
        let error = #expect(throws: S3Error.self) {
            try XMLElement.parse(ByteBuffer(string: text), root: "A", depth: 4, elements: 9)
        }
        #expect(error?.code == .malformedXML)
    }

    @Test("a document has as many elements as it may, and no more")
    func elementLimit() throws {
        let bytes = ByteBuffer(string: "<A><a/><a/><a/></A>")
        #expect(try XMLElement.parse(bytes, root: "A", depth: 4, elements: 4).children.count == 3)
        #expect(throws: S3Error.self) {
            try XMLElement.parse(bytes, root: "A", depth: 4, elements: 3)
        }
    }

    @Test("a document is UTF-8, and no other encoding gets a document type past the check")
    func xmlEncodings() throws {
        let typed = "<!DOCTYPE A [<!ENTITY x 'y'>]><A><a>&x;</a></A>"
        let utf7 = typed.replacing("<", with: "+ADw-").replacing(">", with: "+AD4-")
        let documents = [
            typed.data(using: .utf16), typed.data(using: .utf16LittleEndian),
            typed.data(using: .utf16BigEndian), typed.data(using: .utf32),
            "<A>\u{e4}</A>".data(using: .isoLatin1),
            "<?xml version='1.0' encoding='ISO-8859-1'?><A>\u{e4}</A>".data(using: .isoLatin1),
            ("<?xml version='1.0' encoding='UTF-7'?>" + utf7).data(using: .utf8),
            ("<?xml version='1.0'?><?xml version='1.0' encoding='UTF-7'?>" + utf7)
                .data(using: .utf8),
        ]
        for document in documents {
            let bytes = ByteBuffer(bytes: try #require(document))
            let error = #expect(throws: S3Error.self) {
                try XMLElement.parse(bytes, root: "A", depth: 4, elements: 9)
            }
            #expect(error?.code == .malformedXML)
        }
        let declared = "\u{FEFF}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A>\u{e4}</A>"
        let root = try XMLElement.parse(
            ByteBuffer(string: declared), root: "A", depth: 4, elements: 1)
        #expect(root.text == "\u{e4}")
    }
}
