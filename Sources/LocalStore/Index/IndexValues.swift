// The values of the index that are not records of the journal: lists of numbers, and records with a
// byte of flags or a length before them. The index can always be rebuilt, so their format has a number
// (in the head) and no history: an index of another format is discarded.

internal import Journal
internal import MetadataIndex
internal import Storage

/// What the index knows as a whole; written with every batch.
struct IndexHead: Hashable, Sendable {
    static let format: UInt64 = 5

    var region: RegionID
    var replay: ReplayPoint
    var incarnation: UInt64 = 0
    /// The last number issued in this region's feed, and the incarnation that issued it.
    var feedNumber: UInt64 = 0
    var feedIncarnation: UInt64 = 0
    /// The greatest stamp seen.
    var clock = HybridTimestamp(rawValue: 0)
    var blobs: UInt64 = 0
    var uploads: UInt64 = 0
    var movedChunks: UInt64 = 0
    /// The greatest id of a chunk file that any record named: ids are never used twice.
    var lastChunkFile: UInt64 = 0
    /// About how much of the journal a new generation would leave out.
    var deadBytes: UInt64 = 0

    init(region: RegionID, replay: ReplayPoint) {
        self.region = region
        self.replay = replay
    }

    var encoded: Bytes {
        Numbers.encode([
            Self.format, region.value, replay.generation, replay.file, replay.offsetBytes,
            replay.nextSequence, incarnation, feedNumber, feedIncarnation, clock.rawValue, blobs,
            uploads, movedChunks, lastChunkFile, deadBytes,
        ])
    }

    /// `nil` for the head of another format.
    init?(encoded: Bytes) {
        guard let numbers = Numbers.decode(encoded[...], count: 15), numbers[0] == Self.format,
            numbers[1] != 0
        else { return nil }
        region = RegionID(numbers[1])
        replay = ReplayPoint(
            generation: numbers[2], file: numbers[3], offsetBytes: numbers[4],
            nextSequence: numbers[5])
        incarnation = numbers[6]
        feedNumber = numbers[7]
        feedIncarnation = numbers[8]
        clock = HybridTimestamp(rawValue: numbers[9])
        blobs = numbers[10]
        uploads = numbers[11]
        movedChunks = numbers[12]
        lastChunkFile = numbers[13]
        deadBytes = numbers[14]
    }

    /// The place in this region's feed that was issued last.
    var feedPosition: FeedPosition {
        feedNumber == 0
            ? .start : FeedPosition(incarnation: feedIncarnation, number: feedNumber)
    }
}

/// Fixed-width lists of numbers.
enum Numbers {
    static func encode(_ numbers: [UInt64]) -> Bytes {
        var bytes: Bytes = []
        bytes.reserveCapacity(numbers.count * 8)
        for number in numbers {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }

    /// `nil` unless `bytes` holds exactly `count` numbers.
    static func decode(_ bytes: ArraySlice<UInt8>, count: Int) -> [UInt64]? {
        guard bytes.count == count * 8 else { return nil }
        return stride(from: bytes.startIndex, to: bytes.endIndex, by: 8).map { start in
            bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}

/// A blob as the index holds it: a byte of flags, then its record.
struct BlobEntry: Hashable, Sendable {
    private static let damagedFlag: UInt8 = 1

    var record: BlobRecord
    var isDamaged = false

    var info: BlobInfo {
        BlobInfo(
            blob: record.blob, sizeBytes: record.sizeBytes, isDamaged: isDamaged,
            isSealed: record.bytes.isSealed && record.sizeBytes > 0)
    }

    var encoded: Bytes { [isDamaged ? Self.damagedFlag : 0] + record.encode() }

    init(record: BlobRecord, isDamaged: Bool = false) {
        self.record = record
        self.isDamaged = isDamaged
    }

    /// Whether something of the blob is damaged: then, and only then, it is said what.
    static func isDamaged(encoded: Bytes) -> Bool { (encoded.first ?? 0) & damagedFlag != 0 }

    /// The size alone, of a record that may hold as many bytes.
    static func sizeBytes(encoded: Bytes) throws(IndexError) -> UInt64 {
        try decoding { () throws(RecordError) in
            try BlobRecord.sizeBytes(encoded: encoded.dropFirst())
        }
    }

    init(encoded: Bytes) throws(IndexError) {
        guard !encoded.isEmpty else { throw .corrupt("an empty blob entry") }
        isDamaged = Self.isDamaged(encoded: encoded)
        record = try decoding { () throws(RecordError) in
            try BlobRecord(encoded: encoded.dropFirst())
        }
    }
}

/// What a name shows: a byte of flags, then the record of the put.
struct ShownEntry: Hashable, Sendable {
    private static let registerFlag: UInt8 = 1

    var version: ObjectVersion
    /// The name holds more than this version: its register has an entry of its own.
    var hasRegister: Bool

    var encoded: Bytes { [hasRegister ? Self.registerFlag : 0] + ObjectRecord.encode(version) }

    init(version: ObjectVersion, hasRegister: Bool) {
        self.version = version
        self.hasRegister = hasRegister
    }

    init(encoded: Bytes) throws(IndexError) {
        guard let flags = encoded.first else { throw .corrupt("an empty object entry") }
        hasRegister = flags & Self.registerFlag != 0
        version = try decoding { () throws(RecordError) in
            try ObjectRecord.decode(encoded: encoded.dropFirst())
        }
    }
}

/// What a bucket shows, in figures.
struct BucketTally: Hashable, Sendable {
    var objects: UInt64 = 0
    var bytes: UInt64 = 0
    /// What a list of versions names beside the objects.
    var versions: UInt64 = 0
    var versionBytes: UInt64 = 0

    var encoded: Bytes { Numbers.encode([objects, bytes, versions, versionBytes]) }

    init() {}

    init(encoded: Bytes) throws(IndexError) {
        guard let numbers = Numbers.decode(encoded[...], count: 4) else {
            throw .corrupt("a bucket's tally")
        }
        objects = numbers[0]
        bytes = numbers[1]
        versions = numbers[2]
        versionBytes = numbers[3]
    }

    mutating func replace(_ old: ObjectVersion?, by new: ObjectVersion?) {
        if let content = old?.content {
            objects -= 1
            bytes -= content.sizeBytes
        }
        if let content = new?.content {
            objects += 1
            bytes += content.sizeBytes
        }
    }
}

/// Which version a feed position, or a pending entry, is about: two numbers, then bucket, 0, key.
extension VersionReference {
    var encoded: Bytes {
        var bytes = Numbers.encode([version.stamp.rawValue, version.region.value])
        bytes += name.bucket.utf8
        bytes.append(0)
        bytes += name.key.bytes
        return bytes
    }

    init(encoded: Bytes) throws(IndexError) {
        guard let numbers = Numbers.decode(encoded.prefix(16), count: 2), numbers[1] != 0,
            let zero = encoded.dropFirst(16).firstIndex(of: 0)
        else { throw .corrupt("a reference to a version") }
        let name = ObjectName(
            bucket: String(decoding: encoded[16..<zero], as: UTF8.self),
            key: ObjectKey(bytes: Array(encoded[(zero + 1)...])))
        let version = Version(
            stamp: HybridTimestamp(rawValue: numbers[0]), region: RegionID(numbers[1]))
        self.init(name: name, version: version)
    }
}

extension CursorRecord {
    /// As the index holds it.
    var value: Bytes {
        Numbers.encode([position.incarnation, position.number, seen.incarnation, seen.number])
    }

    init(key: Bytes, value: Bytes) throws(IndexError) {
        guard let numbers = Numbers.decode(value[...], count: 4) else {
            throw .corrupt("a cursor")
        }
        self.init(
            origin: KeySchema.origin(ofCursor: key),
            position: FeedPosition(incarnation: numbers[0], number: numbers[1]),
            seen: FeedPosition(incarnation: numbers[2], number: numbers[3]))
    }
}

/// Runs a record's decoder on a value of the index.
func decoding<Value>(
    _ decode: () throws(RecordError) -> Value
) throws(IndexError) -> Value {
    do { return try decode() } catch { throw .corrupt(error.description) }
}
