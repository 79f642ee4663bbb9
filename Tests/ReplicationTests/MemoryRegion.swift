// A region in memory, for tests of the shell and its parts.

import Checksums
import Logging
import NIOCore
import Replication
import Simulation
import Storage
import Synchronization
import Testing

struct MemoryRegion {
    let name: String
    let store: MemoryStore
    let clock = SimulatedClock()

    init(_ name: String, _ id: UInt64) {
        self.name = name
        store = MemoryStore(region: RegionID(id), clock: clock) { name in
            name.bucket == BucketName.system && name.key.hasPrefix("local/")
        }
    }

    /// The same region, put back from a copy.
    init(_ name: String, restored store: MemoryStore) {
        self.name = name
        self.store = store
    }

    var stores: ReplicationStores {
        ReplicationStores(objects: store, blobs: store, uploads: store, feed: store)
    }

    func examination(_ limits: ReplicationLimits = ReplicationLimits()) -> ClosureExamination {
        ClosureExamination(
            feed: store, blobs: store, limits: limits,
            rules: RulesInForce(region: name, feed: store, blobs: store))
    }

    /// To this region, for the one that asks.
    func transport(for region: RegionID = RegionID(.max)) -> MemoryTransport {
        MemoryTransport(self, asker: region)
    }

    func service(
        following peers: [MemoryRegion], limits: ReplicationLimits = ReplicationLimits(),
        through change: (MemoryTransport) -> any RegionTransport = { $0 }
    ) -> ReplicationService {
        ReplicationService(
            name: name,
            peers: peers.map { peer in
                ReplicationPeer(
                    name: peer.name, url: "memory:\(peer.name)",
                    transport: change(peer.transport(for: store.region)))
            }, stores: stores, clock: clock, limits: limits, logger: Logger(label: name))
    }

    @discardableResult
    func put(_ name: ObjectName, _ bytes: ByteBuffer) async throws -> ObjectVersion {
        let staged = try await store.stage(bytes: bytes)
        let blob = try #require(staged.blob)
        let content = ObjectContent(
            blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0, etag: "")
        return try #require(try await store.commit(.put(name, content, staged, .none)))
    }

    func delete(_ name: ObjectName) async throws {
        try await store.commit(.delete(name, .none))
    }

    func createBuckets(_ names: String...) async throws {
        let buckets = Buckets(objects: store, blobs: store)
        for name in names { try await buckets.create(name) }
    }

    /// Returns when the name shows this version; the test's time limit ends a wait in vain.
    func shows(_ version: ObjectVersion) async throws {
        try await eventually("\(name) shows \(version.name)") {
            try await store.registers(of: [version.name]).first?.published?.version
                == version.version
        }
    }
}

/// Straight into the other region's answers.
struct MemoryTransport: RegionTransport {
    let region: MemoryRegion
    let asker: RegionID
    let answers: RegionAnswers

    init(_ region: MemoryRegion, asker: RegionID) {
        self.region = region
        self.asker = asker
        answers = RegionAnswers(
            name: region.name, feed: region.store, blobs: region.store, clock: region.clock)
    }

    func handshake(_ hello: Hello) async throws -> Hello { try await answers.handshake(hello) }

    func feed(
        after cursors: [RegionID: FeedPosition], seen: [RegionID: FeedPosition], wait: Duration
    ) async throws -> [FeedRange] {
        try await answers.feed(after: cursors, seen: seen, wait: wait, of: asker)
    }

    func relay(of origin: RegionID, after: FeedPosition) async throws -> FeedRange {
        try await answers.relay(of: origin, after: after)
    }

    func entries(named names: [ObjectName]) async throws -> [EntryAnswer] {
        try await answers.entries(named: names)
    }

    func entries(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [FeedEntry] {
        try await answers.entries(in: bucket, after: after, limit: limit)
    }

    func states(of blobs: [BlobID]) async throws -> [BlobState] {
        try await answers.states(of: blobs)
    }

    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any ByteSource {
        do {
            return SegmentBytes(try await region.store.read(blob, range: range))
        } catch let error as StorageError {
            throw TransportError(.notFound, error.message)
        }
    }
}

/// A transport of which a test replaces the reading of bytes.
struct BytesThrough: RegionTransport {
    let base: MemoryTransport
    let change: @Sendable (BlobID, Range<UInt64>, any ByteSource) throws -> any ByteSource

    func handshake(_ hello: Hello) async throws -> Hello { try await base.handshake(hello) }

    func feed(
        after cursors: [RegionID: FeedPosition], seen: [RegionID: FeedPosition], wait: Duration
    ) async throws -> [FeedRange] {
        try await base.feed(after: cursors, seen: seen, wait: wait)
    }

    func relay(of origin: RegionID, after: FeedPosition) async throws -> FeedRange {
        try await base.relay(of: origin, after: after)
    }

    func entries(named names: [ObjectName]) async throws -> [EntryAnswer] {
        try await base.entries(named: names)
    }

    func entries(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [FeedEntry] {
        try await base.entries(in: bucket, after: after, limit: limit)
    }

    func states(of blobs: [BlobID]) async throws -> [BlobState] {
        try await base.states(of: blobs)
    }

    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any ByteSource {
        try change(blob, range, try await base.read(blob, range: range))
    }
}

/// A body of segments as bytes, in pieces.
final class SegmentBytes: ByteSource {
    private let source: any SegmentSource
    private let rest = Mutex(ByteBuffer())

    init(_ source: any SegmentSource) { self.source = source }

    func next() async throws -> ByteBuffer? {
        if rest.withLock({ $0.readableBytes }) == 0 {
            guard let segment = try await source.next() else { return nil }
            var bytes = ByteBuffer()
            try segment.append(to: &bytes)
            rest.withLock { [bytes] in $0 = bytes }
        }
        return rest.withLock { $0.readSlice(length: min($0.readableBytes, 10_000)) }
    }
}

/// A body that ends in an error after so many bytes.
final class CutBytes: ByteSource {
    private let source: any ByteSource
    private let left: Mutex<Int>

    init(_ source: any ByteSource, after bytes: Int) {
        self.source = source
        left = Mutex(bytes)
    }

    func next() async throws -> ByteBuffer? {
        guard let bytes = try await source.next() else { return nil }
        let isCut = left.withLock { left in
            left -= bytes.readableBytes
            return left < 0
        }
        if isCut { throw TransportError(.unreachable, "the connection was cut") }
        return bytes
    }
}

/// A body with its first byte changed.
final class WrongBytes: ByteSource {
    private let source: any ByteSource

    init(_ source: any ByteSource) { self.source = source }

    func next() async throws -> ByteBuffer? {
        guard var bytes = try await source.next() else { return nil }
        if let first: UInt8 = bytes.getInteger(at: bytes.readerIndex) {
            bytes.setInteger(first ^ 1, at: bytes.readerIndex)
        }
        return bytes
    }
}

func bytes(_ count: Int, seed: UInt64 = 1) -> ByteBuffer {
    var random = SplitMix(seed: seed)
    return ByteBuffer(bytes: (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
}

func blobID(of bytes: ByteBuffer) throws -> BlobID {
    try #require(BlobID(bytes: MessageDigest.hash(.sha256, bytes)))
}
