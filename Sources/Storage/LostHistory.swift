// What a region lost of its own feed when it was put back from an older copy, and has again. Only then is a
// region that knows the lost stretch told where to go on: until then it is the one to fetch it back from.

internal import FoundationEssentials
package import NIOCore

package struct LostHistory: Sendable, Hashable {
    /// A stretch of the feed behind a place that is still the same.
    private struct Stretch: Sendable, Hashable, Codable {
        var after: FeedPosition
        var through: FeedPosition
    }

    private struct Document: Codable {
        var format = 1
        var recovered: [Stretch]
    }

    private var recovered: [Stretch] = []

    package init() {}

    /// What the feed had between the two places is here again.
    package mutating func recover(after: FeedPosition, through: FeedPosition) {
        guard !isRecovered(after: after, through: through) else { return }
        recovered.removeAll { $0.after == after }
        recovered.append(Stretch(after: after, through: through))
    }

    package func isRecovered(after: FeedPosition, through: FeedPosition) -> Bool {
        recovered.contains { stretch in
            stretch.after == after && stretch.through.number >= through.number
                && stretch.through.incarnation >= through.incarnation
        }
    }

    package func encode() throws -> ByteBuffer {
        ByteBuffer(bytes: try JSONEncoder().encode(Document(recovered: recovered)))
    }

    /// Throws `damaged` for bytes that are no such document.
    package init(decoding bytes: ByteBuffer) throws(StorageError) {
        do {
            let data = Data(bytes.readableBytesView)
            recovered = try JSONDecoder().decode(Document.self, from: data).recovered
        } catch {
            throw StorageError(
                .damaged, "what was recovered of this region's feed cannot be read", cause: error)
        }
    }
}
