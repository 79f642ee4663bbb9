// One blob of which a stretch is damaged, as a store and as what another region gives of it.

import Checksums
import NIOCore
import Replication
import Storage
import Synchronization

final class SpoiltStore: BlobStore {
    private let body: ByteBuffer
    private let damaged: Range<UInt64>
    private let staging = MemoryRegion("staging", 9).store
    private let state = Mutex<ByteBuffer?>(nil)

    init(_ body: ByteBuffer, damaged: Range<UInt64>) {
        self.body = body
        self.damaged = damaged
    }

    /// What was kept in the place of the damaged bytes.
    var kept: ByteBuffer? { state.withLock { $0 } }

    func source(_ range: Range<UInt64>) throws -> any SegmentSource {
        guard kept != nil || !range.overlaps(damaged) else {
            throw StorageError(.damaged, "some of it is damaged")
        }
        return OneSegment(body.getSlice(at: Int(range.lowerBound), length: range.count))
    }

    func stage(_ plan: HashPlan, expectedBytes: UInt64?) async throws -> any BlobStaging {
        try await staging.stage(plan, expectedBytes: expectedBytes)
    }

    func isToBeSealed(_ blob: BlobID) async throws -> Bool { false }

    func stat(_ blob: BlobID) async throws -> BlobInfo? {
        BlobInfo(blob: blob, sizeBytes: UInt64(body.readableBytes), isDamaged: kept == nil)
    }

    func keep(_ staged: StagedBlob) async throws -> BlobInfo {
        let info = try await staging.keep(staged)
        let bytes = try await staging.content(of: info.blob, limitBytes: Int(info.sizeBytes))
        state.withLock { $0 = bytes }
        return info
    }

    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any SegmentSource {
        try source(range)
    }

    private final class OneSegment: SegmentSource {
        private let bytes: Mutex<ByteBuffer?>

        init(_ bytes: ByteBuffer?) { self.bytes = Mutex(bytes) }

        func next() async throws -> Segment? {
            bytes.withLock { bytes in
                defer { bytes = nil }
                return bytes.map(Segment.bytes)
            }
        }
    }
}

/// A transport that says one thing of every blob.
struct StateOfBlob: RegionTransport {
    let base: BytesThrough
    let state: BlobState

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

    func states(of blobs: [BlobID]) async throws -> [BlobState] { blobs.map { _ in state } }

    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any ByteSource {
        try await base.read(blob, range: range)
    }
}
