// Requests after each other on one connection, and what ends it.

import HTTPServer
import HTTPTypes
import NIOCore
import Testing

@Suite struct KeepAliveTests {
    @Test("requests on one connection are answered in order", arguments: Wire.allCases)
    func keepsTheConnection(wire: Wire) async throws {
        try await withServer(wire) { request in
            text(.ok, request.head.path ?? "")
        } _: { _, address in
            try await withClient(address) { client in
                for index in 0..<3 {
                    try await client.send("GET /\(index)?a=b HTTP/1.1\r\nHost: x\r\n\r\n")
                    let response = try await client.readResponse()
                    #expect(response.status == 200)
                    #expect(response.text == "/\(index)?a=b")
                    #expect(response.fields["date"]?.hasSuffix("GMT") == true)
                    #expect(response.fields["connection"] == nil)
                }
            }
        }
    }

    @Test(
        "pipelined requests are answered one at a time, in order, however they are cut into packets",
        arguments: Wire.allCases
    )
    func answersPipelinedRequests(wire: Wire) async throws {
        try await withServer(wire) { request in
            let body = (try? await request.body.collect(limitBytes: 100)) ?? ByteBuffer()
            return text(.ok, "\(request.head.path ?? "") \(String(buffer: body))")
        } _: { _, address in
            let count = 200
            let requests = (0..<count).map { index in
                index % 2 == 0
                    ? "GET /\(index) HTTP/1.1\r\nHost: x\r\n\r\n"
                    : "PUT /\(index) HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
            }.joined()
            for packetBytes in [1 << 20, 1_000, 7] {
                try await withClient(address) { client in
                    var rest = ByteBuffer(string: requests)
                    while let packet = rest.readSlice(
                        length: min(packetBytes, rest.readableBytes)), packet.readableBytes > 0
                    {
                        try await client.send(packet)
                    }
                    for index in 0..<count {
                        let response = try await client.readResponse()
                        #expect(response.text == "/\(index) " + (index % 2 == 0 ? "" : "abc"))
                    }
                }
            }
        }
    }

    @Test(
        "the connection is closed after the response where either side asks",
        arguments: [
            "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.0\r\n\r\n",
            "GET /close HTTP/1.1\r\nHost: x\r\n\r\n",
        ])
    func closesWhereAsked(request: String) async throws {
        try await withServer { request in
            var response = text(.ok, "body")
            if request.head.path == "/close" { response.fields[.connection] = "close" }
            return response
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send(request)
                let response = try await client.readResponse()
                #expect(response.text == "body")
                #expect(response.fields["connection"] == "close")
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test(
        "a client of HTTP/1.0 that asks for it keeps its connection and is told so",
        arguments: Wire.allCases)
    func keepsHTTP10(wire: Wire) async throws {
        try await withServer(wire) { _ in
            text(.ok, "body")
        } _: { _, address in
            try await withClient(address) { client in
                for _ in 0..<2 {
                    try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    let response = try await client.readResponse()
                    #expect(response.text == "body")
                    #expect(response.fields["connection"] == "keep-alive")
                }
            }
        }
    }

    @Test(
        "a client that ends its side after the request still gets the response",
        arguments: Wire.allCases)
    func answersHalfClosedClients(wire: Wire) async throws {
        try await withServer(wire) { _ in
            text(.ok, "body")
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                try await client.endOutput()
                #expect(try await client.readResponse().text == "body")
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    @Test(
        "a connection that has rested is answered as before, one with half a head as well",
        arguments: Wire.allCases)
    func answersAfterARest(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.restAfter = .zero
        try await withServer(wire, limits: limits) { request in
            text(.ok, request.head.path ?? "")
        } _: { _, address in
            try await withClient(address) { client in
                for index in 0..<2 {
                    try await client.send("GET /\(index) HTTP/1.1\r\nHost: x\r\n\r\nGET /half HT")
                    #expect(try await client.readResponse().text == "/\(index)")
                    try await restLongEnough()
                    try await client.send("TP/1.1\r\nHost: x\r\n\r\n")
                    #expect(try await client.readResponse().text == "/half")
                    try await restLongEnough()
                }
            }
        }
    }

    @Test(
        "a connection that rests ends with its time, with its client, and with the service",
        arguments: Wire.allCases)
    func endsARest(wire: Wire) async throws {
        var limits = HTTPLimits()
        limits.restAfter = .zero
        limits.keepAliveTimeout = .seconds(3)
        try await withServer(wire, limits: limits) { _ in
            text(.ok, "a")
        } _: { service, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.readResponse().text == "a")
                #expect(await client.readToEnd().readableBytes == 0)
            }
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.readResponse().text == "a")
                try await restLongEnough()
                try await client.endOutput()
                #expect(await client.readToEnd().readableBytes == 0)
            }
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                #expect(try await client.readResponse().text == "a")
                service.stop()
                #expect(await client.readToEnd().readableBytes == 0)
            }
        }
    }

    /// Until the second tick, by which every connection that waits is sent to rest.
    private func restLongEnough() async throws { try await Task.sleep(for: .milliseconds(2_300)) }
}
