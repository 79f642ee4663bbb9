// The named limits of bodies on their way in.

internal import ChunkFiles

package struct IngestLimits: Sendable, Hashable {
    /// A body up to this size rides in its record and needs no chunk.
    package var inlineBytes: Int
    /// What a body is cut into.
    package var chunkBytes: Int
    /// Chunks of one body that are being hashed and written before it is told to wait.
    package var chunksInFlight: Int
    /// Of all bodies together, being collected, hashed and written. At the limit the largest that are
    /// being collected are written as short chunks. The memory behind it is at most twice as much.
    package var bufferedBytes: Int
    /// A piece smaller than this, or than half of the memory it holds on to, is copied together with its
    /// neighbours; any other is taken as it is.
    package var pieceBytes: Int
    /// Hash states of finished blobs, to go on from when one becomes the start of another.
    package var rememberedDigests: Int

    package init(
        inlineBytes: Int = 8 << 10, chunkBytes: Int = 1 << 20, chunksInFlight: Int = 2,
        bufferedBytes: Int = 48 << 20, pieceBytes: Int = 4 << 10, rememberedDigests: Int = 1024
    ) {
        precondition(chunkBytes <= ChunkFormat.payloadLimitBytes, "a chunk has up to 1 MiB")
        precondition(inlineBytes < chunkBytes, "what rides in a record is less than a chunk")
        self.inlineBytes = inlineBytes
        self.chunkBytes = chunkBytes
        self.chunksInFlight = chunksInFlight
        self.bufferedBytes = bufferedBytes
        self.pieceBytes = pieceBytes
        self.rememberedDigests = rememberedDigests
    }
}
