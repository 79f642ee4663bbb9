// Regions of files: the right bytes, the lease held until the last of them, the descriptor left open.

import Foundation
import HTTPServer
import HTTPTypes
import NIOCore
import Synchronization
import Testing

@Suite struct FileResponseTests {
    @Test("a gigabyte goes out by file regions, byte for byte", arguments: Wire.allCases)
    func sendsAGigabyte(wire: Wire) async throws {
        // Encryption is not what a debug build is good at.
        let size = wire == .clear ? 1 << 30 : 1 << 27
        let file = try ScratchFile(sizeBytes: size)
        let parts = stride(from: 0, to: size, by: 1 << 20).map { file.part($0, 1 << 20) }
        try await withServer(wire) { _ in
            ServerResponse(
                status: .ok, body: .stream(ListedParts(parts), lengthBytes: UInt64(size)))
        } _: { _, address in
            try await withClient(address) { client in
                try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                let head = try await client.readHead()
                #expect(head.fields["content-length"] == "\(size)")
                var offset = 0
                var differences = 0
                while offset < size {
                    if client.received.readableBytes == 0, try await !client.receive() { break }
                    let bytes = client.takeReceived()
                    if !file.holds(bytes, at: offset) { differences += 1 }
                    offset += bytes.readableBytes
                }
                #expect(offset == size)
                #expect(differences == 0)
            }
        }
    }

    @Test(
        "bytes and regions may be mixed, chunked or not, and the descriptor stays open",
        arguments: Wire.allCases)
    func mixes(wire: Wire) async throws {
        let file = try ScratchFile(sizeBytes: 1 << 20)
        try await withServer(wire) { request in
            let parts = ListedParts([
                .bytes(ByteBuffer(string: "<")), file.part(65_536, 4_096),
                .bytes(ByteBuffer(string: "|")), file.part(0, 0), file.part(100, 200_000),
                .bytes(ByteBuffer(string: ">")),
            ])
            let length = request.head.path == "/chunked" ? nil : UInt64(204_099)
            return ServerResponse(status: .ok, body: .stream(parts, lengthBytes: length))
        } _: { _, address in
            try await withClient(address) { client in
                for path in ["/chunked", "/", "/chunked", "/"] {
                    try await client.send("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n")
                    var body = try await client.readResponse().body
                    let pieces = [1, 4_096, 1, 200_000, 1].map {
                        body.readSlice(length: $0) ?? ByteBuffer()
                    }
                    #expect([0, 2, 4].map { String(buffer: pieces[$0]) } == ["<", "|", ">"])
                    #expect(file.holds(pieces[1], at: 65_536))
                    #expect(file.holds(pieces[3], at: 100))
                    #expect(body.readableBytes == 0)
                }
            }
            #expect(fcntl(file.descriptor, F_GETFD) >= 0)
        }
    }

    private final class Lease: Sendable {
        let onRelease: AsyncStream<Void>.Continuation
        init(_ onRelease: AsyncStream<Void>.Continuation) { self.onRelease = onRelease }
        deinit { onRelease.finish() }
    }

    private actor LeasedParts: ResponseSource {
        private let file: ScratchFile
        private var entry: AsyncStream<Void>.Continuation?
        init(_ file: ScratchFile, _ entry: AsyncStream<Void>.Continuation) {
            self.file = file
            self.entry = entry
        }
        func next() async throws -> ResponsePart? {
            guard let entry else { return nil }
            self.entry = nil
            return file.part(0, file.sizeBytes, lease: Lease(entry))
        }
    }

    @Test(
        "a lease ends with the last byte, and also when the client goes away before",
        arguments: Wire.allCases)
    func releasesLeases(wire: Wire) async throws {
        let file = try ScratchFile(sizeBytes: 64 << 20)
        for goesAway in [false, true] {
            let (released, entry) = AsyncStream<Void>.makeStream()
            let isReleased = Mutex(false)
            try await withServer(wire) { _ in
                ServerResponse(
                    status: .ok,
                    body: .stream(
                        LeasedParts(file, entry), lengthBytes: UInt64(file.sizeBytes)))
            } _: { _, address in
                try await withClient(address) { client in
                    try await client.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                    _ = try await client.readHead()
                    #expect(!isReleased.withLock { $0 })
                    guard !goesAway else { return }
                    var left = file.sizeBytes
                    while left > 0 {
                        left -= client.takeReceived().readableBytes
                        if left > 0, try await !client.receive() { break }
                    }
                    #expect(left == 0)
                }
                for await _ in released {}
                isReleased.withLock { $0 = true }
                #expect(fcntl(file.descriptor, F_GETFD) >= 0)
            }
        }
    }
}
