// What the parser accepts, what it turns away and with which answer, and that llhttp agrees.

import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import HTTPServer

private func parse(
    _ bytes: ByteBuffer, limits: HTTPLimits = HTTPLimits(), packetBytes: Int = .max
) throws -> (head: RequestHead?, rest: ByteBuffer) {
    var messages = InboundMessages(limits: limits)
    let names = FieldNameCache()
    var bytes = bytes
    while let packet = bytes.readSlice(length: min(packetBytes, bytes.readableBytes)),
        packet.readableBytes > 0
    {
        messages.append(packet)
        if let head = try messages.nextHead(names) { return (head, bytes) }
    }
    return (nil, bytes)
}

private func parse(_ text: String, packetBytes: Int = .max) throws -> RequestHead? {
    try parse(ByteBuffer(string: text), packetBytes: packetBytes).head
}

private let host = "Host: example\r\n"

@Suite struct RequestHeadParserTests {
    @Test("a head is read alike however it is cut into packets", arguments: [1, 2, 3, 7, 1_000])
    func readsAHead(packetBytes: Int) throws {
        let text =
            "\r\nPUT /v2/a%20b?x=1&y HTTP/1.1\r\nHost: example:5000\r\nX-Amz-Meta-A:  one two \t\r\n"
            + "x-amz-meta-a:\r\nContent-Length: 12\r\nExpect: 100-Continue\r\n\r\n"
        let head = try #require(try parse(text, packetBytes: packetBytes))
        #expect(head.request.method == .put)
        #expect(head.request.path == "/v2/a%20b?x=1&y")
        #expect(head.request.authority == "example:5000")
        #expect(head.request.headerFields.count == 5)
        let name = try #require(HTTPField.Name("x-amz-meta-a"))
        #expect(head.request.headerFields[values: name] == ["one two", ""])
        #expect(head.framing == .length(12))
        #expect(head.expectsContinue)
        #expect(head.keepsAlive)
    }

    @Test(
        "the target may be a path, a URL or an asterisk",
        arguments: [
            ("GET / HTTP/1.1", "/", "example"),
            ("GET http://other:80/a?b HTTP/1.1", "/a?b", "other:80"),
            ("GET HTTPS://other?b HTTP/1.1", "/?b", "other"),
            ("GET http://other HTTP/1.1", "/", "other"),
            ("OPTIONS * HTTP/1.1", "*", "example"),
        ])
    func readsTargets(line: String, path: String, authority: String) throws {
        let head = try #require(try parse("\(line)\r\nHost: \(authority)\r\n\r\n"))
        #expect(head.request.path == path)
        #expect(head.request.authority == authority)
    }

    @Test(
        "the life of the connection is as the version and the field say",
        arguments: [
            ("HTTP/1.1", "X: y", true),
            ("HTTP/1.1", "Connection: close", false),
            ("HTTP/1.1", "connection: TE, Close", false),
            ("HTTP/1.0", "X: y", false),
            ("HTTP/1.0", "Connection: Keep-Alive", true),
            ("HTTP/1.0", "Connection: keep-alive, close", false),
        ])
    func readsConnection(version: String, field: String, keepsAlive: Bool) throws {
        let head = try #require(try parse("GET / \(version)\r\n\(host)\(field)\r\n\r\n"))
        #expect(head.keepsAlive == keepsAlive)
    }

    @Test(
        "the end of the body is found by one field only",
        arguments: [
            ("X: y", RequestFraming.none),
            ("Content-Length: 0", .none),
            ("Content-Length: 007", .length(7)),
            ("Content-Length: 9223372036854775807", .length(UInt64(Int64.max))),
            ("Transfer-Encoding: Chunked", .chunked),
        ])
    func readsFraming(field: String, framing: RequestFraming) throws {
        let head = try #require(try parse("PUT / HTTP/1.1\r\n\(host)\(field)\r\n\r\n"))
        #expect(head.framing == framing)
    }

    @Test("a URL in HTTP/1.0 names the host where no field does")
    func readsHostOfTarget() throws {
        let head = try #require(try parse("GET http://other/a HTTP/1.0\r\n\r\n"))
        #expect(head.request.authority == "other")
        let same = try #require(try parse("GET http://Example/a HTTP/1.1\r\n\(host)\r\n"))
        #expect(same.request.authority == "example")
    }

    static let refused: [(String, Int)] = [
        ("GET http://other/a HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET http://example:80/a HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET http://user@example/a HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET http://^example/a HTTP/1.0\r\n\r\n", 400), ("GET http:///a HTTP/1.0\r\n\r\n", 400),
        ("GET  / HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET / a HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET /\r\n\(host)\r\n", 400),
        (" GET / HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET / HTTP/1.1 \r\n\(host)\r\n", 400),
        ("GET\t/ HTTP/1.1\r\n\(host)\r\n", 400),
        ("G(T / HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET a HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET * HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET /\u{e4} HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET /\u{7f} HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET /\0 HTTP/1.1\r\n\(host)\r\n", 400),
        ("GET / HTTP/2.0\r\n\(host)\r\n", 505),
        ("GET / HTTP/1.2\r\n\(host)\r\n", 505),
        ("GET / http/1.1\r\n\(host)\r\n", 400),
        ("GET / HTTP/1.1\n\(host)\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: x\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)\(host)\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)A : b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host) A: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)A: b\r\n c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host): b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)nothing\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)A\u{e4}: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)A: b\rc\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)A: b\0c\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n\(host)A: b\u{1}c\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 1, 1\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: +1\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: -1\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 0x1\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length:\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 9223372036854775808\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400),
        ("PUT / HTTP/1.0\r\n\(host)Transfer-Encoding: chunked\r\n\r\n", 400),
        ("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
        ("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked, chunked\r\n\r\n", 501),
        ("PUT / HTTP/1.1\r\n\(host)Transfer-Encoding: chunkedx\r\n\r\n", 501),
        ("PUT / HTTP/1.1\r\n\(host)Expect: something\r\n\r\n", 417),
    ]

    @Test("what is malformed or ambiguous is refused, with its own status", arguments: refused)
    func refuses(text: String, status: Int) throws {
        for packetBytes in [Int.max, 1] {
            let refusal = #expect(throws: RequestRefusal.self) {
                try parse(text, packetBytes: packetBytes)
            }
            #expect(refusal?.status.code == status)
        }
    }

    @Test("each limit has its own status, before the line that breaks it has ended")
    func holdsLimits() throws {
        var limits = HTTPLimits()
        limits.requestLineBytes = 100
        limits.headBytes = 500
        limits.fieldCount = 5
        func status(_ text: String) -> Int? {
            do {
                _ = try parse(ByteBuffer(string: text), limits: limits, packetBytes: 10)
                return nil
            } catch {
                return (error as? RequestRefusal)?.status.code
            }
        }
        let line = "GET / HTTP/1.1\r\n"
        #expect(status("GET /" + String(repeating: "a", count: 120)) == 414)
        #expect(status(line + "A: " + String(repeating: "a", count: 520)) == 431)
        #expect(status(line + "A" + String(repeating: "a", count: 520)) == 431)
        #expect(status(line + String(repeating: "A: b\r\n", count: 6)) == 431)
        #expect(status(line + String(repeating: "A: b\r\n", count: 4) + host + "\r\n") == nil)
    }

    @Test("bytes of a value that are no UTF-8 stay what they are")
    func keepsBytes() throws {
        var buffer = ByteBuffer(string: "GET / HTTP/1.1\r\n\(host)A: x")
        buffer.writeBytes([0xe4, 0xff])
        buffer.writeString("\r\n\r\n")
        let head = try #require(try parse(buffer).head)
        let name = try #require(HTTPField.Name("a"))
        let field = try #require(head.request.headerFields[fields: name].first)
        #expect(field.withUnsafeBytesOfValue { Array($0) } == [0x78, 0xe4, 0xff])
    }

    @Test("nothing behind the head is touched")
    func leavesTheRest() throws {
        var messages = InboundMessages(limits: HTTPLimits())
        let names = FieldNameCache()
        messages.append(
            ByteBuffer(
                string: "PUT /a HTTP/1.1\r\n\(host)Content-Length: 3\r\n\r\nabcGET /b HTTP/9\r\n"))
        _ = try #require(try messages.nextHead(names))
        guard case .bytes(let body) = try messages.nextBody() else {
            Issue.record("the body is missing")
            return
        }
        #expect(String(buffer: body) == "abc")
        guard case .end = try messages.nextBody() else {
            Issue.record("the body does not end")
            return
        }
        #expect(throws: RequestRefusal.self) { try messages.nextHead(names) }
    }
}
