// Regions of files: the right bytes, the lease held until the last of them, the descriptor left open.

import Foundation
import HTTPServer
import HTTPTypes
import NIOCore
import Synchronization
import Testing

/// A file that is gone from its directory from the beginning.
private final class ScratchFile: Sendable {
    let descriptor: CInt
    let sizeBytes: Int

    /// Sparse, with a number at every 4096 bytes.
    init(sizeBytes: Int) throws {
        let path = NSTemporaryDirectory() + "holdfast-http-\(UUID())"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        try #require(descriptor >= 0)
        unlink(path)
        try #require(ftruncate(descriptor, off_t(sizeBytes)) == 0)
        for offset in stride(from: 0, to: sizeBytes - 8, by: 1 << 16) {
            withUnsafeBytes(of: UInt64(offset) &* 0x9e37_79b9_7f4a_7c15) {
                _ = pwrite(descriptor, $0.baseAddress, 8, off_t(offset))
            }
        }
        self.descriptor = descriptor
        self.sizeBytes = sizeBytes
    }

    deinit { close(descriptor) }

    func part(_ offset: Int, _ count: Int, lease: (any AnyObject & Sendable)? = nil) -> ResponsePart
    {
        .file(
            FileRegionPart(
                descriptor: descriptor, offsetBytes: Int64(offset), lengthBytes: count,
                lease: lease ?? self))
    }

    /// Whether these are the bytes at `offset`.
    func holds(_ bytes: ByteBuffer, at offset: Int) -> Bool {
        bytes.withUnsafeReadableBytes { bytes in
            let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
            defer { copy.deallocate() }
            guard let base = bytes.baseAddress, let copyBase = copy.baseAddress,
                pread(descriptor, copyBase, bytes.count, off_t(offset)) == bytes.count
            else { return false }
            return memcmp(base, copyBase, bytes.count) == 0
        }
    }
}

@Suite struct FileResponseTests {
    @Test("a gigabyte goes out by file regions, byte for byte")
    func sendsAGigabyte() async throws {
        let size = 1 << 30
        let file = try ScratchFile(sizeBytes: size)
        let parts = stride(from: 0, to: size, by: 1 << 20).map { file.part($0, 1 << 20) }
        try await withServer { _ in
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

    @Test("bytes and regions may be mixed, chunked or not, and the descriptor stays open")
    func mixes() async throws {
        let file = try ScratchFile(sizeBytes: 1 << 20)
        try await withServer { request in
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

    @Test("a lease ends with the last byte, and also when the client goes away before")
    func releasesLeases() async throws {
        let file = try ScratchFile(sizeBytes: 64 << 20)
        for goesAway in [false, true] {
            let (released, entry) = AsyncStream<Void>.makeStream()
            let isReleased = Mutex(false)
            try await withServer { _ in
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
