// Holds places that look bad against the index: whose chunks stand there, and are they bad? Each is read
// again where it stands now, by the same code that every read uses, which also records the damage. What was
// being written while the scrub passed, or was moved since, turns out to be well.

internal import ChunkFiles
internal import Journal
internal import MetadataIndex
internal import Storage

struct ConfirmDamage {
    let store: DurableStore
    let report: any WorkReport

    /// Chunks of one blob or part that stand at suspect places.
    private struct Suspect: Sendable {
        var owner: ChunkOwner
        /// What can be done about a part.
        var remedy = ""
        var chunks: [ChunkReference]
    }

    private struct Page: Sendable {
        var suspects: [Suspect] = []
        var next: Bytes?
    }

    func run(
        _ places: SuspectPlaces, of ranges: [KeyRange] = [KeySchema.allBlobs, KeySchema.allParts]
    ) async throws {
        for range in ranges {
            var from: Bytes? = range.from
            while let start = from {
                try report.checkCancellation()
                let page = try await page(KeyRange(from: start, to: range.to), places)
                for suspect in page.suspects { try await confirm(suspect) }
                from = page.next
            }
        }
    }

    private func page(_ range: KeyRange, _ places: SuspectPlaces) async throws -> Page {
        let head = store.committer.head
        let limit = store.configuration.limits.scrub.pageEntries
        return try await store.read { (index) throws(IndexError) in
            let transaction = IndexTransaction(index, head: head)
            var page = Page()
            let cursor = try index.cursor(from: range.from, to: range.to)
            try cursor.seek(to: range.from)
            for _ in 0..<limit {
                guard let key = cursor.key else { return page }
                if let suspect = try Self.suspect(key, cursor.value, places, transaction) {
                    page.suspects.append(suspect)
                }
                try cursor.next()
            }
            page.next = cursor.key
            return page
        }
    }

    private static func suspect(
        _ key: Bytes, _ value: Bytes, _ places: SuspectPlaces, _ transaction: IndexTransaction
    ) throws(IndexError) -> Suspect? {
        let bytes: StoredBytes
        var suspect: Suspect
        if KeySchema.allBlobs.contains(key) {
            let record = try BlobEntry(encoded: value).record
            bytes = record.bytes
            suspect = Suspect(owner: .blob(record.blob), chunks: [])
        } else {
            let part = try decoding { () throws(RecordError) in
                try PartRecord(encoded: value[...])
            }
            guard case .stored(let stored) = part.source else { return nil }
            bytes = stored
            suspect = Suspect(owner: .part(part.upload, part.part.number), chunks: [])
            let object = try transaction.upload(part.upload)?.name
            suspect.remedy =
                "; no other region has it: send it again, or abort the upload"
                + (object.map { " of \($0)" } ?? "")
        }
        guard case .chunks(let chunks) = bytes else { return nil }
        for chunk in chunks {
            let size = ChunkFormat.recordBytes(payloadBytes: Int(chunk.lengthBytes))
            let place = try transaction.place(of: chunk)
            if places.contains(place, recordBytes: size) { suspect.chunks.append(chunk.reference) }
        }
        return suspect.chunks.isEmpty ? nil : suspect
    }

    private func confirm(_ suspect: Suspect) async throws {
        var damaged = 0
        for chunk in suspect.chunks {
            try report.checkCancellation()
            let check = CheckChunks(store: store)
            if try await !check.isIntact(chunk, of: suspect.owner) { damaged += 1 }
        }
        guard damaged > 0 else { return }
        report.add("damaged_chunks", UInt64(damaged))
        // Of a blob it is written down with the blob.
        guard case .part(let upload, let number) = suspect.owner else { return }
        report.found(
            JobFinding(
                "part \(number) of upload \(upload)",
                "\(damaged) of its chunks are damaged" + suspect.remedy, .beyondRepair))
    }
}
