// Fetching blobs: whole, as sessions, resumed, and from sources that lie.

import NIOCore
import Replication
import Storage
import Synchronization
import Testing

@Suite("A fetch")
struct FetchTests {
    private let source = MemoryRegion("b", 2)
    private let region = MemoryRegion("a", 1)

    private static var limits: ReplicationLimits {
        var limits = ReplicationLimits()
        limits.sessionBytes = 50_000
        limits.partBytes = 16_000
        return limits
    }

    private func fetch(
        _ blob: BlobID, _ size: Int, peer: String = "b",
        through change: @escaping @Sendable (any ByteSource) -> any ByteSource = { $0 },
        asked: @escaping @Sendable (Range<UInt64>) -> Void = { _ in }
    ) async throws(FetchFailure) {
        let transport = BytesThrough(base: source.transport()) { _, range, source in
            asked(range)
            return change(source)
        }
        try await FetchBlob(stores: region.stores, limits: Self.limits)(
            blob, sizeBytes: UInt64(size), peer: peer, transport: transport, progress: { _ in })
    }

    /// A blob of the source.
    private func blob(_ count: Int) async throws -> BlobID {
        let staged = try await source.store.stage(bytes: bytes(count))
        return try await source.store.keep(staged).blob
    }

    @Test("keeps what has the digest", arguments: [0, 1, 50_000, 50_001, 64_000, 100_000])
    func keeps(size: Int) async throws {
        let blob = try await blob(size)
        try await fetch(blob, size)
        let kept = try await region.store.content(of: blob, limitBytes: size)
        #expect(kept == bytes(size))
        let uploads = try await region.store.uploads(UploadListRequest(bucket: BucketName.system))
        #expect(uploads.entries.isEmpty)
    }

    @Test("blames the source of wrong bytes, and keeps nothing", arguments: [500, 100_000])
    func refuses(size: Int) async throws {
        let blob = try await blob(size)
        let failure = await #expect(throws: FetchFailure.self) {
            try await fetch(blob, size, through: { WrongBytes($0) })
        }
        guard case .wrongBytes(_, isSourceToBlame: true) = failure else {
            Issue.record("not blamed: \(String(describing: failure))")
            return
        }
        #expect(try await region.store.stat(blob) == nil)
        // The right bytes are taken when they are sent.
        try await fetch(blob, size)
        #expect(try await region.store.stat(blob)?.sizeBytes == UInt64(size))
    }

    @Test("goes on behind the last whole part after it was cut off")
    func resumes() async throws {
        let blob = try await blob(100_000)
        await #expect(throws: FetchFailure.self) {
            try await fetch(blob, 100_000, through: { CutBytes($0, after: 60_000) })
        }
        let asked = Mutex<[UInt64]>([])
        try await fetch(
            blob, 100_000, asked: { range in asked.withLock { $0.append(range.lowerBound) } })
        // The parts that were on their way when it was cut may or may not have come through.
        let begin = try #require(asked.withLock { $0.first })
        #expect(begin % 16_000 == 0)
        #expect((16_000...48_000).contains(begin))
        #expect(try await region.store.content(of: blob, limitBytes: 100_000) == bytes(100_000))
    }

    @Test("starts afresh, and blames nobody, where the parts came from several sources")
    func mixedSources() async throws {
        let blob = try await blob(100_000)
        await #expect(throws: FetchFailure.self) {
            try await fetch(
                blob, 100_000, through: { WrongBytes(CutBytes($0, after: 60_000)) })
        }
        let failure = await #expect(throws: FetchFailure.self) {
            try await fetch(blob, 100_000, peer: "c")
        }
        guard case .wrongBytes(_, isSourceToBlame: false) = failure else {
            Issue.record("blamed: \(String(describing: failure))")
            return
        }
        try await fetch(blob, 100_000, peer: "c")
        #expect(try await region.store.content(of: blob, limitBytes: 100_000) == bytes(100_000))
    }

    @Test("does not ask for what is here")
    func present() async throws {
        let staged = try await region.store.stage(bytes: bytes(900))
        let blob = try await region.store.keep(staged).blob
        let asked = Mutex(0)
        try await fetch(blob, 900, asked: { _ in asked.withLock { $0 += 1 } })
        #expect(asked.withLock { $0 } == 0)
    }
}
