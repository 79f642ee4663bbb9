import Checksums
import NIOCore
import RegionClient
import Replication
import Storage
import Testing

@Suite("A region asked by another", .timeLimit(.minutes(10)))
struct PeerCallsTests {
    static func collect(_ source: any ByteSource) async throws -> ByteBuffer {
        var result = ByteBuffer()
        while var next = try await source.next() { result.writeBuffer(&next) }
        return result
    }

    @Test("says who it is")
    func handshake() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let hello = Hello(
                region: PeerFixture.ours, name: "a", incarnation: 7, clockMilliseconds: 0)
            let answer = try await transport.handshake(hello)
            #expect(answer.region == PeerFixture.theirs)
            #expect(answer.name == "b")
            #expect(answer.clockMilliseconds > 0)
            var later = hello
            later.protocolVersions = 90...99
            let code = await HTTPClientTests.code { _ = try await transport.handshake(later) }
            #expect(code == .incompatible)
        }
    }

    @Test("tells what it wrote, in order, with the bytes of what is small")
    func feed() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let small = ByteBuffer(string: "sha256:link")
            let large = ByteBuffer(repeating: 3, count: (8 << 10) + 1)
            _ = try await peer.put("small", small)
            _ = try await peer.put("large", large)
            _ = try await peer.put("local/secret", small)
            let name = ObjectName(bucket: "registry", key: "gone")
            _ = try await peer.put(name.key, small)
            try await peer.store.commit(.delete(name, .none))

            let ranges = try await transport.feed(after: [:], seen: [:], wait: .zero)
            let range = try #require(ranges.first)
            #expect(ranges.count == 1 && range.origin == PeerFixture.theirs)
            #expect(range.after == .start)
            let entries = range.entries.filter { $0.object.name.bucket == "registry" }
            #expect(entries.map(\.object.name.key) == ["small", "large", "gone"])
            #expect(entries.map(\.inlineBytes) == [small, nil, nil])
            #expect(entries.last?.object.kind == .tombstone)
            for entry in entries {
                let known = try await peer.store.registers(of: [entry.object.name])
                #expect(known.first?.versions.contains(entry.object) == true)
            }
            #expect(
                try await transport.feed(
                    after: [range.origin: range.through], seen: [:], wait: .zero
                ).isEmpty)
        }
    }

    @Test("holds a question open until something is new")
    func longPoll() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let first = try await transport.feed(after: [:], seen: [:], wait: .zero)
            let cursor = try #require(first.last).through
            async let next = transport.feed(
                after: [PeerFixture.theirs: cursor], seen: [:], wait: .seconds(60))
            _ = try await peer.put("k", ByteBuffer(string: "v"))
            let range = try #require(try await next.first)
            #expect(range.after == cursor)
            #expect(range.entries.map(\.object.name.key) == ["k"])
        }
    }

    @Test("ends an answer before it gets too large, and goes on where it ended")
    func feedInPieces() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let value = ByteBuffer(repeating: 1, count: 8 << 10)
            for number in 0..<300 {
                var bytes = value
                bytes.setInteger(number, at: 0)
                _ = try await peer.put(ObjectKey("k\(number)"), bytes)
            }
            var cursor = FeedPosition.start
            var keys: [ObjectKey] = []
            var answers = 0
            while true {
                let ranges = try await transport.feed(
                    after: [PeerFixture.theirs: cursor], seen: [:], wait: .zero)
                guard let range = ranges.first else { break }
                answers += 1
                cursor = range.through
                keys += range.entries.map(\.object.name).filter { $0.bucket == "registry" }
                    .map(\.key)
            }
            #expect(keys == (0..<300).map { ObjectKey("k\($0)") })
            #expect(answers > 1)
        }
    }

    @Test("refuses a cursor that it never issued")
    func unknownPosition() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let cursor = FeedPosition(incarnation: 99, number: 1_000_000)
            let code = await HTTPClientTests.code {
                _ = try await transport.feed(
                    after: [PeerFixture.theirs: cursor], seen: [:], wait: .zero)
            }
            #expect(code == .unknownPosition)
        }
    }

    @Test("answers by name: the published version, or that there is none")
    func names() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let value = ByteBuffer(string: "v")
            // More than one request carries.
            let keys = (0..<600).map { ObjectKey("k\($0)") }
            for key in keys where key != "k77" { _ = try await peer.put(key, value) }
            _ = try await peer.put("local/secret", value)
            let names = (keys + ["local/secret"]).map { ObjectName(bucket: "registry", key: $0) }
            let answers = try await transport.entries(named: names)
            #expect(answers.map(\.name) == names)
            let missing = answers.filter { $0.entry == nil }.map(\.name.key)
            #expect(missing == ["k77", "local/secret"])
            #expect(answers.first?.entry?.inlineBytes == value)
            #expect(try await transport.entries(named: []).isEmpty)
        }
    }

    @Test("tells what it expects apart from what it never had")
    func expected() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let awaited = try #require(BlobID(bytes: Array(repeating: 7, count: 32)))
            let other = try #require(BlobID(bytes: Array(repeating: 8, count: 32)))
            let name = ObjectName(bucket: "registry", key: "waiting")
            let third = RegionID(0xC)
            let content = ObjectContent(
                blob: awaited, sizeBytes: 1, lastModifiedMilliseconds: 1, etag: "e")
            let object = ObjectVersion(
                name: name, version: Version(stamp: HybridTimestamp(rawValue: 1), region: third),
                position: FeedPosition(incarnation: 1, number: 1), kind: .put(content),
                state: .pending)
            try await peer.store.merge([FeedEntry(object: object)])
            #expect(try await transport.states(of: [other, awaited]) == [.neverHad, .pending])
            let missing = ObjectName(bucket: "registry", key: "missing")
            #expect(
                try await transport.entries(named: [missing, name]) == [
                    EntryAnswer(name: missing, entry: nil),
                    EntryAnswer(name: name, entry: nil, isPending: true),
                ])
        }
    }

    @Test("lists a bucket's names page by page")
    func keys() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let keys = (100..<350).map { ObjectKey("k\($0)") }
            for key in keys { _ = try await peer.put(key, ByteBuffer(string: "v")) }
            var listed: [ObjectKey] = []
            while true {
                let page = try await transport.entries(
                    in: "registry", after: listed.last, limit: 100)
                guard !page.isEmpty else { break }
                #expect(page.count <= 100)
                listed += page.map(\.object.name.key)
            }
            #expect(listed == keys)
            #expect(try await transport.entries(in: "other", after: nil, limit: 10).isEmpty)
        }
    }

    @Test("says what it holds of blobs, and gives any range of them")
    func blobs() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let bytes = ByteBuffer(bytes: (0..<100_000).map { UInt8(truncatingIfNeeded: $0 % 253) })
            let blob = try await peer.put("k", bytes)
            let other = try #require(BlobID(bytes: Array(repeating: 9, count: 32)))
            #expect(try await transport.states(of: [other, blob]) == [.neverHad, .have])
            for range: Range<UInt64> in [0..<100_000, 0..<0, 99_999..<100_000, 500..<70_000] {
                let read = try await Self.collect(transport.read(blob, range: range))
                let expected = bytes.getSlice(at: Int(range.lowerBound), length: range.count)
                #expect(read == expected)
            }
            for (asked, range, expected) in [
                (other, 0..<1, TransportError.Code.notFound), (blob, 0..<100_001, .malformed),
            ] as [(BlobID, Range<UInt64>, TransportError.Code)] {
                let code = await HTTPClientTests.code {
                    _ = try await transport.read(asked, range: range)
                }
                #expect(code == expected)
            }
        }
    }

    @Test("does not give bytes that are damaged")
    func damagedBlob() async throws {
        try await PeerFixture.serving { peer in
            let transport = try peer.transport()
            let blob = try await peer.put("k", ByteBuffer(repeating: 1, count: 10_000))
            peer.store.corrupt(blob)
            let code = await HTTPClientTests.code {
                _ = try await transport.read(blob, range: 0..<10_000)
            }
            #expect(code == .notFound)
        }
    }
}
