// What the journal says of bytes: which chunks make a blob, whether it is whole here, where a chunk is.

package import Checksums
package import Storage

/// A chunk as the journal names it: the place where it was born, which is its id for ever.
package struct ChunkRecord: Hashable, Sendable {
    package static let byteCount = 24

    package var file: UInt64
    package var offsetBytes: UInt64
    /// Of the payload as stored.
    package var lengthBytes: UInt32
    /// Of the payload as stored.
    package var crc32c: UInt32
    package var isSealed: Bool

    package init(
        file: UInt64, offsetBytes: UInt64, lengthBytes: UInt32, crc32c: UInt32,
        isSealed: Bool = false
    ) {
        self.file = file
        self.offsetBytes = offsetBytes
        self.lengthBytes = lengthBytes
        self.crc32c = crc32c
        self.isSealed = isSealed
    }
}

/// Where the bytes of a blob or part are, and in which form.
package enum StoredBytes: Hashable, Sendable {
    /// In the record itself, in the clear.
    case inline([UInt8])
    /// In the record itself, sealed.
    case sealed(SealedBytes)
    /// In chunk files, in order; only whole chunks.
    case chunks([ChunkRecord])

    /// Whether nothing of the bytes lies on the disk in the clear. Of no bytes at all, nothing does.
    package var isSealed: Bool {
        switch self {
        case .inline(let bytes): bytes.isEmpty
        case .sealed: true
        case .chunks(let chunks): chunks.allSatisfy(\.isSealed)
        }
    }
}

/// A blob that is here.
package struct BlobRecord: Hashable, Sendable {
    package var blob: BlobID
    package var sizeBytes: UInt64
    package var bytes: StoredBytes
    /// A verified SHA-512 of the same bytes: an alias.
    package var sha512: [UInt8]?

    package init(blob: BlobID, sizeBytes: UInt64, bytes: StoredBytes, sha512: [UInt8]? = nil) {
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.bytes = bytes
        self.sha512 = sha512
    }

    /// The body: what the journal holds of it, and what the index holds as its value.
    package func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 96 + bytes.encodedBytes)
        writer.blob(1, blob)
        writer.number(2, sizeBytes)
        bytes.write(to: &writer)
        if let sha512 { writer.field(7, sha512) }
        return writer.bytes
    }

    package init(encoded: ArraySlice<UInt8>) throws(RecordError) {
        self = try RecordError.decoding { () throws(FieldError) in try Self.decode(encoded) }
    }

    /// Of a record that was encoded, without taking the rest apart.
    package static func sizeBytes(encoded: ArraySlice<UInt8>) throws(RecordError) -> UInt64 {
        try RecordError.decoding { () throws(FieldError) in
            var reader = FieldReader(encoded, of: "blob record")
            while let field = try reader.next() {
                if field.tag == 2 { return try field.number() }
            }
            throw reader.missing("size")
        }
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> BlobRecord {
        var reader = FieldReader(body, of: "blob record")
        var blob: BlobID?
        var size: UInt64 = 0
        var bytes: StoredBytes?
        var sha512: [UInt8]?
        while let field = try reader.next() {
            switch field.tag {
            case 1: blob = try field.blob()
            case 2: size = try field.number()
            case 3...6: bytes = try StoredBytes(field)
            case 7: sha512 = Array(field.bytes)
            default: try reader.passOver(field)
            }
        }
        guard let blob else { throw reader.missing("digest") }
        guard let bytes else { throw reader.missing("bytes") }
        return BlobRecord(blob: blob, sizeBytes: size, bytes: bytes, sha512: sha512)
    }
}

/// Tags of blob and part records: 3 inline, 4 chunks, 5 inline and sealed, 6 chunks of which some are sealed. Who
/// knows of no seals refuses the last two, and takes none of them for the bytes of a body.
extension StoredBytes {
    var encodedBytes: Int {
        switch self {
        case .inline(let bytes): bytes.count
        case .sealed(let sealed): sealed.payload.count + SealedBytes.overheadBytes
        case .chunks(let chunks): chunks.count * ChunkRecord.byteCount
        }
    }

    func write(to writer: inout FieldWriter) {
        switch self {
        case .inline(let bytes): writer.field(3, bytes)
        case .sealed(let sealed): writer.field(5, sealed.encoded)
        case .chunks(let chunks):
            var packed: [UInt8] = []
            packed.reserveCapacity(encodedBytes)
            for chunk in chunks { chunk.append(to: &packed) }
            writer.field(chunks.contains(where: \.isSealed) ? 6 : 4, packed)
        }
    }

    init(_ field: Field) throws(FieldError) {
        switch field.tag {
        case 3: self = .inline(Array(field.bytes))
        case 5:
            guard let sealed = SealedBytes(encoded: Array(field.bytes)) else {
                throw .malformed("sealed bytes of no known form")
            }
            self = .sealed(sealed)
        default: self = .chunks(try ChunkRecord.list(field))
        }
    }
}

/// The highest bit of the length says whether the chunk is sealed; a payload has a little over 1 MiB at most.
extension ChunkRecord {
    private static let sealedBit: UInt32 = 1 << 31

    func append(to bytes: inout [UInt8]) {
        bytes.append(littleEndian: file)
        bytes.append(littleEndian: offsetBytes)
        bytes.append(littleEndian: isSealed ? lengthBytes | Self.sealedBit : lengthBytes)
        bytes.append(littleEndian: crc32c)
    }

    /// Chunks, one packed behind the other.
    static func list(_ field: Field) throws(FieldError) -> [ChunkRecord] {
        guard field.bytes.count.isMultiple(of: byteCount) else {
            throw .malformed("a chunk list is cut off")
        }
        var chunks: [ChunkRecord] = []
        chunks.reserveCapacity(field.bytes.count / byteCount)
        for start in stride(
            from: field.bytes.startIndex, to: field.bytes.endIndex, by: byteCount)
        {
            chunks.append(ChunkRecord(field.bytes, at: start))
        }
        return chunks
    }

    init(_ bytes: ArraySlice<UInt8>, at start: Int) {
        file = bytes.littleEndian(UInt64.self, at: start)
        offsetBytes = bytes.littleEndian(UInt64.self, at: start + 8)
        let length = bytes.littleEndian(UInt32.self, at: start + 16)
        lengthBytes = length & ~Self.sealedBit
        isSealed = length & Self.sealedBit != 0
        crc32c = bytes.littleEndian(UInt32.self, at: start + 20)
    }
}

/// Where a chunk is now. Its id stays the place where it was born. With `nowhere` for its file: nothing refers
/// to it any more, and where it was is forgotten.
package struct ChunkMovedRecord: Hashable, Sendable {
    /// Ids of chunk files begin at 1.
    package static let nowhere: UInt64 = 0

    package var chunk: ChunkRecord
    package var nowFile: UInt64
    package var nowOffsetBytes: UInt64

    package init(chunk: ChunkRecord, nowFile: UInt64, nowOffsetBytes: UInt64) {
        self.chunk = chunk
        self.nowFile = nowFile
        self.nowOffsetBytes = nowOffsetBytes
    }

    func encode() -> [UInt8] {
        var writer = FieldWriter(reserving: 64)
        var packed: [UInt8] = []
        chunk.append(to: &packed)
        writer.field(1, packed)
        writer.pair(2, nowFile, nowOffsetBytes)
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> ChunkMovedRecord {
        var reader = FieldReader(body, of: "chunk moved record")
        var chunk: ChunkRecord?
        var now: (UInt64, UInt64)?
        while let field = try reader.next() {
            switch field.tag {
            case 1 where field.bytes.count == ChunkRecord.byteCount:
                chunk = ChunkRecord(field.bytes, at: field.bytes.startIndex)
            case 2: now = try field.pair()
            default: try reader.passOver(field)
            }
        }
        guard let chunk, let now else { throw reader.missing("chunk or place") }
        return ChunkMovedRecord(chunk: chunk, nowFile: now.0, nowOffsetBytes: now.1)
    }
}

enum FileRetired {
    static func encode(_ file: UInt64) -> [UInt8] {
        var writer = FieldWriter(reserving: 16)
        writer.number(1, file)
        return writer.bytes
    }

    static func decode(_ body: ArraySlice<UInt8>) throws(FieldError) -> UInt64 {
        var reader = FieldReader(body, of: "file retired record")
        var file: UInt64?
        while let field = try reader.next() {
            switch field.tag {
            case 1: file = try field.number()
            default: try reader.passOver(field)
            }
        }
        guard let file else { throw reader.missing("file") }
        return file
    }
}
