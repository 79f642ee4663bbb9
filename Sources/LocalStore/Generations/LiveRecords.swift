// All that is live, read out of the index as records: applied to an empty index they make the same one.
//
// Spaces whose entries follow from other records are passed over. A space that this code does not know is an
// error: whoever adds one says here which records its entries come from.

internal import Journal
internal import MetadataIndex
internal import Storage

struct LiveRecords {
    private typealias Space = KeySchema.Space

    let snapshot: any IndexSnapshot
    let head: IndexHead

    /// The index as it is now.
    init(_ index: any KeyValueIndex) throws(IndexError) {
        snapshot = try index.snapshot()
        guard let value = try snapshot.get(KeySchema.head), let head = IndexHead(encoded: value)
        else { throw .corrupt("there is no head") }
        self.head = head
    }

    /// Calls `body` with each record, in an order in which they can be applied.
    func read(_ body: (JournalRecord) throws -> Void) throws {
        try body(watermark)
        let cursor = try snapshot.cursor(from: [0], to: [.max])
        try cursor.seek(to: [0])
        while let key = cursor.key {
            if Self.derived.contains(key[0]) {
                try cursor.seek(to: KeyRange.successor(of: [key[0]]))
            } else {
                for record in try records(key, cursor.value) { try body(record) }
                try cursor.next()
            }
        }
    }

    /// What follows from records of other spaces.
    private static let derived: Set<UInt8> = [
        Space.bucketTally, Space.feed, Space.head, Space.history, Space.listed, Space.pending,
        Space.referrer, Space.upload,
    ]

    private var watermark: JournalRecord {
        .watermark(
            WatermarkRecord(
                region: head.region, clock: head.clock,
                feed: FeedPosition(incarnation: head.feedIncarnation, number: head.feedNumber),
                lastChunkFile: head.lastChunkFile))
    }

    private func records(
        _ key: Bytes, _ value: Bytes
    ) throws(IndexError) -> [JournalRecord] {
        switch key[0] {
        case Space.blob: [.blob(try BlobEntry(encoded: value).record)]
        case Space.damage:
            [
                .blobState(
                    try decoding { () throws(RecordError) in
                        try BlobStateRecord(encoded: value[...])
                    })
            ]
        case Space.moved: [try Self.moved(key, value)]
        case Space.shown: try Self.object(value)
        case Space.register: try register(value)
        case Space.uploadByID:
            [
                .upload(
                    try decoding { () throws(RecordError) in
                        try UploadRecord.decode(encoded: value[...])
                    })
            ]
        case Space.part:
            [.part(try decoding { () throws(RecordError) in try PartRecord(encoded: value[...]) })]
        case Space.ended:
            [.uploadEnded(try UploadEndedRecord(value: value))]
        case Space.incarnation: [Self.incarnation(key)]
        case Space.cursor: [.cursor(try CursorRecord(key: key, value: value))]
        case Space.receipt: [.receipt(try ReceiptRecord(key: key, value: value))]
        default: throw .corrupt("a key of the unknown space \(key[0])")
        }
    }

    private static func moved(_ key: Bytes, _ value: Bytes) throws(IndexError) -> JournalRecord {
        guard let place = Numbers.decode(value[...], count: 2) else {
            throw .corrupt("the place of a chunk")
        }
        let birth = KeySchema.birthplace(of: key)
        // Of a chunk's length and checksum the index knows by the blob that has it.
        let chunk = ChunkRecord(
            file: birth.file, offsetBytes: birth.offsetBytes, lengthBytes: 0, crc32c: 0)
        return .chunkMoved(
            ChunkMovedRecord(chunk: chunk, nowFile: place[0], nowOffsetBytes: place[1]))
    }

    /// None where the name has a register besides, which holds this version too.
    private static func object(_ value: Bytes) throws(IndexError) -> [JournalRecord] {
        let shown = try ShownEntry(encoded: value)
        return shown.hasRegister ? [] : [.object(shown.version)]
    }

    /// Versions that one register record holds: of each no more than a request could say.
    static let registerVersions = 100

    /// What stands apart of the register follows in records that continue it.
    private func register(_ value: Bytes) throws(IndexError) -> [JournalRecord] {
        let entry = try RegisterEntry(encoded: value)
        guard let name = entry.register.name else { throw .corrupt("an empty register") }
        var all = entry.register.purges + entry.register.versions
        if entry.hasKept { all += try kept(name) }
        return stride(from: 0, to: all.count, by: Self.registerVersions).map { start in
            var some = ObjectRegister()
            for version in all[start..<min(start + Self.registerVersions, all.count)] {
                some.insert(version)
            }
            return .register(RegisterRecord(name: name, register: some, continues: start > 0))
        }
    }

    private func kept(_ name: ObjectName) throws(IndexError) -> [ObjectVersion] {
        let range = KeySchema.listed(of: name)
        let cursor = try snapshot.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        var kept: [ObjectVersion] = []
        while cursor.key != nil {
            let value = cursor.value
            kept.append(
                try decoding { () throws(RecordError) in
                    try ObjectRecord.decode(encoded: value[...])
                })
            try cursor.next()
        }
        return kept
    }

    private static func incarnation(_ key: Bytes) -> JournalRecord {
        .incarnation(
            IncarnationRecord(
                region: KeySchema.region(ofIncarnation: key),
                incarnation: KeySchema.incarnation(of: key),
                firstNumber: KeySchema.firstNumber(ofIncarnation: key)))
    }
}

extension ReceiptRecord {
    /// As the index holds it.
    init(key: Bytes, value: Bytes) throws(IndexError) {
        guard let numbers = Numbers.decode(value[...], count: 3) else {
            throw .corrupt("a receipt")
        }
        self.init(
            region: KeySchema.region(ofReceipt: key), origin: KeySchema.origin(ofReceipt: key),
            through: FeedPosition(incarnation: numbers[0], number: numbers[1]),
            atMilliseconds: Int64(bitPattern: numbers[2]))
    }
}
