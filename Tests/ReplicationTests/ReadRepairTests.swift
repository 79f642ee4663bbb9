// Reads that meet damage while another region has the bytes, or none has.

import Logging
import NIOCore
import Replication
import Storage
import Synchronization
import Testing

@Suite("A read that meets damage", .timeLimit(.minutes(2)))
struct ReadRepairTests {
    private let own = MemoryRegion("a", 1)
    private let others = [MemoryRegion("b", 2), MemoryRegion("c", 3)]

    /// The own region's blobs, mended from the others.
    private func withRepair(
        from transports: [any RegionTransport], _ blobs: (any BlobStore)? = nil,
        _ body: (ReadRepair) async throws -> Void
    ) async throws {
        var stores = own.stores
        if let blobs { stores.blobs = blobs }
        var limits = ReplicationLimits()
        limits.mendRest = .zero
        let mending = MendBlobs(
            peers: transports.enumerated().map { index, transport in
                ReplicationPeer(name: "peer-\(index)", url: "memory:", transport: transport)
            }, stores: stores, limits: limits, logger: Logger(label: "test"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await mending.run() }
            try await body(ReadRepair(stores.blobs, mending: mending))
            group.cancelAll()
        }
    }

    private static func keep(_ bytes: ByteBuffer, in region: MemoryRegion) async throws -> BlobID {
        try await region.store.keep(try await region.store.stage(bytes: bytes)).blob
    }

    private static let body = bytes(100_000)

    @Test("waits until the copy of another region has taken its place, and serves that")
    func mended() async throws {
        let blob = try await Self.keep(Self.body, in: own)
        _ = try await Self.keep(Self.body, in: others[1])
        own.store.corrupt(blob)
        try await withRepair(from: others.map { $0.transport() }) { repair in
            let served = try await repair.content(of: blob, limitBytes: 100_000)
            #expect(served == Self.body)
        }
        #expect(try await own.store.stat(blob)?.isDamaged == false)
        #expect(try await own.store.content(of: blob, limitBytes: 100_000) == Self.body)
    }

    @Test("shares one fetch with all others that wait for the blob")
    func shared() async throws {
        let blob = try await Self.keep(Self.body, in: own)
        _ = try await Self.keep(Self.body, in: others[0])
        own.store.corrupt(blob)
        let fetches = Mutex(0)
        let counted = BytesThrough(base: others[0].transport()) { _, _, source in
            fetches.withLock { $0 += 1 }
            return SlowBytes(source)
        }
        try await withRepair(from: [counted]) { repair in
            try await withThrowingTaskGroup(of: ByteBuffer.self) { group in
                for _ in 0..<20 {
                    group.addTask { try await repair.content(of: blob, limitBytes: 100_000) }
                }
                for try await bytes in group { #expect(bytes == Self.body) }
            }
        }
        #expect(fetches.withLock { $0 } == 1)
    }

    @Test("goes to the next region where one sends wrong bytes, and serves none of them")
    func liedTo() async throws {
        let blob = try await Self.keep(Self.body, in: own)
        for other in others { _ = try await Self.keep(Self.body, in: other) }
        own.store.corrupt(blob)
        let liar = BytesThrough(base: others[0].transport()) { _, _, source in WrongBytes(source) }
        try await withRepair(from: [liar, others[1].transport()]) { repair in
            let served = try await repair.content(of: blob, limitBytes: 100_000)
            #expect(served == Self.body)
        }
    }

    @Test("fails, naming the digest and what was said, where nobody has the bytes")
    func beyondRepair() async throws {
        let blob = try await Self.keep(Self.body, in: own)
        own.store.corrupt(blob)
        let other = try await Self.keep(bytes(50, seed: 9), in: own)
        for peers in [others, []] {
            try await withRepair(from: peers.map { $0.transport() }) { repair in
                let error = await #expect(throws: StorageError.self) {
                    _ = try await repair.content(of: blob, limitBytes: 100_000)
                }
                #expect(error?.code == .damaged)
                #expect(error?.message.contains(blob.description) == true)
                let unaffected = try await repair.content(of: other, limitBytes: 50)
                #expect(unaffected == bytes(50, seed: 9))
            }
        }
    }

    @Test("is mended from several regions of which none has all, each giving what is intact there")
    func patched() async throws {
        let body = bytes(3_000_000)
        let blob = try blobID(of: body)
        let stores = [100_000..<100_001, 95_000..<99_000, 2_000_000..<3_000_000].map {
            SpoiltStore(body, damaged: $0)
        }
        var peers: [BytesThrough] = []
        for (other, store) in zip(others, stores[1...]) {
            _ = try await Self.keep(body, in: other)
            peers.append(
                BytesThrough(base: other.transport()) { _, range, _ in
                    SegmentBytes(try store.source(range))
                })
        }
        try await withRepair(
            from: peers.map { StateOfBlob(base: $0, state: .damaged) }, stores[0]
        ) { repair in
            let served = try await repair.content(of: blob, limitBytes: 3_000_000)
            #expect(served == body)
        }
        let kept = try #require(stores[0].kept)
        #expect(kept == body)
    }

    @Test("where two regions lost the same bytes, says which")
    func sameStretch() async throws {
        let body = bytes(300_000)
        let blob = try blobID(of: body)
        let own = SpoiltStore(body, damaged: 90_000..<90_010)
        let other = SpoiltStore(body, damaged: 90_009..<95_000)
        _ = try await Self.keep(body, in: others[0])
        let peer = BytesThrough(base: others[0].transport()) { _, range, _ in
            SegmentBytes(try other.source(range))
        }
        try await withRepair(from: [StateOfBlob(base: peer, state: .damaged)], own) { repair in
            let error = await #expect(throws: StorageError.self) {
                _ = try await repair.content(of: blob, limitBytes: 300_000)
            }
            #expect(error?.message.contains("no region has bytes ") == true)
        }
        #expect(own.kept == nil)
    }

    @Test("in the middle of a body goes on behind the last byte that went out")
    func midway() async throws {
        let blob = try await Self.keep(Self.body, in: own)
        _ = try await Self.keep(Self.body, in: others[0])
        let pieces = PiecewiseStore(own.store, damagedFrom: 60_000)
        own.store.corrupt(blob)
        try await withRepair(from: [others[0].transport()], pieces) { repair in
            var received = ByteBuffer()
            let source = try await repair.read(blob, range: 1_000..<90_000)
            while let segment = try await source.next() {
                try segment.append(to: &received)
                let expected = Self.body.getSlice(at: 1_000, length: received.readableBytes)
                #expect(received == expected)
            }
            #expect(received.readableBytes == 89_000)
        }
        #expect(pieces.reads.withLock { $0 }.map(\.lowerBound).max() == 60_000)
    }
}

/// Bytes that take their time, so that others come to wait for them.
private final class SlowBytes: ByteSource {
    private let source: any ByteSource

    init(_ source: any ByteSource) { self.source = source }

    func next() async throws -> ByteBuffer? {
        for _ in 0..<200 { await Task.yield() }
        return try await source.next()
    }
}

/// Hands bodies out in pieces of 10 000 bytes, and meets damage at a place until the blob is mended.
private final class PiecewiseStore: BlobStore {
    let reads = Mutex<[Range<UInt64>]>([])
    private let store: MemoryStore
    private let damagedFrom: UInt64
    private let isDamaged = Mutex(true)

    init(_ store: MemoryStore, damagedFrom: UInt64) {
        self.store = store
        self.damagedFrom = damagedFrom
    }

    func stage(_ plan: HashPlan, expectedBytes: UInt64?) async throws -> any BlobStaging {
        try await store.stage(plan, expectedBytes: expectedBytes)
    }

    func isToBeSealed(_ blob: BlobID) async throws -> Bool { false }

    func stat(_ blob: BlobID) async throws -> BlobInfo? {
        guard var info = try await store.stat(blob) else { return nil }
        info.isDamaged = isDamaged.withLock { $0 }
        return info
    }

    func keep(_ staged: StagedBlob) async throws -> BlobInfo {
        isDamaged.withLock { $0 = false }
        return try await store.keep(staged)
    }

    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any SegmentSource {
        reads.withLock { $0.append(range) }
        return Pieces(range) { [self] piece in
            if piece.upperBound > damagedFrom, isDamaged.withLock({ $0 }) {
                throw StorageError(.damaged, "blob \(blob) is damaged")
            }
            // What stands before the damage was never changed.
            return bytes(100_000).getSlice(at: Int(piece.lowerBound), length: piece.count)
        }
    }

    private final class Pieces: SegmentSource {
        private let rest: Mutex<Range<UInt64>>
        private let read: @Sendable (Range<UInt64>) throws -> ByteBuffer?

        init(
            _ range: Range<UInt64>,
            _ read: @escaping @Sendable (Range<UInt64>) throws -> ByteBuffer?
        ) {
            rest = Mutex(range)
            self.read = read
        }

        func next() async throws -> Segment? {
            let rest = rest.withLock { $0 }
            guard !rest.isEmpty else { return nil }
            let end = min((rest.lowerBound / 10_000 + 1) * 10_000, rest.upperBound)
            let bytes = try read(rest.lowerBound..<end)
            self.rest.withLock { $0 = end..<rest.upperBound }
            return bytes.map(Segment.bytes)
        }
    }
}
