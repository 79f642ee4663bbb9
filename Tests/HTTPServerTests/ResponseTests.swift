// What a client gets: framing, bodies that are left out, streams, file regions, and cuts.

import Foundation
import HTTPServer
import HTTPTypes
import NIOCore
import Synchronization
import Testing

@Suite struct ResponseTests {
    @Test(
        "HEAD tells the length of what a GET would have sent, and sends none of it",
        arguments: Wire.allCases)
    func answersHead(wire: Wire) async throws {
        try await withServer(wire) { request in
            switch request.head.path {
            case "/bytes": return text(.ok, "12345")
            case "/stream":
                let parts = ListedParts([.bytes(ByteBuffer(string: "123456"))])
                return ServerResponse(status: .ok, body: .stream(parts, lengthBytes: 6))
            case "/chunked":
                let parts = ListedParts([.bytes(ByteBuffer(string: "123456"))])
                return ServerResponse(status: .ok, body: .stream(parts, lengthBytes: nil))
            default: return ServerResponse(status: .ok, fields: [.contentLength: "7"])
            }
        } _: { _, address in
            try await withClient(address) { client in
                for (path, length) in [
                    ("/bytes", "5"), ("/stream", "6"), ("/none", "7"), ("/chunked", nil),
                ] {
                    try await client.send("HEAD \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                    let response = try await client.readResponse(bodiless: true)
                    #expect(response.status == 200)
                    #expect(response.fields["content-length"] == length)
                    #expect(response.fields["connection"] == nil)
                }
            }
        }
    }

    @Test("204 and 304 have no body; an empty body says so", arguments: Wire.allCases)
    func leavesBodiesOut(wire: Wire) async throws {
        try await withServer(wire) { request in
            switch request.head.path {
            case "/204": return text(.noContent, "never")
            case "/304": return ServerResponse(status: .notModified, fields: [.eTag: "\"a\""])
            default: return ServerResponse(status: .ok, fields: [.contentLength: "99"])
            }
        } _: { _, address in
            try await withClient(address) { client in
                for (path, status, length) in [
                    ("/204", 204, nil), ("/304", 304, nil), ("/", 200, "0"),
                ] {
                    try await client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                    let response = try await client.readResponse(bodiless: true)
                    #expect(response.status == status)
                    #expect(response.fields["content-length"] == length)
                }
            }
        }
    }

    @Test(
        "a stream of unknown length is chunked, and for HTTP/1.0 ends with the connection",
        arguments: Wire.allCases)
    func streamsUnknownLengths(wire: Wire) async throws {
        try await withServer(wire) { _ in
            let parts = ListedParts(
                ["a", "", "bc"].map { .bytes(ByteBuffer(string: $0)) })
            return ServerResponse(status: .ok, body: .stream(parts, lengthBytes: nil))
        } _: { _, address in
            try await withClient(address) { client in
                for _ in 0..<2 {
                    try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    let response = try await client.readResponse()
                    #expect(response.fields["transfer-encoding"] == "chunked")
                    #expect(response.text == "abc")
                }
            }
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let response = try await client.readHead()
                #expect(response.fields["transfer-encoding"] == nil)
                #expect(response.fields["connection"] == "close")
                #expect(String(buffer: await client.readToEnd()) == "abc")
            }
        }
    }

    struct Broken: Error {}

    @Test(
        "a stream that fails or breaks its promise cuts the connection short of the end",
        arguments: [
            (Optional(UInt64(6)), true), (nil, true), (Optional(6), false), (Optional(2), false),
        ])
    func cuts(length: UInt64?, fails: Bool) async throws {
        try await withServer { _ in
            let parts = ListedParts(
                [.bytes(ByteBuffer(string: "abc"))], failure: fails ? Broken() : nil)
            return ServerResponse(status: .ok, body: .stream(parts, lengthBytes: length))
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                await #expect(throws: (any Error).self) { try await client.readResponse() }
            }
        }
    }

    @Test("a client that goes away in the middle lets go of the stream", arguments: Wire.allCases)
    func letsGo(wire: Wire) async throws {
        let (released, entry) = AsyncStream<Void>.makeStream()
        final class Endless: ResponseSource {
            let onRelease: AsyncStream<Void>.Continuation
            init(_ onRelease: AsyncStream<Void>.Continuation) { self.onRelease = onRelease }
            deinit { onRelease.finish() }
            func next() async throws -> ResponsePart? {
                .bytes(ByteBuffer(repeating: 0, count: 1 << 20))
            }
        }
        try await withServer(wire) { _ in
            ServerResponse(status: .ok, body: .stream(Endless(entry), lengthBytes: nil))
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                _ = try await client.readHead()
            }
            for await _ in released {}
        }
    }

    @Test(
        "a client that goes away cancels the task of a handler that is still thinking",
        arguments: Wire.allCases)
    func cancels(wire: Wire) async throws {
        let (cancelled, entry) = AsyncStream<Void>.makeStream()
        let (started, startEntry) = AsyncStream<Void>.makeStream()
        try await withServer(wire) { _ in
            startEntry.finish()
            do {
                try await Task.sleep(for: .seconds(1_000))
            } catch {
                entry.finish()
            }
            return text(.ok, "late")
        } _: { _, address in
            let client = try await RawClient(address)
            try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            for await _ in started {}
            // A reset: the end of the client's side alone is no sign that it is gone.
            let options = try #require(client.channel as? any SocketOptionProvider)
            try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
            try await client.channel.close()
            for await _ in cancelled {}
        }
    }
}
