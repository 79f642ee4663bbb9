// Clients that are slow, endless or too many.

import HTTPServer
import HTTPTypes
import NIOCore
import Testing

@Suite struct LimitTests {
    @Test(
        "a request that breaks a limit or a rule is answered and the connection closed",
        arguments: [
            ("GET /\(String(repeating: "a", count: 70_000))", 414),
            ("GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 70_000))", 431),
            ("GET / HTTP/1.1\r\n\(String(repeating: "A: b\r\n", count: 200))", 431),
            ("GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            (
                "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                400
            ),
            ("nonsense\r\n\r\n", 400),
        ])
    func refuses(request: String, status: Int) async throws {
        try await withServer { _ in
            text(.ok, "never")
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send(request)
                let response = try await client.readResponse()
                #expect(response.status == status)
                #expect(response.fields["connection"] == "close")
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test("a head that never ends is cut off at its limit", arguments: Wire.allCases)
    func endsEndlessHeads(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.lingerBytes = 1 << 20
        try await withServer(wire, limits: limits) { _ in
            text(.ok, "never")
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\n")
                let line = "X: \(String(repeating: "x", count: 10_000))\r\n"
                for _ in 0..<8 { try await client.send(line) }
                #expect(try await client.readResponse().status == 431)
                #expect(await client.sendUntilRefused(limitBytes: 1 << 30) < 64 << 20)
            }
        }
    }

    @Test(
        "a head that does not come is answered with 408; an idle connection just closes",
        arguments: Wire.allCases)
    func timesOut(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(10)
        limits.keepAliveTimeout = .milliseconds(10)
        try await withServer(wire, limits: limits) { _ in
            text(.ok, "a")
        } _: { _, address in
            // On a busy machine the connection may be idle for too long before its first byte comes.
            var response: RawResponse?
            while response == nil {
                response = try await withClient(address) { client in
                    try? await client.send("GET / HTTP/1.1\r\nHo")
                    return try? await client.readResponse()
                }
            }
            #expect(response?.status == 408)
            #expect(response?.fields["connection"] == "close")
            try await withClient(address) { client in
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
        limits.headTimeout = .hours(1)
        try await withServer(wire, limits: limits) { _ in
            text(.ok, "a")
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.readResponse().text == "a")
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test("a body that stops coming makes its reader throw", arguments: Wire.allCases)
    func timesBodiesOut(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.bodyIdleTimeout = .milliseconds(10)
        try await withServer(wire, limits: limits) { request in
            do {
                while try await request.body.source.next() != nil {}
                return text(.ok, "whole")
            } catch {
                return text(.requestTimeout, "\(error)")
            }
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc")
                let response = try await client.readResponse()
                #expect(response.status == 408)
                #expect(response.text == "timedOut")
            }
        }
    }

    @Test("a client that stops taking its response is cut off", arguments: Wire.allCases)
    func cutsStalledReaders(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.responseIdleTimeout = .milliseconds(10)
        let (ended, entry) = AsyncStream<Void>.makeStream()
        final class Endless: ResponseSource {
            let onRelease: AsyncStream<Void>.Continuation
            init(_ onRelease: AsyncStream<Void>.Continuation) { self.onRelease = onRelease }
            deinit { onRelease.finish() }
            func next() async throws -> ResponsePart? {
                .bytes(ByteBuffer(repeating: 0, count: 1 << 20))
            }
        }
        try await withServer(wire, limits: limits) { _ in
            ServerResponse(status: .ok, body: .stream(Endless(entry), lengthBytes: nil))
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                for await _ in ended {}
            }
        }
    }

    @Test(
        "a connection too many is told so, and one that closes makes room", arguments: Wire.allCases
    )
    func limitsConnections(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.connectionCount = 2
        try await withServer(wire, limits: limits) { _ in
            text(.ok, "a")
        } _: { _, address in
            let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
            try await withClient(address) { first in
                try await first.send(get)
                #expect(try await first.readResponse().status == 200)
                try await withClient(address) { second in
                    try await second.send(get)
                    #expect(try await second.readResponse().status == 200)
                    try await withClient(address) { third in
                        if wire == .clear {
                            let status = try await third.readResponse().status
                            #expect(status == 503)
                            #expect(await third.readToEnd().readableBytes == 0)
                        } else {
                            // Before the handshake nothing can be said.
                            let answer = String(buffer: await third.readToEnd())
                            #expect(answer.isEmpty || answer.hasPrefix("HTTP/1.1 503 "))
                        }
                    }
                    try await second.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    #expect(try await second.readResponse().status == 200)
                    _ = await second.readToEnd()
                }
                var status = 503
                while status == 503 {
                    let answered = try await withClient(address) { client in
                        try? await client.send(get)
                        return try? await client.readResponse().status
                    }
                    status = answered ?? 503
                }
                #expect(status == 200)
            }
        }
    }
}
