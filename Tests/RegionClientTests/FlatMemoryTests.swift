import NIOCore
import RegionClient
import Replication
import Storage
import Testing

/// A store of one endless blob, made as it is read; counts what was asked of it.
private final class EndlessBlobs: BlobStore {
    static let size: UInt64 = 1 << 40
    let madeBytes = Shared(0)

    func stage(_ plan: HashPlan, expectedBytes: UInt64?) async throws -> any BlobStaging {
        throw StorageError(.unavailable, "nothing is written here")
    }

    func isToBeSealed(_ blob: BlobID) async throws -> Bool { false }

    func stat(_ blob: BlobID) async throws -> BlobInfo? {
        BlobInfo(blob: blob, sizeBytes: Self.size)
    }

    func read(_ blob: BlobID, range: Range<UInt64>) async throws -> any SegmentSource {
        Source(sizeBytes: range.count, madeBytes: madeBytes)
    }

    func keep(_ staged: StagedBlob) async throws -> BlobInfo {
        throw StorageError(.unavailable, "nothing is written here")
    }

    private final class Source: SegmentSource {
        private let sizeBytes: Int
        private let madeBytes: Shared<Int>
        private let block = ByteBuffer(repeating: 42, count: 1 << 20)

        init(sizeBytes: Int, madeBytes: Shared<Int>) {
            self.sizeBytes = sizeBytes
            self.madeBytes = madeBytes
        }

        func next() async throws -> Segment? {
            let count = min(sizeBytes - madeBytes.value, block.readableBytes)
            guard count > 0, let slice = block.getSlice(at: 0, length: count) else { return nil }
            madeBytes.change { $0 += count }
            return .bytes(slice)
        }
    }
}

@Suite("Large blobs", .timeLimit(.minutes(10)))
struct FlatMemoryTests {
    /// The client's buffer, the server's, and a few MiB of socket buffers on the way (tcp_rmem, tcp_wmem).
    static let onTheWayBytes = 32 << 20

    @Test("half a gigabyte passes, of which only so much is ever on the way")
    func stream() async throws {
        let blobs = EndlessBlobs()
        try await PeerFixture.serving(blobs: blobs) { peer in
            let blob = try #require(BlobID(bytes: Array(repeating: 1, count: 32)))
            let size = 512 << 20
            let source = try await peer.transport().read(blob, range: 0..<UInt64(size))
            var count = 0
            var most = 0
            while let next = try await source.next() {
                count += next.readableBytes
                most = max(most, blobs.madeBytes.value - count)
                // Now and then a reader that is slow, so that everything on the way fills up.
                if count % (64 << 20) < next.readableBytes {
                    try await Task.sleep(for: .milliseconds(50))
                }
            }
            #expect(count == size)
            #expect(most < Self.onTheWayBytes, "\(most) bytes were on the way at once")
        }
    }
}
