// What is damaged here, and what of a damaged blob can still be read.

internal import ChunkFiles
internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore {
    package func damage(after: BlobID?, limit: Int) async throws -> [BlobDamage] {
        try await read { (index) throws(IndexError) in
            var result: [BlobDamage] = []
            let range = KeySchema.allDamage
            let cursor = try index.cursor(from: range.from, to: range.to)
            try cursor.seek(to: after.map { KeySchema.damage($0) + [0] } ?? range.from)
            while cursor.key != nil, result.count < limit {
                let value = cursor.value
                let damage = try decoding { () throws(RecordError) in
                    try BlobStateRecord(encoded: value[...])
                }
                try cursor.next()
                guard let blob = try index.get(KeySchema.blob(damage.blob)) else { continue }
                result.append(
                    BlobDamage(
                        blob: damage.blob,
                        sizeBytes: try BlobEntry(encoded: blob).record.sizeBytes,
                        reason: damage.reason ?? "its bytes failed a check"))
            }
            return result
        }
    }

    /// Throws `damaged` where the range of a damaged blob touches what is damaged of it.
    func requireIntact(_ range: Range<UInt64>, of entry: BlobEntry) async throws {
        let blob = entry.record.blob
        guard let value = try await lookup(KeySchema.damage(blob))?.bytes else { return }
        let damage = try BlobStateRecord(encoded: value[...])
        guard damage.touches(range, of: entry.record) else { return }
        throw StorageError(.damaged, "blob \(blob) is damaged")
    }
}

extension BlobStateRecord {
    /// Whether any byte of the range is in a damaged chunk.
    func touches(_ range: Range<UInt64>, of record: BlobRecord) -> Bool {
        guard !chunks.isEmpty, case .chunks(let all) = record.bytes else { return true }
        var start: UInt64 = 0
        for chunk in all {
            let end = start + UInt64(chunk.reference.bodyBytes)
            if range.overlaps(start..<end), chunks.contains(chunk) { return true }
            start = end
        }
        return false
    }
}
