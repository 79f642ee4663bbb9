// A file of any size that takes no memory: blocks of 256 KiB, each with its number in front, so that no two are
// alike and any place of the file is known without the rest.

import Checksums
import NIOCore
import Storage
import Synchronization

final class NumberedBlocks: ByteSource {
    static let blockBytes: UInt64 = 256 << 10

    /// What follows the number in every block.
    private static let filling: ByteBuffer = {
        var state: UInt64 = 1
        var bytes = ByteBuffer()
        while bytes.readableBytes < Int(blockBytes) - 8 {
            // Knuth's generator (The Art of Computer Programming, volume 2, section 3.3.4).
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            bytes.writeInteger(state)
        }
        return bytes
    }()

    private let sizeBytes: UInt64
    private let state = Mutex<UInt64>(0)
    private let hash = MessageDigest(.sha256)

    init(sizeBytes: UInt64) { self.sizeBytes = sizeBytes }

    func next() async throws -> ByteBuffer? {
        let place = state.withLock { place in
            defer { place += min(Self.blockBytes, sizeBytes - place) }
            return place
        }
        guard place < sizeBytes else { return nil }
        var block = Self.block(place / Self.blockBytes)
        let length = Int(min(Self.blockBytes, sizeBytes - place))
        guard let bytes = block.readSlice(length: length) else { return nil }
        bytes.withUnsafeReadableBytes { hash.update($0) }
        return bytes
    }

    /// Of all that was handed out; once, at the end.
    func digest() -> ContentDigest? { ContentDigest(.sha256, bytes: hash.finish()) }

    private static func block(_ number: UInt64) -> ByteBuffer {
        var block = ByteBuffer()
        block.reserveCapacity(Int(blockBytes))
        block.writeInteger(number)
        block.writeImmutableBuffer(filling)
        return block
    }

    /// Compares a stretch of the file with what it must be; returns the place behind it.
    static func compare(_ stretch: ByteBuffer, at place: UInt64) throws -> UInt64 {
        var (rest, place) = (stretch, place)
        while rest.readableBytes > 0 {
            let start = Int(place % blockBytes)
            let length = min(rest.readableBytes, Int(blockBytes) - start)
            let expected = block(place / blockBytes).getSlice(at: start, length: length)
            guard rest.readSlice(length: length) == expected else { throw OtherBytes(place: place) }
            place += UInt64(length)
        }
        return place
    }
}
