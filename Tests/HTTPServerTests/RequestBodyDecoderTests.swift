// The chunked coding, as it should be and as an attacker would send it.

import NIOCore
import Testing

@testable import HTTPServer

private enum Outcome: Equatable {
    case whole(String, rest: String)
    case unfinished(String)
    case refused
}

private func decode(_ text: String, packetBytes: Int, limits: HTTPLimits = HTTPLimits()) -> Outcome
{
    var messages = InboundMessages(limits: limits)
    var bytes = ByteBuffer(
        string: "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + text)
    var body = ""
    var hasHead = false
    do throws(RequestRefusal) {
        while let packet = bytes.readSlice(length: min(packetBytes, bytes.readableBytes)),
            packet.readableBytes > 0
        {
            messages.append(packet)
            if !hasHead { hasHead = try messages.nextHead(FieldNameCache()) != nil }
            guard hasHead else { continue }
            reading: while true {
                switch try messages.nextBody() {
                case .bytes(let part): body += String(buffer: part)
                case .needsMore: break reading
                case .end: return .whole(body, rest: "\(messages.bufferedBytes)")
                }
            }
        }
    } catch {
        return .refused
    }
    return .unfinished(body)
}

@Suite struct RequestBodyDecoderTests {
    @Test(
        "a chunked body is decoded however it is cut into packets",
        arguments: [
            ("0\r\n\r\n", ""),
            ("3\r\nabc\r\n0\r\n\r\n", "abc"),
            (
                "0003\r\nabc\r\nA\r\n0123456789\r\na;x=\"y\"\r\n0123456789\r\n0\r\n\r\n",
                "abc01234567890123456789"
            ),
            ("1 ; a\r\nx\r\n0;b\r\nTrailer: x\r\nOther: y\r\n\r\n", "x"),
            ("1 \t;a=\"\u{e4} b\"\r\nx\r\n0\r\nA:\t\u{e4}\r\n\r\n", "x"),
        ], [1, 2, 3, 5, 8, 1_000])
    func decodes(_ example: (text: String, body: String), packetBytes: Int) {
        #expect(
            decode(example.text, packetBytes: packetBytes) == .whole(example.body, rest: "0"))
    }

    @Test(
        "broken chunks are refused",
        arguments: [
            "\r\n", "x\r\n", ";a\r\n", "-1\r\n", "0x1\r\n", "1\n", "1\r\nab\r\n", "1\r\na\n",
            "1\r\na0\r\n\r\n", "1000000000000000\r\n", "ffffffffffffffff\r\n", "0\r\nA: b\n\r\n",
            "1 garbage\r\na\r\n", "1 \r\na\r\n", "1 \t x;a\r\na\r\n", "1;a\rb\r\na\r\n",
            "1;\0\r\na\r\n", "1;\u{7f}\r\na\r\n", "0\r\nno field\r\n\r\n", "0\r\n: b\r\n\r\n",
            "0\r\nA : b\r\n\r\n", "0\r\n A: b\r\n\r\n", "0\r\nA: b\rc\r\n\r\n",
            "0\r\nA\u{e4}: b\r\n\r\n", "0\r\nA: \u{1}\r\n\r\n",
        ])
    func refuses(text: String) {
        for packetBytes in [1, 1_000] {
            #expect(decode(text, packetBytes: packetBytes) == .refused)
        }
    }

    @Test("lines of the coding and trailers have limits")
    func holdsLimits() {
        var limits = HTTPLimits()
        limits.chunkLineBytes = 50
        limits.fieldCount = 3
        let extended = "1;" + String(repeating: "a", count: 60)
        #expect(decode(extended, packetBytes: 8, limits: limits) == .refused)
        let trailer = "0\r\n" + String(repeating: "A: b\r\n", count: 4)
        #expect(decode(trailer, packetBytes: 8, limits: limits) == .refused)
    }

    @Test("a body that has not ended is not taken for one that has")
    func waitsForTheEnd() {
        #expect(decode("3\r\nabc\r\n0\r\n", packetBytes: 4) == .unfinished("abc"))
        #expect(decode("5\r\nabc", packetBytes: 4) == .unfinished("abc"))
    }
}
