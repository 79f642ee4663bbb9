// Reading stored bodies: what all reads share. Nothing leaves here that was not checked within the verify
// interval, or that would have to come from the disk while an event loop waits.

package import ChunkFiles
internal import DiskIO
internal import NIOCore
package import Storage
internal import Synchronization

/// A chunk and where it stands now.
package struct StoredChunk: Hashable, Sendable {
    package var reference: ChunkReference
    package var place: ChunkPlace

    package init(_ reference: ChunkReference, at place: ChunkPlace) {
        self.reference = reference
        self.place = place
    }

    /// Where it was born.
    package init(_ reference: ChunkReference) {
        self.init(reference, at: ChunkPlace(reference.id))
    }
}

/// Chunks that stay where they are for as long as this is referenced.
package struct PinnedChunks: Sendable {
    package let chunks: [StoredChunk]
    fileprivate let pin: ChunkLease
}

/// A chunk that failed its check, of which blob.
package struct ChunkDamage: Sendable {
    package var blob: BlobID?
    package var chunk: StoredChunk
    package var reason: String
}

package final class ChunkReads: Sendable {
    package let pool: BlockingPool
    package let pins: ChunkPins
    package let verified: VerifiedChunks
    let reader: ChunkReader
    let keys: KeyRing
    let limits: ReadLimits
    private let scratch = ScratchBuffers()
    private let onDamage: @Sendable (ChunkDamage) -> Void

    /// `now` is a monotonic clock in milliseconds. `onDamage` is called on a thread that may block, before
    /// the read that met the damage throws.
    package init(
        reader: ChunkReader, pins: ChunkPins, pool: BlockingPool, keys: KeyRing = KeyRing(),
        limits: ReadLimits = ReadLimits(), now: @escaping @Sendable () -> UInt64,
        onDamage: @escaping @Sendable (ChunkDamage) -> Void
    ) {
        self.reader = reader
        self.pins = pins
        self.pool = pool
        self.keys = keys
        self.limits = limits
        self.onDamage = onDamage
        verified = VerifiedChunks(limits: limits, now: now)
    }

    /// The bytes of `range` of a body that consists of `chunks`, in order; the range lies within it.
    /// `blob` names the body in errors. Pins the chunks it covers: the caller sees to it that they are
    /// still where they are said to be when this returns (`OpenLookups`). The source keeps `lease`.
    package func source(
        _ chunks: [StoredChunk], range: Range<UInt64>, blob: BlobID?,
        lease: (any AnyObject & Sendable)? = nil
    ) -> any SegmentSource {
        let slices = ChunkSlice.cover(chunks, range: range)
        return ChunkSource(slices, blob: blob, lease: lease, reads: self)
    }

    /// Pins all of the chunks, on the same condition.
    package func pin(_ chunks: [StoredChunk]) -> PinnedChunks {
        PinnedChunks(
            chunks: chunks,
            pin: pins.pin(chunks.lazy.map { ($0.place, $0.reference.lengthBytes) }))
    }

    /// The bytes of `range` of a body that rides in its record.
    package static func source(inline bytes: [UInt8], range: Range<UInt64>) -> any SegmentSource {
        let lower = Int(range.lowerBound)
        return BufferSource(ByteBuffer(bytes: bytes[lower..<Int(range.upperBound)]))
    }

    /// Reads a whole chunk, checks it, opens it where it is sealed, and shows what it holds of its body. Blocks.
    package func withChecked<Result>(
        _ chunk: StoredChunk, blob: BlobID?, _ body: (UnsafeRawBufferPointer) -> Result
    ) throws(StorageError) -> Result {
        try withStored(chunk, blob: blob) { payload throws(ChunkFileError) in
            guard let seal = payload.seal else { return body(payload.bytes) }
            return try keys.open(payload.bytes, seal, at: chunk.place).withUnsafeReadableBytes(body)
        }
    }

    /// As above, what the chunk holds of its body as a buffer. Blocks.
    func opened(_ chunk: StoredChunk, blob: BlobID?) throws(StorageError) -> ByteBuffer {
        try withStored(chunk, blob: blob) { payload throws(ChunkFileError) in
            guard let seal = payload.seal else { return ByteBuffer(bytes: payload.bytes) }
            return try keys.open(payload.bytes, seal, at: chunk.place)
        }
    }

    /// Reads a whole chunk, checks it, and shows its payload as it is stored; takes no key. Blocks.
    func withStored<Result>(
        _ chunk: StoredChunk, blob: BlobID?,
        _ body: (StoredPayload) throws(ChunkFileError) -> Result
    ) throws(StorageError) -> Result {
        do throws(ChunkFileError) {
            return try scratch.withBuffer { buffer throws(ChunkFileError) in
                let payload = try reader.read(chunk.reference, at: chunk.place, into: buffer)
                verified.note(chunk.place)
                return try body(payload)
            }
        } catch {
            throw report(error, chunk, blob)
        }
    }

    /// Reads a whole chunk and checks it; what is wrong with it is the caller's to report. Blocks.
    func check(_ chunk: StoredChunk) throws(ChunkFileError) {
        try scratch.withBuffer { buffer throws(ChunkFileError) in
            _ = try reader.read(chunk.reference, at: chunk.place, into: buffer)
            verified.note(chunk.place)
        }
    }

    /// The chunk's file. Blocks where it is not open.
    func open(_ chunk: StoredChunk, blob: BlobID?) throws(StorageError) -> any DiskFile {
        do throws(ChunkFileError) {
            return try reader.file(chunk.place.file)
        } catch {
            throw report(error, chunk, blob)
        }
    }

    /// What the failed read brought into memory must not go out as what was checked before.
    private func distrust(_ chunk: StoredChunk) {
        verified.forget(chunk.place)
        reader.openFile(chunk.place.file)?.evict(
            ChunkReader.payload(of: chunk.reference, at: chunk.place))
    }

    private func report(
        _ error: ChunkFileError, _ chunk: StoredChunk, _ blob: BlobID?
    ) -> StorageError {
        let name = blob.map { "blob \($0)" } ?? "a part of an upload"
        switch error {
        case .disk:
            return StorageError(.inputOutput, "\(name) could not be read", cause: error)
        case .damaged, .missing, .refused:
            distrust(chunk)
            onDamage(ChunkDamage(blob: blob, chunk: chunk, reason: "\(error)"))
            return StorageError(.damaged, "\(name) is damaged", cause: error)
        }
    }
}

/// A body that is in memory.
final class BufferSource: SegmentSource {
    private let bytes: Mutex<ByteBuffer?>

    init(_ bytes: ByteBuffer) { self.bytes = Mutex(bytes.readableBytes > 0 ? bytes : nil) }

    func next() async throws -> Segment? {
        bytes.withLock { bytes in
            defer { bytes = nil }
            return bytes.map(Segment.bytes)
        }
    }
}
