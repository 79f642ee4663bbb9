// What a region lost of its own feed when it was put back from an older copy, and has again. Only then is a
// region that knows of the lost stretch told where to go on: until then it is one to fetch it back from. Each knows
// of it what it heard, so it is written down from whom it was fetched.

internal import FoundationEssentials
package import NIOCore

package struct LostHistory: Sendable, Hashable {
    /// A stretch of the feed behind a place that is still the same.
    private struct Stretch: Sendable, Hashable, Codable {
        var region: String
        var incarnation: UInt64
        var after: FeedPosition
        var through: FeedPosition
    }

    private struct Document: Codable {
        static let format = 2

        var format = Self.format
        var recovered: [Stretch]
    }

    private struct Header: Codable {
        var format: Int
    }

    private var recovered: [Stretch] = []

    package init() {}

    /// What the region knew of the feed between the two places is here again.
    package mutating func recover(_ stretch: LostStretch, from other: RegionRun) {
        guard !isRecovered(stretch, from: other) else { return }
        let region = other.region.description
        recovered.removeAll { $0.region == region && $0.after == stretch.after }
        recovered.append(
            Stretch(
                region: region, incarnation: other.incarnation, after: stretch.after,
                through: stretch.through))
    }

    package func isRecovered(_ lost: LostStretch, from other: RegionRun) -> Bool {
        recovered.contains { stretch in
            stretch.region == other.region.description && stretch.incarnation == other.incarnation
                && stretch.after == lost.after
                && stretch.through.number >= lost.through.number
                && stretch.through.incarnation >= lost.through.incarnation
        }
    }

    package func encode() throws -> ByteBuffer {
        ByteBuffer(bytes: try JSONEncoder().encode(Document(recovered: recovered)))
    }

    /// Throws `damaged` for bytes that are no such document. Of one of an earlier format nothing counts: what was lost is
    /// fetched once more.
    package init(decoding bytes: ByteBuffer) throws(StorageError) {
        do {
            let data = Data(bytes.readableBytesView)
            let format = try JSONDecoder().decode(Header.self, from: data).format
            guard format >= Document.format else { return }
            recovered = try JSONDecoder().decode(Document.self, from: data).recovered
        } catch {
            throw StorageError(
                .damaged, "what was recovered of this region's feed cannot be read", cause: error)
        }
    }
}
