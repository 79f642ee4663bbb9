// The body that an upload's parts make, by reference: whole chunks of parts and of blobs that parts were
// copied from are named as they are; only what lies across the edge of a chunk is copied. Parts that
// cover a whole blob in order are that blob, and no byte is looked at.

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
    /// Blobs that chunks are taken from: they must be live still when the body is committed.
    var sources: Set<BlobID>
}

struct AssembleBody {
    let store: DurableStore
    let parts: [PartRecord]

    func run() async throws -> AssembledBody {
        let size = parts.reduce(0) { $0 + $1.part.sizeBytes }
        if let blob = try await wholeBlob(size) {
            return AssembledBody(form: .present(blob), sizeBytes: size, sources: [blob])
        }
        var builder = BodyBuilder(
            store: store, isInline: size <= UInt64(store.ingest.limits.inlineBytes))
        for part in parts { try await add(part, to: &builder) }
        let stored = try await builder.finish()
        return AssembledBody(form: .stored(stored), sizeBytes: size, sources: builder.sources)
    }

    /// The blob that the parts cover from its first byte to its last, in order.
    private func wholeBlob(_ size: UInt64) async throws -> BlobID? {
        guard case .copied(let blob, 0)? = parts.first?.source else { return nil }
        var end: UInt64 = 0
        for part in parts {
            guard case .copied(blob, let offset) = part.source, offset == end else { return nil }
            end += part.part.sizeBytes
        }
        return try await store.entry(of: blob)?.record.sizeBytes == size ? blob : nil
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
            builder.sources.insert(blob)
            try await builder.add(entry.record.bytes, offset..<offset + size, of: blob)
        }
    }
}

/// Collects whole chunks, and bytes between them.
private struct BodyBuilder {
    let store: DurableStore
    /// Everything is collected as bytes.
    let isInline: Bool
    var sources: Set<BlobID> = []
    private var chunks: [ChunkRecord] = []
    private var loose = ByteBuffer()
    private var written: [AppendedChunk] = []

    init(store: DurableStore, isInline: Bool) {
        self.store = store
        self.isInline = isInline
    }

    mutating func add(
        _ bytes: StoredBytes, _ range: Range<UInt64>, of blob: BlobID?
    ) async throws {
        switch bytes {
        case .inline(let bytes):
            loose.writeBytes(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        case .chunks(let all):
            var position: UInt64 = 0
            for chunk in all {
                let place = position..<position + UInt64(chunk.lengthBytes)
                position = place.upperBound
                let wanted = place.clamped(to: range)
                if wanted.isEmpty { continue }
                if wanted == place, !isInline {
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
        if isInline { return .inline(Array(loose.readableBytesView)) }
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
            let chunk = try await store.append(piece)
            written.append(chunk)
            chunks.append(ChunkRecord(chunk.reference))
        }
        loose.clear()
    }
}
