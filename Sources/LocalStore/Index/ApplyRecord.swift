// What each record of the journal does to the index. Committing and recovering run this same code, so
// the index is the same whether it was followed or rebuilt. Applying a record again changes nothing.

internal import Journal
internal import MetadataIndex
internal import Storage

extension IndexTransaction {
    mutating func apply(_ record: JournalRecord) throws(IndexError) {
        switch record {
        case .blob(let record): try apply(record)
        case .blobState(let record): try apply(record)
        case .chunkMoved(let record): try apply(record)
        // Chunks that were born in the file and moved keep their entries; those that had been moved into it
        // have been moved on before it is retired.
        case .fileRetired(let file): head.lastChunkFile = max(head.lastChunkFile, file)
        case .object(let version): try apply(version)
        case .upload(let upload): try apply(upload)
        case .part(let record): try apply(record)
        case .uploadEnded(let record): try apply(record)
        case .incarnation(let record): apply(record)
        case .cursor(let record): put(KeySchema.cursor(record.origin), record.position.encoded)
        case .receipt(let record):
            put(
                KeySchema.receipt(record.region, of: record.origin),
                Numbers.encode([
                    record.through.incarnation, record.through.number,
                    UInt64(bitPattern: record.atMilliseconds),
                ]))
        }
    }

    // MARK: Blobs

    func blob(_ blob: BlobID) throws(IndexError) -> BlobEntry? {
        guard let value = try get(KeySchema.blob(blob)) else { return nil }
        return try BlobEntry(encoded: value)
    }

    /// What of a blob is damaged; `nil` where nothing is.
    func damage(_ blob: BlobID) throws(IndexError) -> BlobStateRecord? {
        guard let value = try get(KeySchema.damage(blob)) else { return nil }
        return try decoding { () throws(RecordError) in try BlobStateRecord(encoded: value[...]) }
    }

    private mutating func apply(_ record: BlobRecord) throws(IndexError) {
        let key = KeySchema.blob(record.blob)
        if let before = try blob(record.blob) {
            if before.isDamaged { delete(KeySchema.damage(record.blob)) }
        } else {
            head.blobs += 1
        }
        note(record.bytes)
        put(key, BlobEntry(record: record).encoded)
    }

    /// Takes note of the chunk files that a record names.
    private mutating func note(_ bytes: StoredBytes) {
        guard case .chunks(let chunks) = bytes else { return }
        for chunk in chunks { head.lastChunkFile = max(head.lastChunkFile, chunk.file) }
    }

    private mutating func apply(_ record: BlobStateRecord) throws(IndexError) {
        guard var entry = try blob(record.blob) else { return }
        let key = KeySchema.blob(record.blob)
        switch record.change {
        case .dropped:
            head.blobs -= 1
            delete(key)
            delete(KeySchema.damage(record.blob))
        case .damaged:
            entry.isDamaged = true
            put(key, entry.encoded)
            put(KeySchema.damage(record.blob), record.encode())
        case .mended:
            entry.isDamaged = false
            put(key, entry.encoded)
            delete(KeySchema.damage(record.blob))
        }
    }

    private mutating func apply(_ record: ChunkMovedRecord) throws(IndexError) {
        let key = KeySchema.movedChunk(
            file: record.chunk.file, offsetBytes: record.chunk.offsetBytes)
        if try get(key) == nil { head.movedChunks += 1 }
        head.lastChunkFile = max(head.lastChunkFile, record.nowFile)
        put(key, Numbers.encode([record.nowFile, record.nowOffsetBytes]))
    }

    // MARK: Uploads

    func upload(_ id: UploadID) throws(IndexError) -> Upload? {
        guard let value = try get(KeySchema.upload(id)) else { return nil }
        return try decoding { () throws(RecordError) in try UploadRecord.decode(encoded: value[...])
        }
    }

    func part(_ upload: UploadID, _ number: Int) throws(IndexError) -> PartRecord? {
        guard let value = try get(KeySchema.part(upload, number)) else { return nil }
        return try decoding { () throws(RecordError) in try PartRecord(encoded: value[...]) }
    }

    private mutating func apply(_ upload: Upload) throws(IndexError) {
        let key = KeySchema.upload(upload.id)
        if try get(key) == nil { head.uploads += 1 }
        let value = UploadRecord.encode(upload)
        put(key, value)
        put(KeySchema.upload(upload), value)
    }

    private mutating func apply(_ record: PartRecord) throws(IndexError) {
        let number = record.part.number
        try dropReferrer(ofPart: number, of: record.upload)
        put(KeySchema.part(record.upload, number), record.encode())
        switch record.source {
        case .stored(let bytes): note(bytes)
        case .copied(let blob, _):
            put(KeySchema.referrer(of: blob, record.upload, part: number), [])
        }
    }

    private mutating func apply(_ record: UploadEndedRecord) throws(IndexError) {
        guard let upload = try upload(record.upload) else { return }
        head.uploads -= 1
        delete(KeySchema.upload(upload.id))
        delete(KeySchema.upload(upload))
        for key in try keys(in: KeySchema.parts(of: upload.id)) {
            try dropReferrer(ofPart: KeySchema.partNumber(of: key), of: upload.id)
            delete(key)
        }
        if record.outcome != .aborted { put(KeySchema.ended(upload.id), record.encode()) }
    }

    private mutating func dropReferrer(
        ofPart number: Int, of upload: UploadID
    ) throws(IndexError) {
        guard let part = try part(upload, number), case .copied(let blob, _) = part.source else {
            return
        }
        delete(KeySchema.referrer(of: blob, upload, part: number))
    }

    // MARK: Feeds

    private mutating func apply(_ record: IncarnationRecord) {
        put(
            KeySchema.incarnation(
                record.region, firstNumber: record.firstNumber, record.incarnation), [])
        guard record.region == head.region else { return }
        head.incarnation = max(head.incarnation, record.incarnation)
        head.feedNumber = max(head.feedNumber, record.firstNumber - 1)
    }
}
