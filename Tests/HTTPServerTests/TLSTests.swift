// TLS: what is shown, what is refused, how long a handshake may take, and what a response may hold in memory.

import Foundation
import HTTPServer
import HTTPTypes
import NIOCore
import NIOSSL
import Synchronization
import Testing

@Suite struct TLSTests {
    private static let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    /// Serves with a certificate; `body` gets the listener's address.
    private static func serving(
        _ certificate: ServerCertificate, limits: HTTPLimits = HTTPLimits(),
        respond: @escaping @Sendable (ServerRequest) async -> ServerResponse = { request in
            text(.ok, "\(request.hasClientCertificate)")
        }, _ body: (ListenerAddress) async throws -> Void
    ) async throws {
        try await withServer(limits: limits, certificate: certificate, respond: respond) {
            _, server in try await body(server.address)
        }
    }

    /// What the server answers to one request on a new connection.
    private static func answer(
        _ address: ListenerAddress, _ context: NIOSSLContext
    ) async throws -> RawResponse {
        var client = try await RawClient(address, context)
        defer { client.channel.close(promise: nil) }
        try await client.send(get)
        return try await client.readResponse()
    }

    @Test("http/1.1 is agreed on, by TLS 1.2 or later; an older client is refused")
    func versions() async throws {
        let authority = try TestAuthority.shared.get()
        try await Self.serving(try ServerCertificate(authority.files("server"))) { address in
            for (version, agreed) in [(TLSVersion.tlsv12, true), (.tlsv13, true), (.tlsv11, false)]
            {
                let context = try authority.client {
                    $0.minimumTLSVersion = .tlsv1
                    $0.maximumTLSVersion = version
                }
                guard agreed else {
                    await #expect(throws: (any Error).self) {
                        try await Self.answer(address, context)
                    }
                    continue
                }
                var client = try await RawClient(address, context)
                try await client.send(Self.get)
                #expect(try await client.readResponse().status == 200)
                let found = try await client.channel.nioSSL_tlsVersion().get()
                #expect(found == version)
                #expect(client.agreedProtocol == "http/1.1")
                client.channel.close(promise: nil)
            }
        }
    }

    @Test("a client certificate of the authorities is noted, none is let in, another is refused")
    func clientCertificates() async throws {
        let authority = try TestAuthority.shared.get()
        let files = authority.files("server", clientAuthorities: authority.authorities)
        try await Self.serving(try ServerCertificate(files)) { address in
            let shown = try await Self.answer(address, authority.client(showing: "client"))
            #expect(shown.text == "true")
            let none = try await Self.answer(address, authority.client())
            #expect(none.text == "false")
            let foreign = try authority.client(showing: "client", of: TestAuthority.foreign.get())
            await #expect(throws: (any Error).self) { try await Self.answer(address, foreign) }
        }
        // Where no authorities are set, nobody is asked.
        try await Self.serving(try ServerCertificate(authority.files("server"))) { address in
            let shown = try await Self.answer(address, authority.client(showing: "client"))
            #expect(shown.text == "false")
        }
    }

    @Test(
        "a handshake that does not end is cut, whether its client is silent or trickles",
        .timeLimit(.minutes(1)))
    func slowHandshakes() async throws {
        var limits = HTTPLimits()
        limits.headTimeout = .milliseconds(10)
        limits.responseIdleTimeout = .hours(1)
        let authority = try TestAuthority.shared.get()
        try await Self.serving(
            try ServerCertificate(authority.files("server")), limits: limits
        ) { address in
            // The head of a record that announces more than ever comes.
            for start in [[], [22, 3, 1, 2, 0], [22, 3, 1, 2, 0, 1, 0, 1, 252]] as [[UInt8]] {
                try await withClient(ServerAddress(address: address)) { client in
                    try await client.send(ByteBuffer(bytes: start))
                    #expect(await client.readToEnd().readableBytes == 0)
                }
            }
        }
    }

    @Test("clear text on an encrypted listener is not answered")
    func clearText() async throws {
        let authority = try TestAuthority.shared.get()
        try await Self.serving(try ServerCertificate(authority.files("server"))) { address in
            try await withClient(ServerAddress(address: address)) { client in
                try await client.send(Self.get)
                let answer = await client.readToEnd()
                // An alert of TLS at most.
                #expect(!String(buffer: answer).contains("HTTP"))
            }
        }
    }

    @Test("who ends its side still gets the whole of a long response", arguments: Wire.allCases)
    func halfCloses(wire: Wire) async throws {
        let size = 24 << 20
        try await withServer(wire) { _ in
            text(.ok, String(repeating: "a", count: size))
        } _: { _, server in
            try await withClient(server) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                try await client.endOutput()
                #expect(try await client.readResponse().body.readableBytes == size)
            }
        }
    }

    /// Gives a megabyte at a time and counts them.
    private final class Counted: ResponseSource {
        let given = Atomic<Int>(0)
        let part: ResponsePart
        init(_ part: ResponsePart) { self.part = part }
        func next() async throws -> ResponsePart? {
            given.add(part.lengthBytes, ordering: .relaxed)
            return part
        }
    }

    enum Parts: Sendable, CaseIterable {
        case regions
        case megabytes
        case kilobytes

        func part(of file: ScratchFile) -> ResponsePart {
            switch self {
            case .regions: file.part(0, 1 << 20)
            case .megabytes: .bytes(ByteBuffer(repeating: 7, count: 1 << 20))
            case .kilobytes: .bytes(ByteBuffer(repeating: 7, count: 10_000))
            }
        }
    }

    @Test(
        "a client that does not read stops the response, whatever its parts are",
        .timeLimit(.minutes(2)), arguments: Wire.allCases, Parts.allCases)
    func backPressure(wire: Wire, parts: Parts) async throws {
        let source = Counted(parts.part(of: try ScratchFile(sizeBytes: 1 << 20)))
        try await withServer(wire) { _ in
            ServerResponse(status: .ok, body: .stream(source, lengthBytes: 1 << 40))
        } _: { _, server in
            try await withClient(server) { client in
                try await client.send(Self.get)
                _ = try await client.readHead()
                var before = -1
                while source.given.load(ordering: .relaxed) != before {
                    before = source.given.load(ordering: .relaxed)
                    try await Task.sleep(for: .milliseconds(500))
                }
                // What the socket's buffers take at most, and what waits for them.
                #expect(before <= 24 << 20, "\(before) bytes were asked for")
            }
        }
    }
}
