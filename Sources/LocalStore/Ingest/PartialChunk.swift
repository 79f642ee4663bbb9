// The chunk that a body is collecting. Buffers are taken as they came, without copying, unless they are so
// small, or hold on to so much more memory than they fill, that keeping them would break the budget.

internal import NIOCore

struct PartialChunk: Sendable {
    private(set) var pieces: [ByteBuffer] = []
    private(set) var lengthBytes = 0
    /// Whether the last piece is ours to append to.
    private var endsInCopy = false

    /// Takes from `bytes` what fits below `limits.chunkBytes`.
    mutating func take(from bytes: inout ByteBuffer, _ limits: IngestLimits) {
        let count = min(bytes.readableBytes, limits.chunkBytes - lengthBytes)
        guard let piece = bytes.readSlice(length: count), count > 0 else { return }
        lengthBytes += count
        // A slice shares the storage of what it was cut from, whose capacity this is.
        let isWorthKeeping = count >= limits.pieceBytes && count >= piece.storageCapacity / 2
        if isWorthKeeping {
            pieces.append(piece)
            endsInCopy = false
        } else {
            copy(piece, limits)
        }
    }

    /// Hands over what was collected and begins anew.
    mutating func cut() -> PartialChunk {
        defer { self = PartialChunk() }
        return self
    }

    private mutating func copy(_ piece: ByteBuffer, _ limits: IngestLimits) {
        if endsInCopy, let last = pieces.last,
            last.storageCapacity - last.writerIndex >= piece.readableBytes
        {
            pieces[pieces.count - 1].writeImmutableBuffer(piece)
            return
        }
        // Room for what the next copies will bring, but never much more than there is already.
        let capacity = max(piece.readableBytes, min(lengthBytes, limits.chunkBytes / 16))
        var copy = ByteBufferAllocator().buffer(capacity: capacity)
        copy.writeImmutableBuffer(piece)
        pieces.append(copy)
        endsInCopy = true
    }
}
