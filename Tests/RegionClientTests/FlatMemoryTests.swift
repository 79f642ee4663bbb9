import Glibc
import NIOCore
import RegionClient
import Replication
import Storage
import Testing

/// A store of one endless blob, made as it is read.
private final class EndlessBlobs: BlobStore {
    static let size: UInt64 = 1 << 40

    func stage(_ plan: HashPlan, expectedBytes: UInt64?) async throws -> any BlobStaging {
        throw StorageError(.unavailable, "nothing is written here")
    }

    func stat(_ blob: BlobID) async throws -> BlobInfo? {
        BlobInfo(blob: blob, sizeBytes: Self.size)
    }

    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any SegmentSource {
        Source(remaining: range.count)
    }

    func keep(_ staged: StagedBlob) async throws -> BlobInfo {
        throw StorageError(.unavailable, "nothing is written here")
    }

    private final class Source: SegmentSource {
        private let remaining: Shared<Int>
        private let block = ByteBuffer(repeating: 42, count: 1 << 20)

        init(remaining: Int) { self.remaining = Shared(remaining) }

        func next() async throws -> Segment? {
            let count = min(remaining.value, block.readableBytes)
            guard count > 0, let slice = block.getSlice(at: 0, length: count) else { return nil }
            remaining.change { $0 -= count }
            return .bytes(slice)
        }
    }
}

@Suite("Large blobs", .timeLimit(.minutes(3)))
struct FlatMemoryTests {
    /// Resident memory of this process, from /proc/self/statm (proc(5)).
    private static func residentBytes() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "r"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        try #require(fgets(&line, 256, file) != nil)
        let words = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            .split(separator: " ")
        return try #require(Int(words[1])) * sysconf(CInt(_SC_PAGESIZE))
    }

    @Test("half a gigabyte passes without being kept")
    func stream() async throws {
        try await PeerFixture.serving(blobs: EndlessBlobs()) { peer in
            let blob = try #require(BlobID(bytes: Array(repeating: 1, count: 32)))
            let size = 512 << 20
            let source = try await peer.transport().read(blob, range: 0..<UInt64(size))
            let before = try Self.residentBytes()
            var largest = before
            var count = 0
            while let next = try await source.next() {
                count += next.readableBytes
                if count % (32 << 20) < next.readableBytes {
                    largest = max(largest, try Self.residentBytes())
                }
            }
            #expect(count == size)
            #expect(largest - before < size / 4, "\(largest - before) bytes more while streaming")
        }
    }
}
