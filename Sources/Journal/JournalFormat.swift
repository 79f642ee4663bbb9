// The grammar of the journal. This file alone encodes and decodes what frames the records;
// `FieldCoding.swift` holds the two shapes that bodies are made of, and the files of `Records/` say
// which fields a record has. Integers are little-endian; a varint is LEB128 (seven bits a byte, least
// significant first, at most ten bytes). The files under `Tests/JournalTests/Golden` decode for ever.
//
//   directory    <data>/journal: `manifest`, and `<generation>-<number>.journal` (decimal)
//   manifest     magic "HFMANIF1", u32 length of the body, u32 CRC32C of the body, body: fields
//   file         file header, then batches; files of a generation are read in order of their number
//   file header  88 bytes:
//                  0  magic "HFJOURN1"            8  u32 format version (1)
//                 12  u32 header length (88)     16  u64 region
//                 24  u64 generation             32  u64 file number
//                 40  u64 first sequence         48  u64 compatible features
//                 56  u64 read-only-compatible   64  u64 incompatible features
//                 72  u64 salt                   80  4 bytes, zero
//                 84  u32 CRC32C of bytes 0 to 83
//   batch        batch header, body
//   batch header 40 bytes:
//                  0  u32 magic "HFBT"            4  u32 length of the body
//                  8  u64 commit sequence        16  u64 durable through (a sequence)
//                 24  u32 number of records      28  u32 flags (zero; any other is incompatible)
//                 32  u32 CRC32C of the body     36  u32 CRC32C of bytes 0 to 35 and of the place
//   place        32 bytes that are not written: u64 salt, u64 generation, u64 file number, u64 offset of the
//                batch in its file
//   body         records, one behind the other
//   record       varint (type << 1 | critical), varint length, fields
//   field        varint (tag << 1 | critical), varint length, bytes
//
// What a reader does not know: a compatible feature is ignored; a read-only-compatible one lets it read
// but not write; an incompatible one, or a critical record or field, makes it refuse to open, naming the
// file, the offset and the remedy. Other unknown records and fields are passed over.
//
// Place. The bodies of small objects ride in the journal, so a client chooses bytes that stand in it. A
// batch counts only where it was written: its checksum covers the place, and the place the salt, a random
// number of the generation that the manifest holds and no client is told. So nothing within a body, not
// even a copy of this journal, is ever taken for a batch when a reader looks for the next whole one.
//
// Order. Commit sequences run without gaps through all files of a generation. A batch says through which
// sequence the journal was synced when it was written: everything up to there was acknowledged or could
// have been. A file says which sequence it begins with: batches of earlier files from that sequence on
// are void, since the recovery that made the file did not take them. From these two numbers a reader
// tells *damage* (a batch that was synced is unreadable) from a *torn tail* (what a crash left of
// batches that were never acknowledged); `JournalReplay` holds the rules.

internal import Checksums
internal import Storage

enum JournalFormat {
    static let formatVersion: UInt32 = 1
    static let fileMagic: [UInt8] = Array("HFJOURN1".utf8)
    static let fileHeaderBytes = 88
    static let batchMagic: UInt32 = 0x5442_4648
    static let batchHeaderBytes = 40

    /// Feature bits that this code knows, of each kind.
    static let knownReadOnlyCompatible: UInt64 = 0
    static let knownIncompatible: UInt64 = 0
}

/// What stands at the start of a journal file.
struct JournalFileHeader: Hashable, Sendable {
    var region: RegionID
    var generation: UInt64
    var number: UInt64
    var firstSequence: UInt64
    var salt: UInt64
    var compatible: UInt64 = 0
    var readOnlyCompatible: UInt64 = 0
    var incompatible: UInt64 = 0

    func encode() -> [UInt8] {
        var bytes = JournalFormat.fileMagic
        bytes.append(littleEndian: JournalFormat.formatVersion)
        bytes.append(littleEndian: UInt32(JournalFormat.fileHeaderBytes))
        for value in [
            region.value, generation, number, firstSequence, compatible, readOnlyCompatible,
            incompatible, salt,
        ] {
            bytes.append(littleEndian: value)
        }
        bytes.append(contentsOf: repeatElement(0, count: 4))
        bytes.append(littleEndian: CRC32C.checksum(bytes))
        return bytes
    }

    /// `nil` where the header is not whole. Throws `incompatible` where it is, and of another format.
    static func decode(_ bytes: [UInt8], file: String) throws(JournalError) -> JournalFileHeader? {
        let length = JournalFormat.fileHeaderBytes
        guard bytes.count >= length, bytes.starts(with: JournalFormat.fileMagic),
            bytes.littleEndian(UInt32.self, at: 84) == CRC32C.checksum(Array(bytes[..<84])),
            let region = RegionID(stored: bytes.littleEndian(UInt64.self, at: 16))
        else { return nil }
        let version = bytes.littleEndian(UInt32.self, at: 8)
        guard version == JournalFormat.formatVersion else {
            throw .incompatible(file: file, offset: 8, "format version \(version)")
        }
        let header = JournalFileHeader(
            region: region, generation: bytes.littleEndian(UInt64.self, at: 24),
            number: bytes.littleEndian(UInt64.self, at: 32),
            firstSequence: bytes.littleEndian(UInt64.self, at: 40),
            salt: bytes.littleEndian(UInt64.self, at: 72),
            compatible: bytes.littleEndian(UInt64.self, at: 48),
            readOnlyCompatible: bytes.littleEndian(UInt64.self, at: 56),
            incompatible: bytes.littleEndian(UInt64.self, at: 64))
        // The daemon always writes, so what may only be read is refused as well.
        let unknown =
            header.incompatible & ~JournalFormat.knownIncompatible
            | header.readOnlyCompatible & ~JournalFormat.knownReadOnlyCompatible
        guard unknown == 0 else {
            throw .incompatible(
                file: file, offset: 56, "feature bits 0x" + String(unknown, radix: 16))
        }
        return header
    }
}

/// Where a batch stands: only there does it count.
struct BatchPlace: Hashable, Sendable {
    var salt: UInt64
    var generation: UInt64
    var number: UInt64
    var offset: UInt64

    /// The checksum of a header's first 36 bytes at this place.
    func checksum(_ header: some Collection<UInt8>) -> UInt32 {
        var bytes = Array(header)
        for value in [salt, generation, number, offset] { bytes.append(littleEndian: value) }
        return CRC32C.checksum(bytes)
    }
}

/// What stands before the records of a batch.
struct BatchHeader: Hashable, Sendable {
    var bodyBytes: UInt32
    var sequence: UInt64
    var durableThrough: UInt64
    var recordCount: UInt32
    var bodyChecksum: UInt32

    func append(to bytes: inout [UInt8], at place: BatchPlace) {
        var header: [UInt8] = []
        header.reserveCapacity(JournalFormat.batchHeaderBytes)
        header.append(littleEndian: JournalFormat.batchMagic)
        header.append(littleEndian: bodyBytes)
        header.append(littleEndian: sequence)
        header.append(littleEndian: durableThrough)
        header.append(littleEndian: recordCount)
        header.append(littleEndian: UInt32(0))
        header.append(littleEndian: bodyChecksum)
        header.append(littleEndian: place.checksum(header))
        bytes += header
    }

    /// `nil` where the bytes are no whole header of this place. Throws `incompatible` for flags of a later
    /// format.
    static func decode(
        _ bytes: ArraySlice<UInt8>, file: String, at place: BatchPlace
    ) throws(JournalError) -> BatchHeader? {
        let base = bytes.startIndex
        guard bytes.count >= JournalFormat.batchHeaderBytes,
            bytes.littleEndian(UInt32.self, at: base) == JournalFormat.batchMagic,
            bytes.littleEndian(UInt32.self, at: base + 36)
                == place.checksum(bytes[base..<base + 36])
        else { return nil }
        let flags = bytes.littleEndian(UInt32.self, at: base + 28)
        guard flags == 0 else {
            throw .incompatible(file: file, offset: place.offset, "batch flags \(flags)")
        }
        // The greatest sequence has none behind it: no journal comes to it.
        guard bytes.littleEndian(UInt64.self, at: base + 8) < .max else { return nil }
        return BatchHeader(
            bodyBytes: bytes.littleEndian(UInt32.self, at: base + 4),
            sequence: bytes.littleEndian(UInt64.self, at: base + 8),
            durableThrough: bytes.littleEndian(UInt64.self, at: base + 16),
            recordCount: bytes.littleEndian(UInt32.self, at: base + 24),
            bodyChecksum: bytes.littleEndian(UInt32.self, at: base + 32))
    }
}

extension RegionID {
    /// `nil` for zero, which no region is.
    init?(stored value: UInt64) {
        guard value != 0 else { return nil }
        self.init(value)
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }

    mutating func append(varint value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(rest))
    }
}

extension UInt64 {
    /// How many bytes it takes as a varint: seven bits in each, and one of them for zero.
    var varintBytes: UInt64 { UInt64((UInt64.bitWidth - (self | 1).leadingZeroBitCount + 6) / 7) }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// The integer whose bytes begin at `position`, which the caller has checked to be there.
    func littleEndian<Value: FixedWidthInteger & UnsignedInteger>(
        _ type: Value.Type, at position: Int
    ) -> Value {
        var value: Value = 0
        for index in 0..<(Value.bitWidth / 8) {
            value |= Value(self[position + index]) << (8 * index)
        }
        return value
    }
}
