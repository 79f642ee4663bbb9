import NIOCore
import RegionClient
import Replication
import Storage
import Testing

@Suite("The outbound client", .timeLimit(.minutes(10)))
struct HTTPClientTests {
    static func get(
        _ port: Int, answer: OutboundRequest.Answer = .stream
    ) -> OutboundRequest {
        OutboundRequest(
            method: "GET", url: "http://127.0.0.1:\(port)/a/../b?c=%20",
            fields: [HeaderField("x-asked", "yes")], answer: answer)
    }

    /// Reads the head of a request, writes this, and reads on until the client is gone.
    static func answering(_ text: String) throws -> RawServer {
        try RawServer { connection in
            guard connection.readHead() != nil else { return }
            connection.write(text)
            while connection.read() != nil {}
        }
    }

    static func code(_ body: () async throws -> Void) async -> TransportError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? TransportError)?.code
        }
    }

    @Test("a request goes out as it was given, and its answer comes back whole")
    func exchange() async throws {
        let seen = Shared("")
        let server = try RawServer { connection in
            seen.change { $0 = connection.readHead() ?? "" }
            connection.write(
                "HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n"
                    + "HTTP/1.1 207 Odd\r\nX-Name:  Value \r\nContent-Length: 5\r\n\r\nhello")
            while connection.read() != nil {}
        }
        let client = HTTPClient(limits: .patient)
        let answer = try await client.send(Self.get(server.port))
        #expect(answer.head.status == 207)
        #expect(answer.head["x-name"] == "Value")
        #expect(answer.head["x-interim"] == nil)
        #expect(answer.head.contentLength == 5)
        #expect(String(buffer: try await answer.collect(limitBytes: 100)) == "hello")
        #expect(seen.value.hasPrefix("GET /a/../b?c=%20 HTTP/1.1\r\n"))
        #expect(seen.value.contains("x-asked: yes\r\n"))
    }

    @Test("a body is posted with its length and without asking first")
    func post() async throws {
        let seen = Shared("")
        let server = try RawServer { connection in
            var text = connection.readHead() ?? ""
            while !text.hasSuffix("body!"), let more = connection.read() {
                text += String(decoding: more, as: UTF8.self)
            }
            let whole = text
            seen.change { $0 = whole }
            connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        }
        let client = HTTPClient(limits: .patient)
        var request = Self.get(server.port, answer: .document(waitMilliseconds: 0))
        request.method = "POST"
        request.body = ByteBuffer(string: "body!")
        let answer = try await client.send(request)
        #expect(answer.head.status == 204)
        #expect(try await answer.body.next() == nil)
        #expect(seen.value.contains("Content-Length: 5\r\n"))
        #expect(!seen.value.lowercased().contains("expect:"))
    }

    @Test("a chunked body arrives without its framing")
    func chunked() async throws {
        let server = try Self.answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
        let client = HTTPClient(limits: .patient)
        let answer = try await client.send(Self.get(server.port))
        #expect(answer.head.contentLength == nil)
        #expect(String(buffer: try await answer.collect(limitBytes: 100)) == "abcde")
    }

    @Test("a connection is used again for the next request")
    func reuse() async throws {
        let server = try RawServer { connection in
            while connection.readHead() != nil {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
            }
        }
        let client = HTTPClient(limits: .patient)
        for _ in 0..<5 {
            let answer = try await client.send(Self.get(server.port))
            _ = try await answer.collect(limitBytes: 10)
        }
        #expect(server.connections == 1)
    }

    @Test("a body that is cut short is an error, after the bytes that came")
    func cutShort() async throws {
        let server = try RawServer { connection in
            guard connection.readHead() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        }
        let client = HTTPClient(limits: .patient)
        let answer = try await client.send(Self.get(server.port))
        let received = Shared("")
        let code = await Self.code {
            while let next = try await answer.body.next() {
                received.change { $0 += String(buffer: next) }
            }
        }
        #expect(code == .unreachable)
        #expect(received.value == "abc")
    }

    @Test("a port where nobody listens is unreachable")
    func nobody() async throws {
        let server = try RawServer { _ in }
        let port = server.port
        _ = consume server
        let client = HTTPClient(limits: .patient)
        #expect(await Self.code { _ = try await client.send(Self.get(port)) } == .unreachable)
    }

    @Test(
        "an answer that is no HTTP, or whose head is too large, is malformed",
        arguments: [
            "HTTP/1.1 200 OK\r\n"
                + String(repeating: "X-Field: 0123456789\r\n", count: 4000) + "\r\n",
            "SSH-2.0-OpenSSH\r\n\r\n",
        ])
    func malformedHead(text: String) async throws {
        let server = try RawServer { connection in
            guard connection.readHead() != nil else { return }
            connection.write(text)
        }
        let client = HTTPClient(limits: .patient)
        let code = await Self.code { _ = try await client.send(Self.get(server.port)) }
        #expect(code == .malformed)
    }

    @Test("a URL of another scheme is refused, not followed")
    func otherScheme() async throws {
        let client = HTTPClient(limits: .patient)
        let code = await Self.code {
            _ = try await client.send(
                OutboundRequest(method: "GET", url: "file:///etc/hostname", answer: .stream))
        }
        #expect(code == .malformed)
    }

    @Test("an answer that stalls is cut")
    func stall() async throws {
        var limits = ClientLimits.patient
        limits.stallMilliseconds = 1000
        let server = try Self.answering("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        let client = HTTPClient(limits: limits)
        let code = await Self.code {
            _ = try await client.send(Self.get(server.port)).collect(limitBytes: 100)
        }
        #expect(code == .unreachable)
    }

    @Test("a document that never ends is cut, however busily it is sent")
    func endlessDocument() async throws {
        var limits = ClientLimits.patient
        limits.documentMilliseconds = 300
        let server = try RawServer { connection in
            guard connection.readHead() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\n\r\n")
            while connection.write(Array(repeating: 0, count: 10_000)) { RawClock.pause() }
        }
        let client = HTTPClient(limits: limits)
        let request = Self.get(server.port, answer: .document(waitMilliseconds: 0))
        let code = await Self.code {
            _ = try await client.send(request).collect(limitBytes: 1 << 30)
        }
        #expect(code == .unreachable)
    }

    @Test("a body above the limit of who collects it is malformed")
    func collectLimit() async throws {
        let server = try Self.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde")
        let client = HTTPClient(limits: .patient)
        let code = await Self.code {
            _ = try await client.send(Self.get(server.port)).collect(limitBytes: 4)
        }
        #expect(code == .malformed)
    }
}
