// Bodies on their way in: whole, refused, slow, broken, and never read.

import HTTPServer
import HTTPTypes
import NIOCore
import Synchronization
import Testing

/// Counts the bytes of a body and says how it ended.
@Sendable private func countBody(_ request: ServerRequest) async -> ServerResponse {
    var count = 0
    do {
        while let part = try await request.body.source.next() { count += part.readableBytes }
        return text(.ok, "\(count)")
    } catch {
        return text(.badRequest, "\(error) after \(count)")
    }
}

@Suite struct RequestBodyTests {
    @Test(
        "bodies come in whole, by length and chunked, on a connection that goes on",
        arguments: Wire.allCases)
    func receivesBodies(wire: Wire) async throws {
        try await withServer(wire, respond: countBody) { _, address in
            try await withClient(address) { client in
                let bytes = ByteBuffer(repeating: 7, count: 3 << 20)
                for _ in 0..<2 {
                    try await client.send(
                        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: \(bytes.readableBytes)\r\n\r\n"
                    )
                    try await client.send(bytes)
                    #expect(try await client.readResponse().text == "\(3 << 20)")
                    try await client.send(
                        "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for _ in 0..<3 {
                        try await client.send("100000\r\n")
                        try await client.send(try #require(bytes.getSlice(at: 0, length: 1 << 20)))
                        try await client.send("\r\n")
                    }
                    try await client.send("0\r\n\r\n")
                    #expect(try await client.readResponse().text == "\(3 << 20)")
                }
            }
        }
    }

    @Test(
        "100 Continue is sent when the handler begins to read, and only then",
        arguments: Wire.allCases)
    func continues(wire: Wire) async throws {
        try await withServer(wire) { request in
            request.head.path == "/refuse" ? text(.forbidden, "no") : await countBody(request)
        } _: { _, address in
            try await withClient(address) { client in
                let expect =
                    "HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
                try await client.send("PUT / \(expect)")
                #expect(try await client.readHead().status == 100)
                try await client.send("abc")
                #expect(try await client.readResponse().text == "3")
                try await client.send("PUT /refuse \(expect)")
                let response = try await client.readResponse()
                #expect(response.status == 403)
                #expect(response.fields["connection"] == "close")
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test(
        "100 Continue comes ahead of the response to an empty body, and the connection stays",
        arguments: Wire.allCases)
    func continuesWithNothing(wire: Wire) async throws {
        try await withServer(wire, respond: countBody) { _, address in
            try await withClient(address) { client in
                for _ in 1...2 {
                    try await client.send(
                        "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
                            + "Content-Length: 0\r\n\r\n")
                    #expect(try await client.readHead().status == 100)
                    #expect(try await client.readResponse().text == "0")
                }
            }
        }
    }

    @Test("a client that does not wait for 100 Continue gets none", arguments: Wire.allCases)
    func doesNotContinueLate(wire: Wire) async throws {
        try await withServer(wire, respond: countBody) { _, address in
            try await withClient(address) { client in
                try await client.send(
                    "PUT / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc"
                )
                #expect(try await client.readResponse().text == "3")
            }
        }
    }

    @Test("a large body that is refused is answered, and not read", arguments: Wire.allCases)
    func refusesLargeBodies(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.lingerBytes = 1 << 20
        try await withServer(wire, limits: limits) { _ in
            text(.forbidden, "no")
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send(
                    "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: \(1 << 30)\r\n\r\n")
                let response = try await client.readResponse()
                #expect(response.status == 403)
                #expect(response.text == "no")
                #expect(response.fields["connection"] == "close")
                let sentBytes = await client.sendUntilRefused(limitBytes: 1 << 30)
                // What the server drops, and what the system's socket buffers hold.
                #expect(sentBytes < 64 << 20)
            }
        }
    }

    @Test(
        "a small body that nobody read is dropped and the connection goes on",
        arguments: Wire.allCases)
    func dropsSmallBodies(wire: Wire) async throws {
        try await withServer(wire) { request in
            text(.ok, request.head.path ?? "")
        } _: { _, address in
            try await withClient(address) { client in
                let body = String(repeating: "x", count: 1_000)
                try await client.send(
                    "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n\(body)")
                #expect(try await client.readResponse().text == "/a")
                try await client.send(
                    "PUT /b HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
                try await client.send(
                    "3e8\r\n\(body)\r\n0\r\n\r\nGET /c HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.readResponse().text == "/b")
                #expect(try await client.readResponse().text == "/c")
            }
        }
    }

    @Test(
        "a client that ends in the middle of a body makes its reader throw",
        arguments: Wire.allCases)
    func noticesTruncation(wire: Wire) async throws {
        try await withServer(wire, respond: countBody) { _, address in
            for head in ["Content-Length: 10\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\na\r\n"] {
                try await withClient(address) { client in
                    try await client.send("PUT / HTTP/1.1\r\nHost: x\r\n\(head)abc")
                    try await client.endOutput()
                    let response = try await client.readResponse()
                    #expect(response.text == "connectionClosed after 3")
                    #expect(response.fields["connection"] == "close")
                }
            }
        }
    }

    @Test("broken chunks make the reader throw, and the connection ends", arguments: Wire.allCases)
    func noticesBrokenChunks(wire: Wire) async throws {
        try await withServer(wire, respond: countBody) { _, address in
            try await withClient(address) { client in
                try await client.send(
                    "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc")
                let response = try await client.readResponse()
                #expect(response.status == 400)
                #expect(response.fields["connection"] == "close")
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test("a body that is read after its response was sent is refused", arguments: Wire.allCases)
    func endsReaders(wire: Wire) async throws {
        let kept = Mutex<RequestBody?>(nil)
        var limits = HTTPLimits()
        // However long the client takes for the byte that nobody reads.
        limits.lingerTimeout = .minutes(2)
        try await withServer(wire, limits: limits) { request in
            kept.withLock { $0 = $0 ?? request.body }
            return text(.ok, "a")
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
                _ = try await client.readResponse()
                try await client.send("aPUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n")
                _ = try await client.readResponse()
                let body = try #require(kept.withLock { $0 })
                await #expect(throws: RequestBodyError.requestEnded) {
                    try await body.source.next()
                }
            }
        }
    }

    @Test("a response may be made from the body while it comes", arguments: Wire.allCases)
    func echoes(wire: Wire) async throws {
        struct Failed: Error {}
        final class Echo: ResponseSource {
            let body: RequestBody
            init(_ body: RequestBody) { self.body = body }
            func next() async throws -> ResponsePart? {
                try await body.source.next().map { .bytes($0) }
            }
        }
        try await withServer(wire) { request in
            ServerResponse(
                status: .ok,
                body: .stream(Echo(request.body), lengthBytes: request.body.lengthBytes))
        } _: { _, address in
            try await withClient(address) { client in
                for _ in 0..<2 {
                    try await client.send(
                        "PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello")
                    let head = try await client.readHead()
                    #expect(head.fields["content-length"] == "10")
                    #expect(String(buffer: try await client.readBytes(5)) == "hello")
                    try await client.send("world")
                    #expect(String(buffer: try await client.readBytes(5)) == "world")
                }
            }
        }
    }
}
