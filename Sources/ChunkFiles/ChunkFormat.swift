// The format of a chunk file, all of it. Golden files in the tests must decode for ever.
//
//     chunk file   = file header, { chunk record | gap }
//     chunk record = chunk header, payload, zero bytes up to the next multiple of 64
//     gap          = whatever a crash or a failed write left; never a valid chunk header
//
// All integers are little-endian. A file header is 64 bytes at offset 0:
//
//      0  8  magic "HOLDFCHK"
//      8  4  format version, 1
//     12  4  offset of the first chunk record, 64
//     16  8  store id: the region whose data directory this is
//     24  8  file id: what the file's name says in hexadecimal
//     32  8  compatible feature bits: unknown ones are ignored
//     40  8  read-only-compatible feature bits: with unknown ones the file may be read, not changed
//     48  8  incompatible feature bits: with unknown ones the file is refused
//     56  4  reserved, 0
//     60  4  CRC32C of bytes 0 to 59
//
// A chunk header is 64 bytes at a multiple of 64:
//
//      0  4  magic "CHNK"
//      4  4  payload length in bytes, 1 to 1 MiB (and the 16 bytes of a seal's tag)
//      8  4  CRC32C of the payload as stored
//     12  4  reserved, 0
//     16  8  key id; 0: the payload is in the clear
//     24 12  nonce; zeros: the payload is in the clear
//     36 24  reserved, 0
//     60  4  CRC32C of bytes 0 to 59, then of the file id and of the record's offset, 8 bytes each
//
// The checksum of a header covers the place where it stands, so that a record that a disk wrote to the
// wrong place, or that was left there by another file, is none. Reserved bytes that are not zero belong
// to a later format, which says so in the feature bits; they are covered by the checksum and not read.
//
// A sealed payload is what AES-256-GCM makes of a piece of a body, and behind it the tag of 16 bytes. Its
// associated data is `HOLDFAST CHUNK 1` and the key id, so that nothing else that the key may ever seal
// opens as a chunk. What a chunk is a piece of is not in it: a chunk keeps its bytes when it is moved, and is
// shared by whatever is copied from its body by reference. That the right chunks stand in the right order is
// what the digest of the whole says, which was checked when they were written, and is again by a deep scrub.

internal import Checksums

package enum ChunkFormat {
    package static let version: UInt32 = 1
    package static let headerBytes = 64
    /// Records begin at multiples of it.
    package static let alignmentBytes: UInt64 = 64
    /// Of what a body is cut into. A sealed payload is longer by its tag.
    package static let payloadLimitBytes = 1 << 20
    package static let sealTagBytes = 16

    package static func associatedData(keyID: UInt64) -> [UInt8] {
        var bytes = Array("HOLDFAST CHUNK 1".utf8)
        bytes.append(littleEndian: keyID)
        return bytes
    }

    static let fileMagic: [UInt8] = Array("HOLDFCHK".utf8)
    static let chunkMagic: [UInt8] = Array("CHNK".utf8)

    /// The feature bits this daemon knows; none so far.
    static let knownReadOnlyFeatures: UInt64 = 0
    static let knownIncompatibleFeatures: UInt64 = 0

    /// `<16 hexadecimal digits>.chunk`.
    package static func name(of file: UInt64) -> String {
        let digits = String(file, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + suffix
    }

    /// The file id that a name says; `nil` where it is not a chunk file's name.
    package static func file(named name: String) -> UInt64? {
        guard name.utf8.count == 16 + suffix.utf8.count, name.hasSuffix(suffix),
            let file = UInt64(name.dropLast(suffix.utf8.count), radix: 16),
            Self.name(of: file) == name
        else { return nil }
        return file
    }

    /// What a record of this payload takes in its file.
    package static func recordBytes(payloadBytes: Int) -> UInt64 {
        aligned(UInt64(headerBytes + payloadBytes))
    }

    static func aligned(_ offset: UInt64) -> UInt64 {
        (offset + alignmentBytes - 1) / alignmentBytes * alignmentBytes
    }

    private static let suffix = ".chunk"
}

/// The first 64 bytes of a chunk file.
package struct ChunkFileHeader: Hashable, Sendable {
    package var version: UInt32 = ChunkFormat.version
    package var storeID: UInt64
    package var file: UInt64
    package var compatibleFeatures: UInt64 = 0
    package var readOnlyFeatures: UInt64 = 0
    package var incompatibleFeatures: UInt64 = 0

    package init(storeID: UInt64, file: UInt64) {
        self.storeID = storeID
        self.file = file
    }

    package var bytes: [UInt8] {
        var bytes = ChunkFormat.fileMagic
        bytes.append(littleEndian: version)
        bytes.append(littleEndian: UInt32(ChunkFormat.headerBytes))
        for value in [
            storeID, file, compatibleFeatures, readOnlyFeatures, incompatibleFeatures,
        ] {
            bytes.append(littleEndian: value)
        }
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: CRC32C.checksum(bytes))
        return bytes
    }

    /// `nil` where the bytes are not an intact header. Whether its version and features are known is
    /// another question (`refusal`).
    package init?(bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= ChunkFormat.headerBytes,
            bytes.prefix(8).elementsEqual(ChunkFormat.fileMagic),
            CRC32C.checksum(.init(rebasing: bytes.prefix(60))) == bytes.littleEndian(at: 60)
        else { return nil }
        version = bytes.littleEndian(at: 8)
        storeID = bytes.littleEndian(at: 16)
        file = bytes.littleEndian(at: 24)
        compatibleFeatures = bytes.littleEndian(at: 32)
        readOnlyFeatures = bytes.littleEndian(at: 40)
        incompatibleFeatures = bytes.littleEndian(at: 48)
    }

    /// Why this daemon must not read the file; `nil` where it may.
    package var refusal: String? {
        guard version == ChunkFormat.version else { return "format version \(version)" }
        let unknown = incompatibleFeatures & ~ChunkFormat.knownIncompatibleFeatures
        return unknown == 0 ? nil : "incompatible feature bits \(String(unknown, radix: 16))"
    }
}

/// The 64 bytes before a payload.
package struct ChunkHeader: Hashable, Sendable {
    package var payloadBytes: UInt32
    package var crc32c: UInt32
    /// 0: in the clear.
    package var keyID: UInt64 = 0
    /// Twelve bytes.
    package var nonce: [UInt8] = [UInt8](repeating: 0, count: 12)

    package init(payloadBytes: UInt32, crc32c: UInt32, seal: ChunkSeal? = nil) {
        self.payloadBytes = payloadBytes
        self.crc32c = crc32c
        if let seal {
            keyID = seal.keyID
            nonce = seal.nonce
        }
    }

    package var seal: ChunkSeal? { keyID == 0 ? nil : ChunkSeal(keyID: keyID, nonce: nonce) }

    package func bytes(at place: ChunkPlace) -> [UInt8] {
        precondition(nonce.count == 12, "a nonce has twelve bytes")
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ChunkFormat.headerBytes)
        bytes += ChunkFormat.chunkMagic
        bytes.append(littleEndian: payloadBytes)
        bytes.append(littleEndian: crc32c)
        bytes.append(littleEndian: UInt32(0))
        bytes.append(littleEndian: keyID)
        bytes += nonce
        bytes += repeatElement(0, count: 24)
        let checksum = bytes.withUnsafeBytes { Self.checksum($0, at: place) }
        bytes.append(littleEndian: checksum)
        return bytes
    }

    /// `nil` where the bytes are not an intact header of a record at `place`.
    package init?(bytes: UnsafeRawBufferPointer, at place: ChunkPlace) {
        guard bytes.count >= ChunkFormat.headerBytes,
            bytes.prefix(4).elementsEqual(ChunkFormat.chunkMagic),
            Self.checksum(.init(rebasing: bytes.prefix(60)), at: place)
                == bytes.littleEndian(at: 60)
        else { return nil }
        payloadBytes = bytes.littleEndian(at: 4)
        crc32c = bytes.littleEndian(at: 8)
        keyID = bytes.littleEndian(at: 16)
        nonce = Array(bytes[24..<36])
        let limit = ChunkFormat.payloadLimitBytes + ChunkFormat.sealTagBytes
        guard (1...limit).contains(Int(payloadBytes)) else { return nil }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, at place: ChunkPlace) -> UInt32 {
        var check = CRC32C()
        check.update(bytes)
        var words = (place.file.littleEndian, place.offsetBytes.littleEndian)
        withUnsafeBytes(of: &words) { check.update($0) }
        return check.value
    }
}

extension [UInt8] {
    fileprivate mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int
    ) -> Value {
        Value(littleEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
}
