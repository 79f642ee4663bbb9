// Bodies that go out as they come.

import NIOCore
import RegionClient
import Replication
import Storage
import Testing

/// Makes bytes as they are asked for, and counts them; each tells its place.
private final class MadeBytes: ByteSource {
    struct Broken: Error {}

    /// What comes behind the last byte.
    enum End {
        case whole
        case broken
        case waiting
    }

    static let pieceBytes = 50_000
    let made = Shared(0)
    private let size: Int
    private let end: End

    init(_ size: Int, end: End = .whole) {
        self.size = size
        self.end = end
    }

    func next() async throws -> ByteBuffer? {
        let place = made.value
        guard place < size else {
            switch end {
            case .whole: return nil
            case .broken: throw Broken()
            case .waiting: try await Task.sleep(for: .seconds(600))
            }
            return nil
        }
        let count = min(Self.pieceBytes, size - place)
        made.change { $0 += count }
        return ByteBuffer(
            bytes: (place..<place + count).map { UInt8(truncatingIfNeeded: $0 % 251) })
    }
}

@Suite("Requests whose body is streamed", .timeLimit(.minutes(10)))
struct StreamedRequestTests {
    private static func request(
        _ port: Int, _ source: any ByteSource, lengthBytes: UInt64?
    ) -> OutboundRequest {
        OutboundRequest(
            method: "PATCH", url: "http://127.0.0.1:\(port)/x",
            stream: OutboundStream(source, lengthBytes: lengthBytes), answer: .stream)
    }

    @Test("every byte goes out once and in order, under its length")
    func order() async throws {
        let size = 3_000_017
        let seen = Shared<[UInt8]>([])
        let server = try RawServer { connection in
            var bytes: [UInt8] = []
            while let next = connection.read() {
                bytes += next
                if bytes.count > size, bytes.suffix(size).first == 0,
                    bytes.last == UInt8(truncatingIfNeeded: (size - 1) % 251)
                {
                    break
                }
            }
            let all = bytes
            seen.change { $0 = all }
            connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        }
        let client = HTTPClient(limits: .patient)
        let answer = try await client.send(
            Self.request(server.port, MadeBytes(size), lengthBytes: UInt64(size)))
        #expect(answer.head.status == 204)
        let expected = (0..<size).map { UInt8(truncatingIfNeeded: $0 % 251) }
        #expect(Array(seen.value.suffix(size)) == expected)
        let head = String(decoding: seen.value.prefix(seen.value.count - size), as: UTF8.self)
        #expect(head.hasPrefix("PATCH /x HTTP/1.1\r\n"))
        #expect(head.contains("Content-Length: \(size)\r\n"))
        #expect(!head.lowercased().contains("expect:"))
    }

    @Test("a body whose length is not known goes out chunked")
    func chunked() async throws {
        let seen = Shared("")
        let server = try RawServer { connection in
            var text = ""
            while !text.hasSuffix("\r\n0\r\n\r\n"), let next = connection.read() {
                text += String(decoding: next, as: UTF8.self)
            }
            let all = text
            seen.change { $0 = all }
            connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        }
        let client = HTTPClient(limits: .patient)
        _ = try await client.send(
            Self.request(
                server.port, BufferSource(ByteBuffer(string: "abcde")), lengthBytes: nil))
        #expect(seen.value.contains("Transfer-Encoding: chunked\r\n"))
        #expect(seen.value.hasSuffix("\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"))
    }

    @Test("what the other side does not read is not asked for")
    func backPressure() async throws {
        // More than every socket buffer on the way may hold (tcp_wmem and tcp_rmem: a few MiB each).
        let size = 64 << 20
        let source = MadeBytes(size)
        let goOn = Shared(false)
        let server = try RawServer { connection in
            _ = connection.read()
            while !goOn.value { RawClock.pause() }
            var count = 0
            while count < size - (64 << 10), let next = connection.read() { count += next.count }
            connection.write("HTTP/1.1 204 No Content\r\n\r\n")
        }
        let client = HTTPClient(limits: .patient)
        let request = Self.request(server.port, source, lengthBytes: UInt64(size))
        async let answer = client.send(request)
        var last = 0
        while last == 0 || source.made.value != last {
            last = source.made.value
            try await Task.sleep(for: .milliseconds(300))
        }
        #expect(last < size / 2, "\(last) bytes were made that nobody read")
        goOn.change { $0 = true }
        #expect(try await answer.head.status == 204)
        #expect(source.made.value > size - (128 << 10))
    }

    @Test("a source that fails ends the request before it could be taken for whole")
    func failure() async throws {
        let whole = Shared(false)
        let server = try RawServer { connection in
            var text = ""
            while let next = connection.read() { text += String(decoding: next, as: UTF8.self) }
            let isWhole = text.hasSuffix("0\r\n\r\n")
            whole.change { $0 = isWhole }
        }
        let client = HTTPClient(limits: .patient)
        for length in [nil, UInt64(200_000)] {
            await #expect(throws: MadeBytes.Broken.self) {
                _ = try await client.send(
                    Self.request(
                        server.port, MadeBytes(120_000, end: .broken), lengthBytes: length))
            }
        }
        #expect(!whole.value)
    }

    @Test("an answer that comes before all is sent is given, and nothing more is asked for")
    func refused() async throws {
        let source = MadeBytes(1 << 30)
        let server = try RawServer { connection in
            guard connection.readHead() != nil else { return }
            connection.write(
                "HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno"
            )
            while connection.read() != nil {}
        }
        let client = HTTPClient(limits: .patient)
        let answer = try await client.send(
            Self.request(server.port, source, lengthBytes: 1 << 30))
        #expect(answer.head.status == 413)
        #expect(String(buffer: try await answer.collect(limitBytes: 10)) == "no")
        #expect(source.made.value < 1 << 29)
    }

    @Test("a request that is cancelled lets go of its source")
    func cancelled() async throws {
        let server = try RawServer { connection in
            while connection.read() != nil {}
        }
        let client = HTTPClient(limits: .patient)
        let source = MadeBytes(1 << 20, end: .waiting)
        let port = server.port
        let sending = Task {
            try await client.send(Self.request(port, source, lengthBytes: 2 << 20))
        }
        while source.made.value < 1 << 20 { try await Task.sleep(for: .milliseconds(5)) }
        sending.cancel()
        await #expect(throws: (any Error).self) { _ = try await sending.value }
    }
}
