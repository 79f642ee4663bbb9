import Checksums
import NIOCore
import RegionClient
import Replication
import Simulation
import Storage
import Testing

@Suite("Regions prove to each other who speaks", .timeLimit(.minutes(10)))
struct PeerAuthenticationTests {
    static let name = ObjectName(bucket: "registry", key: "k")

    private static func code(_ transport: PeerTransport) async -> TransportError.Code? {
        await HTTPClientTests.code { _ = try await transport.entries(named: [name]) }
    }

    @Test("another key, another region, or a clock that is far off is refused")
    func refused() async throws {
        try await PeerFixture.serving { peer in
            let minutes: Int64 = 60_000
            for (transport, expected) in [
                (try peer.transport(), nil),
                (try peer.transport(secret: [1, 2, 3]), .unauthenticated),
                (try peer.transport(region: RegionID(0xC)), .unauthenticated),
                (try peer.transport(region: PeerFixture.theirs), .unauthenticated),
                (try peer.transport(peer: RegionID(0xC)), .unauthenticated),
                (try peer.transport(peer: nil), .unreachable),
                (try peer.transport(shiftMilliseconds: 4 * minutes), nil),
                (try peer.transport(shiftMilliseconds: 6 * minutes), .unauthenticated),
                (try peer.transport(shiftMilliseconds: -6 * minutes), .unauthenticated),
            ] as [(PeerTransport, TransportError.Code?)] {
                #expect(await Self.code(transport) == expected)
            }
        }
    }

    @Test("every call is meant for the region that the handshake met")
    func addressed() async throws {
        try await PeerFixture.serving { peer in
            let hello = Hello(
                region: PeerFixture.ours, name: "a", incarnation: 7, clockMilliseconds: 0)
            let transport = try peer.transport(peer: RegionID(0xC))
            #expect(await Self.code(transport) == .unauthenticated)
            #expect(try await transport.handshake(hello).region == PeerFixture.theirs)
            #expect(await Self.code(transport) == nil)
        }
    }

    @Test("a clock that is far off is named as the reason")
    func clockNamed() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport(shiftMilliseconds: 3_600_000)
            await #expect {
                try await transport.entries(named: [Self.name])
            } throws: { error in
                (error as? TransportError)?.message.contains("clock") == true
            }
        }
    }

    @Test("an answer that was changed on the way is not believed")
    func changedAnswer() async throws {
        try await PeerFixture.serving { peer in
            _ = try await peer.put("k", ByteBuffer(string: "a value to be changed"))
            let whole = try RawProxy(to: peer.port)
            #expect(await Self.code(try peer.transport(port: whole.port)) == nil)
            for text in ["to be changed", "200", "x-holdfast-signature: "] {
                let proxy = try RawProxy(to: peer.port, answers: .changeText(text))
                let code = await Self.code(try peer.transport(port: proxy.port))
                #expect(code == .unauthenticated, "\(text) changed")
            }
        }
    }

    @Test("a request that was changed on the way is refused")
    func changedRequest() async throws {
        try await PeerFixture.serving { peer in
            _ = try await peer.put("k", ByteBuffer(string: "v"))
            for text in ["registry", "/-/peer/v1/names", "Holdfast-Peer-1 0000"] {
                let proxy = try RawProxy(to: peer.port, requests: .changeText(text))
                let code = await Self.code(try peer.transport(port: proxy.port))
                #expect(code == .unauthenticated, "\(text) changed")
            }
        }
    }

    @Test("an answer of someone else, recorded from another request, is not believed")
    func recordedAnswer() async throws {
        try await PeerFixture.serving { peer in
            _ = try await peer.put("k", ByteBuffer(string: "v"))
            let recorded = Shared<[UInt8]>([])
            let recorder = try RawServer { connection in
                guard let target = try? RawConnection(connectingTo: peer.port) else { return }
                RawThread.start {
                    while let bytes = target.read() {
                        recorded.change { $0 += bytes }
                        connection.write(bytes)
                    }
                }
                while let bytes = connection.read() { target.write(bytes) }
                target.cut()
            }
            #expect(await Self.code(try peer.transport(port: recorder.port)) == nil)
            let player = try RawServer { connection in
                _ = connection.readHead()
                connection.write(recorded.value)
            }
            let code = await Self.code(try peer.transport(port: player.port))
            #expect(code == .unauthenticated)
        }
    }

    @Test("a request that is sent again by someone who listened is refused")
    func replay() async throws {
        try await PeerFixture.serving { peer in
            let recorded = Shared<[UInt8]>([])
            let recorder = try RawServer { connection in
                var bytes: [UInt8] = []
                while let next = connection.read() {
                    bytes += next
                    let all = bytes
                    recorded.change { $0 = all }
                    guard let target = try? RawConnection(connectingTo: peer.port) else { return }
                    target.write(next)
                    while let answer = target.read() { connection.write(answer) }
                }
            }
            let transport = try peer.transport(port: recorder.port)
            let asking = Task { try await transport.entries(named: [Self.name]) }
            try await eventually("the request is on its way") { !recorded.value.isEmpty }
            asking.cancel()
            _ = await asking.result
            // Whether or not the first one got through: of two more, one at least comes again.
            var last: String?
            for _ in 0..<2 { last = await Self.status(of: recorded.value, at: peer.port) }
            #expect(last == "HTTP/1.1 401 Unauthorized")
        }
    }

    private static func status(of request: [UInt8], at port: Int) async -> String? {
        await withCheckedContinuation { waiter in
            RawThread.start {
                guard let connection = try? RawConnection(connectingTo: port) else {
                    return waiter.resume(returning: nil)
                }
                connection.write(request)
                let head = connection.readHead()
                connection.close()
                waiter.resume(returning: head?.split(separator: "\r\n").first.map(String.init))
            }
        }
    }

    @Test("bytes of a blob that were changed on the way are seen by their digest")
    func changedBytes() async throws {
        try await PeerFixture.serving { peer in
            let bytes = ByteBuffer(string: String(repeating: "layer bytes, ", count: 10_000))
            let blob = try await peer.put("k", bytes)
            let range = 0..<UInt64(bytes.readableBytes)
            let proxy = try RawProxy(to: peer.port, answers: .changeText("layer"))
            let changed = try await PeerCallsTests.collect(
                try await peer.transport(port: proxy.port).read(blob, range: range))
            #expect(changed.readableBytes == bytes.readableBytes)
            #expect(MessageDigest.hash(.sha256, changed) != blob.bytes)
            let whole = try await PeerCallsTests.collect(
                try await peer.transport().read(blob, range: range))
            #expect(MessageDigest.hash(.sha256, whole) == blob.bytes)
        }
    }

    @Test("a connection that is cut in mid-body is an error, and the next call goes through")
    func cutInMidBody() async throws {
        try await PeerFixture.serving { peer in
            let bytes = ByteBuffer(repeating: 5, count: 4 << 20)
            let blob = try await peer.put("k", bytes)
            let proxy = try RawProxy(to: peer.port, answers: .cut(afterBytes: 1 << 20))
            let transport = try peer.transport(port: proxy.port)
            let count = Shared(0)
            let code = await HTTPClientTests.code {
                let source = try await transport.read(blob, range: 0..<UInt64(4 << 20))
                while let next = try await source.next() {
                    count.change { $0 += next.readableBytes }
                }
            }
            #expect(code == .unreachable)
            #expect(count.value > 0 && count.value < 1 << 20)
            #expect(await Self.code(transport) == nil)
        }
    }

    @Test("a server that is not the region is told apart: busy, unreachable, not believed")
    func otherServers() async throws {
        try await PeerFixture.serving { peer in
            for (status, expected) in [
                ("503 Busy", TransportError.Code.busy), ("502 Bad Gateway", .unreachable),
                ("200 OK", .unauthenticated), ("404 Not Found", .unauthenticated),
            ] {
                let server = try HTTPClientTests.answering(
                    "HTTP/1.1 \(status)\r\nContent-Length: 2\r\n\r\n{}")
                let code = await Self.code(try peer.transport(port: server.port))
                #expect(code == expected, "\(status)")
            }
        }
    }
}
