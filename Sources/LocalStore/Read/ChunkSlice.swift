// The part of a chunk that a read covers.

internal import ChunkFiles
internal import Storage

struct ChunkSlice: Hashable, Sendable {
    var chunk: StoredChunk
    /// Within what the chunk holds of the body.
    var range: Range<Int>

    /// In the chunk's file; of a chunk in the clear.
    var place: Range<UInt64> {
        let payload = ChunkReader.payload(of: chunk.reference, at: chunk.place)
        let lower = payload.lowerBound + UInt64(range.lowerBound)
        return lower..<lower + UInt64(range.count)
    }

    /// The slices of the chunks that `range` of their concatenation touches.
    static func cover(_ chunks: [StoredChunk], range: Range<UInt64>) -> [ChunkSlice] {
        var slices: [ChunkSlice] = []
        var start: UInt64 = 0
        for chunk in chunks {
            guard start < range.upperBound else { break }
            let end = start + UInt64(chunk.reference.bodyBytes)
            let covered = range.clamped(to: start..<end)
            if !covered.isEmpty {
                let lower = Int(covered.lowerBound - start)
                slices.append(ChunkSlice(chunk: chunk, range: lower..<lower + covered.count))
            }
            start = end
        }
        precondition(
            slices.reduce(0) { $0 + $1.range.count } == range.count,
            "the range \(range) lies within the body")
        return slices
    }
}
