import NIOCore
import RegionClient
import Replication
import Simulation
import Storage
import Testing

@Suite("Bodies that are streamed", .timeLimit(.minutes(10)))
struct StreamingTests {
    /// Sends a body of so many bytes, each byte telling its place, and counts what it could send.
    private static func server(
        bytes: Int, sent: Shared<Int>, gone: Shared<Bool>
    ) throws -> RawServer {
        try RawServer { connection in
            guard connection.readHead() != nil else { return }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(bytes)\r\n\r\n")
            let block = (0..<65_536).map { UInt8(truncatingIfNeeded: $0 % 251) }
            var count = 0
            while count < bytes {
                let next = block.prefix(min(block.count, bytes - count))
                guard connection.write(Array(next)) else { break }
                count += next.count
                let total = count
                sent.change { $0 = total }
            }
            while connection.read() != nil {}
            gone.change { $0 = true }
        }
    }

    /// Two periods and more of what the server sends, to be compared stretch by stretch.
    private static let pattern = ByteBuffer(
        bytes: (0..<262_144).map { UInt8(truncatingIfNeeded: $0 % 65_536 % 251) })

    @Test("every byte arrives once and in order, through many pauses")
    func order() async throws {
        var limits = ClientLimits.patient
        limits.bufferedBytes = 64 << 10
        limits.chunkBytes = 16 << 10
        let size = 24 << 20
        let sent = Shared(0)
        let server = try Self.server(bytes: size, sent: sent, gone: Shared(false))
        let client = HTTPClient(limits: limits)
        let answer = try await client.send(HTTPClientTests.get(server.port))
        var place = 0
        while let next = try await answer.body.next() {
            #expect(next.readableBytes <= limits.bufferedBytes + 16 << 10)
            let expected = Self.pattern.getSlice(at: place % 65_536, length: next.readableBytes)
            try #require(next == expected, "other bytes from \(place) on")
            place += next.readableBytes
        }
        #expect(place == size)
    }

    @Test("what nobody reads is not sent: the transfer pauses, and goes on when it is read")
    func backPressure() async throws {
        var limits = ClientLimits.patient
        limits.bufferedBytes = 1 << 20
        // More than every socket buffer on the way may hold (tcp_wmem and tcp_rmem: a few MiB each).
        let size = 128 << 20
        let sent = Shared(0)
        let server = try Self.server(bytes: size, sent: sent, gone: Shared(false))
        let client = HTTPClient(limits: limits)
        let answer = try await client.send(HTTPClientTests.get(server.port))
        // While the first transfer stands, a second one runs from start to end on the same thread.
        let other = try HTTPClientTests.answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")
        _ = try await client.send(HTTPClientTests.get(other.port)).collect(limitBytes: 1)
        var last = -1
        while sent.value != last {
            last = sent.value
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(last < size / 2, "\(last) bytes were sent to a reader that took none")
        var count = 0
        while let next = try await answer.body.next() { count += next.readableBytes }
        #expect(count == size)
    }

    @Test("letting go of a body ends its transfer")
    func lettingGo() async throws {
        let gone = Shared(false)
        let server = try Self.server(bytes: 1 << 30, sent: Shared(0), gone: gone)
        let client = HTTPClient(limits: .patient)
        do {
            let answer = try await client.send(HTTPClientTests.get(server.port))
            _ = try await answer.body.next()
        }
        try await eventually("the transfer has ended") { gone.value }
    }

    @Test("a cancelled task stops waiting, and its transfer ends", arguments: [true, false])
    func cancellation(whileWaitingForTheHead: Bool) async throws {
        let asked = Shared(false)
        let gone = Shared(false)
        let server = try RawServer { connection in
            guard connection.readHead() != nil else { return }
            if !whileWaitingForTheHead {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            }
            asked.change { $0 = true }
            while connection.read() != nil {}
            gone.change { $0 = true }
        }
        let client = HTTPClient(limits: .patient)
        let port = server.port
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    _ = try await client.send(HTTPClientTests.get(port)).collect(limitBytes: 100)
                    return false
                } catch {
                    return error is CancellationError
                }
            }
            try await eventually("the server is asked") { asked.value }
            group.cancelAll()
            #expect(try await group.next() == true)
        }
        try await eventually("the transfer has ended") { gone.value }
    }

    @Test("when the client goes, what is under way fails")
    func clientGoes() async throws {
        let asked = Shared(false)
        let server = try RawServer { connection in
            _ = connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n")
            asked.change { $0 = true }
            while connection.read() != nil {}
        }
        let body: any ByteSource
        do {
            let client = HTTPClient(limits: .patient)
            body = try await client.send(HTTPClientTests.get(server.port)).body
        }
        let code = await HTTPClientTests.code { _ = try await body.next() }
        #expect(code == .unreachable)
    }
}
