// What each record of the journal does to the index. Committing and recovering run this same code, so
// the index is the same whether it was followed or rebuilt. Applying a record again changes nothing.

internal import Journal
internal import MetadataIndex
internal import Storage

extension IndexTransaction {
    mutating func apply(_ record: JournalRecord) throws(IndexError) {
        if record.leavesNothing { countDead(bytes: Self.endingBytes) }
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
        case .cursor(let record):
            try putNewer(KeySchema.cursor(record.origin), record.value)
        case .register(let record): try apply(record)
        case .watermark(let record): apply(record)
        case .receipt(let record): try apply(record)
        case .versionExpired(let reference): try expire(reference)
        }
    }

    /// Puts what a record says in the place of what an earlier one said.
    private mutating func putNewer(_ key: Bytes, _ value: Bytes) throws(IndexError) {
        try countDead(key)
        put(key, value)
    }

    /// The record that the value at `key` came from means nothing any more. Returns whether there is one.
    @discardableResult
    private mutating func countDead(_ key: Bytes) throws(IndexError) -> Bool {
        guard let old = try get(key) else { return false }
        countDead(bytes: old.count)
        return true
    }

    /// A record of about this size means nothing any more. What frames it goes with it: of a record as short as
    /// a cursor that is most of it, and a journal of nothing else would never be thought mostly dead.
    mutating func countDead(bytes: Int) {
        head.deadBytes += UInt64(EncodedBatch.framingBytes + bytes)
    }

    /// About what a record has that only says that something is gone.
    private static let endingBytes = 48

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
        if try countDead(key) {
            delete(KeySchema.damage(record.blob))
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
        let key = KeySchema.blob(record.blob)
        switch record.change {
        case .dropped:
            guard let value = try get(key) else { return }
            head.blobs -= 1
            countDead(bytes: value.count)
            delete(key)
            if BlobEntry.isDamaged(encoded: value) { delete(KeySchema.damage(record.blob)) }
        case .damaged:
            guard var entry = try blob(record.blob) else { return }
            entry.isDamaged = true
            put(key, entry.encoded)
            put(KeySchema.damage(record.blob), record.encode())
        case .mended:
            guard var entry = try blob(record.blob) else { return }
            entry.isDamaged = false
            put(key, entry.encoded)
            delete(KeySchema.damage(record.blob))
        }
    }

    private mutating func apply(_ record: ChunkMovedRecord) throws(IndexError) {
        let key = KeySchema.movedChunk(
            file: record.chunk.file, offsetBytes: record.chunk.offsetBytes)
        let isKnown = try countDead(key)
        guard record.nowFile != ChunkMovedRecord.nowhere else {
            if isKnown { head.movedChunks -= 1 }
            delete(key)
            return
        }
        if !isKnown { head.movedChunks += 1 }
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
        try putNewer(KeySchema.part(record.upload, number), record.encode())
        switch record.source {
        case .stored(let bytes): note(bytes)
        case .copied(let blob, _):
            put(KeySchema.referrer(of: blob, record.upload, part: number), [])
        }
    }

    /// Also of an upload that ended before: how a generation says what is still remembered of it, and, with
    /// `aborted`, how that is forgotten.
    private mutating func apply(_ record: UploadEndedRecord) throws(IndexError) {
        if let upload = try upload(record.upload) { try end(upload) }
        let key = KeySchema.ended(record.upload)
        guard record.outcome == .aborted else { return try putNewer(key, record.encode()) }
        try countDead(key)
        delete(key)
    }

    private mutating func end(_ upload: Upload) throws(IndexError) {
        head.uploads -= 1
        try countDead(KeySchema.upload(upload.id))
        delete(KeySchema.upload(upload.id))
        delete(KeySchema.upload(upload))
        for key in try keys(in: KeySchema.parts(of: upload.id)) {
            try dropReferrer(ofPart: KeySchema.partNumber(of: key), of: upload.id)
            try countDead(key)
            delete(key)
        }
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

    private mutating func apply(_ record: ReceiptRecord) throws(IndexError) {
        let key = KeySchema.receipt(record.region, of: record.origin)
        guard !record.isForgotten else {
            try countDead(key)
            return delete(key)
        }
        try putNewer(
            key,
            Numbers.encode([
                record.through.incarnation, record.through.number,
                UInt64(bitPattern: record.atMilliseconds),
            ]))
    }

    private mutating func apply(_ record: IncarnationRecord) {
        put(
            KeySchema.incarnation(
                record.region, firstNumber: record.firstNumber, record.incarnation), [])
        guard record.region == head.region else { return }
        head.incarnation = max(head.incarnation, record.incarnation)
        head.feedNumber = max(head.feedNumber, max(record.firstNumber, 1) - 1)
    }

    private mutating func apply(_ record: WatermarkRecord) {
        head.clock = max(head.clock, record.clock)
        head.lastChunkFile = max(head.lastChunkFile, record.lastChunkFile)
        guard record.region == head.region, record.feed.number >= head.feedNumber else { return }
        head.feedNumber = record.feed.number
        head.feedIncarnation = record.feed.incarnation
    }
}

extension JournalRecord {
    /// It ends what others began: a new generation has nothing of it.
    fileprivate var leavesNothing: Bool {
        switch self {
        case .blobState(let record): record.change != .damaged
        case .chunkMoved(let record): record.nowFile == ChunkMovedRecord.nowhere
        case .uploadEnded(let record): record.outcome == .aborted
        case .receipt(let record): record.isForgotten
        case .fileRetired, .versionExpired: true
        case .blob, .object, .upload, .part, .incarnation, .cursor, .register, .watermark:
            false
        }
    }
}
