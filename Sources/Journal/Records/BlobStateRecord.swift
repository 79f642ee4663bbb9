// What became of a blob's bytes here: gone, suspect, or whole again.

package import Storage

/// Damage is about chunks: a blob of which some are damaged is still served where the others are. Where no
/// chunk is named the whole blob is suspect. A later record of the same blob replaces an earlier one, and a
/// blob record ends the damage: its chunks are new.
package struct BlobStateRecord: Hashable, Sendable {
    package enum Change: UInt64, Sendable, CaseIterable {
        case dropped = 1
        case damaged = 2
        case mended = 3
    }

    package var blob: BlobID
    package var change: Change
    /// Those that are damaged; none where all of the blob is.
    package var chunks: [ChunkRecord]
    /// What was found, in words for the person who reads it.
    package var reason: String?

    package init(
        blob: BlobID, change: Change, chunks: [ChunkRecord] = [], reason: String? = nil
    ) {
        self.blob = blob
        self.change = change
        self.chunks = chunks
        self.reason = reason
    }

    package init(encoded: ArraySlice<UInt8>) throws(RecordError) {
        self = try RecordError.decoding { () throws(FieldError) in try Self.decode(encoded) }
    }

    package func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 64 + chunks.count * ChunkRecord.byteCount)
        writer.blob(1, blob)
        writer.number(2, change.rawValue)
        // Who does not know these two takes the whole blob for damaged, which is safe.
        if !chunks.isEmpty {
            var packed: [UInt8] = []
            packed.reserveCapacity(chunks.count * ChunkRecord.byteCount)
            for chunk in chunks { chunk.append(to: &packed) }
            writer.field(3, packed, .ignorable)
        }
        writer.text(4, reason, .ignorable)
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> BlobStateRecord {
        var reader = FieldReader(body, of: "blob state record")
        var blob: BlobID?
        var change: Change?
        var chunks: [ChunkRecord] = []
        var reason: String?
        while let field = try reader.next() {
            switch field.tag {
            case 1: blob = try field.blob()
            case 2: change = Change(rawValue: try field.number())
            case 3: chunks = try ChunkRecord.list(field)
            case 4: reason = field.text()
            default: try reader.passOver(field)
            }
        }
        guard let blob, let change else { throw reader.missing("digest or change") }
        return BlobStateRecord(blob: blob, change: change, chunks: chunks, reason: reason)
    }
}
