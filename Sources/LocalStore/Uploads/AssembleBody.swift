// The body that an upload's parts make, by reference: whole chunks of parts and of blobs that parts were
// copied from are named as they are; only what lies across the edge of a chunk is copied. Parts that
// cover a whole blob in order are that blob, and no byte is looked at.
//
// A body is sealed where the upload is, or any part was copied from what is sealed. Then chunks in the clear are
// copied too, and sealed.

internal import Checksums
internal import ChunkFiles
internal import Journal
internal import NIOCore
internal import Storage

/// What the parts make.
struct AssembledBody: Sendable {
    enum Form: Sendable {
        /// A blob that is here.
        case present(BlobID)
        case stored(StoredBytes)
    }

    var form: Form
    var sizeBytes: UInt64
    var isSealed: Bool
    /// Blobs that chunks are taken from, and what they consist of: they must do so still when the body is
    /// committed.
    var sources: [BlobID: StoredBytes]
    /// Chunks of its own, held until it is committed.
    var written: [AppendedChunk] = []
}

struct AssembleBody {
    let store: DurableStore
    let parts: [PartRecord]
    /// Of the upload.
    let isSealed: Bool

    func run() async throws -> AssembledBody {
        let size = parts.reduce(0) { $0 + $1.part.sizeBytes }
        let isSealed = try await isToBeSealed()
        if let source = try await wholeBlob(size) {
            return AssembledBody(
                form: .present(source.blob), sizeBytes: size, isSealed: isSealed,
                sources: [source.blob: source.bytes])
        }
        var builder = BodyBuilder(
            store: store, isInline: size <= UInt64(store.ingest.limits.inlineBytes),
            key: isSealed ? try await store.dataKey() : nil)
        for part in parts { try await add(part, to: &builder) }
        let stored = try await builder.finish()
        return AssembledBody(
            form: .stored(stored), sizeBytes: size, isSealed: isSealed, sources: builder.sources,
            written: builder.written)
    }

    private func isToBeSealed() async throws -> Bool {
        if isSealed { return true }
        for part in parts {
            switch part.source {
            case .stored(let bytes):
                if part.part.sizeBytes > 0, bytes.isSealed { return true }
            case .copied(let blob, _):
                if try await store.entry(of: blob)?.info.isSealed == true { return true }
            }
        }
        return false
    }

    /// The blob that the parts cover from its first byte to its last, in order.
    private func wholeBlob(_ size: UInt64) async throws -> BlobRecord? {
        guard case .copied(let blob, 0)? = parts.first?.source else { return nil }
        var end: UInt64 = 0
        for part in parts {
            guard case .copied(blob, let offset) = part.source, offset == end else { return nil }
            end += part.part.sizeBytes
        }
        let source = try await store.entry(of: blob)?.record
        return source?.sizeBytes == size ? source : nil
    }

    private func add(_ part: PartRecord, to builder: inout BodyBuilder) async throws {
        let size = part.part.sizeBytes
        switch part.source {
        case .stored(let bytes):
            try await builder.add(bytes, 0..<size, of: nil)
        case .copied(let blob, let offset):
            guard let entry = try await store.entry(of: blob) else {
                throw StorageError(.noSuchBlob, "blob \(blob) is not here any more")
            }
            builder.sources[blob] = entry.record.bytes
            try await builder.add(entry.record.bytes, offset..<offset + size, of: blob)
        }
    }
}

/// Collects whole chunks, and bytes between them.
private struct BodyBuilder {
    let store: DurableStore
    /// Everything is collected as bytes.
    let isInline: Bool
    /// What is written is sealed with it, and what lies in the clear is written anew.
    let key: SealKey?
    var sources: [BlobID: StoredBytes] = [:]
    private var chunks: [ChunkRecord] = []
    private var loose = ByteBuffer()
    private(set) var written: [AppendedChunk] = []

    init(store: DurableStore, isInline: Bool, key: SealKey?) {
        self.store = store
        self.isInline = isInline
        self.key = key
    }

    mutating func add(
        _ bytes: StoredBytes, _ range: Range<UInt64>, of blob: BlobID?
    ) async throws {
        switch bytes {
        case .inline(let bytes):
            loose.writeBytes(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        case .sealed(let sealed):
            let bytes = try store.keys.open(sealed)
            loose.writeBytes(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        case .chunks(let all):
            var position: UInt64 = 0
            for chunk in all {
                let place = position..<position + UInt64(chunk.reference.bodyBytes)
                position = place.upperBound
                let wanted = place.clamped(to: range)
                if wanted.isEmpty { continue }
                if wanted == place, !isInline, key == nil || chunk.isSealed {
                    try await cutLoose()
                    chunks.append(chunk)
                } else {
                    let start = wanted.lowerBound - place.lowerBound
                    let length = UInt64(wanted.count)
                    try await copy(start..<start + length, of: chunk, blob)
                }
            }
        }
    }

    mutating func finish() async throws -> StoredBytes {
        if isInline {
            let bytes = Array(loose.readableBytesView)
            guard let key, !bytes.isEmpty else { return .inline(bytes) }
            return .sealed(store.keys.seal(small: bytes, with: key))
        }
        try await cutLoose()
        try await store.sync(written)
        return .chunks(chunks)
    }

    private mutating func copy(
        _ range: Range<UInt64>, of chunk: ChunkRecord, _ blob: BlobID?
    ) async throws {
        let source = try await store.source(.chunks([chunk]), range, of: blob)
        while let segment = try await source.next() { try segment.append(to: &loose) }
        // A chunk is at most as long as one of its own.
        if loose.readableBytes >= store.ingest.limits.chunkBytes { try await cutLoose() }
    }

    /// Writes the bytes collected so far as chunks.
    private mutating func cutLoose() async throws {
        while loose.readableBytes > 0 {
            let length = min(loose.readableBytes, store.ingest.limits.chunkBytes)
            guard let piece = loose.readSlice(length: length) else { break }
            try await store.reserve.admit(UInt64(length), store.pool)
            let chunk = try await store.append(piece, sealedWith: key)
            written.append(chunk)
            chunks.append(ChunkRecord(chunk.reference))
        }
        loose.clear()
    }
}
