// The bytes on disk, for ever.

import Checksums
import ChunkFiles
import DiskIO
import Simulation
import Testing

/// A payload that is not all alike.
func payload(_ count: Int, seed: UInt8 = 1) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(seed) &* 7) }
}

@Suite("The format of chunk files")
struct ChunkFormatTests {
    /// Written by hand from the grammar at the head of `ChunkFormat.swift`, checksums by another program.
    private static let goldenFileHeader = """
        484f4c444643484b 01000000 40000000 8877665544332211 0700000000000000
        0000000000000000 0000000000000000 0000000000000000 00000000 cf9820d6
        """
    private static let goldenChunk = """
        43484e4b 05000000 4cbb719a 00000000 0000000000000000 000000000000000000000000
        000000000000000000000000000000000000000000000000 a2c26c2b 68656c6c6f
        """

    @Test("a file with one chunk is byte for byte what the grammar says")
    func golden() throws {
        let disk = SimulatedDisk()
        try disk.makeDirectory("/chunks")
        let writer = try ChunkWriter(
            disk: disk, directory: "/chunks", storeID: 0x1122_3344_5566_7788,
            hold: ChunkHolds().hold(7), limits: ChunkLimits())
        let reference = try append(Array("hello".utf8), to: writer)
        #expect(reference?.id == ChunkID(file: 7, offsetBytes: 64))
        let bytes = disk.content(of: "/chunks/0000000000000007.chunk")
        #expect(bytes == Self.bytes(Self.goldenFileHeader + Self.goldenChunk))
    }

    @Test("golden headers decode")
    func decodes() {
        let bytes = Self.bytes(Self.goldenFileHeader + Self.goldenChunk)
        bytes.withUnsafeBytes { bytes in
            let file = ChunkFileHeader(bytes: bytes)
            #expect(file == ChunkFileHeader(storeID: 0x1122_3344_5566_7788, file: 7))
            #expect(file?.refusal == nil)
            let chunk = ChunkHeader(
                bytes: .init(rebasing: bytes[64...]), at: ChunkPlace(file: 7, offsetBytes: 64))
            #expect(chunk?.payloadBytes == 5)
            #expect(chunk?.crc32c == CRC32C.checksum(Array("hello".utf8)))
            #expect(chunk?.keyID == 0)
        }
    }

    @Test("a chunk header stands for its own place only")
    func boundToPlace() {
        let place = ChunkPlace(file: 7, offsetBytes: 128)
        let bytes = ChunkHeader(payloadBytes: 5, crc32c: 1).bytes(at: place)
        bytes.withUnsafeBytes { bytes in
            #expect(ChunkHeader(bytes: bytes, at: place) != nil)
            #expect(ChunkHeader(bytes: bytes, at: ChunkPlace(file: 7, offsetBytes: 192)) == nil)
            #expect(ChunkHeader(bytes: bytes, at: ChunkPlace(file: 8, offsetBytes: 128)) == nil)
        }
    }

    @Test("a sealed chunk says under which key and nonce, and is no chunk in the clear")
    func seals() throws {
        let chunks = try ChunkFixture()
        let seal = ChunkSeal(keyID: 0x2a, nonce: Array(1...12))
        let payload = Array("hello and sixteen more".utf8)
        let reference = try payload.withUnsafeBytes { bytes in
            try chunks.appender.append(
                [bytes], crc32c: CRC32C.checksum(bytes), seal: seal, lane: 0
            ).reference
        }
        #expect(reference.isSealed)
        #expect(reference.bodyBytes == UInt32(payload.count - 16))
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256, alignment: 64)
        defer { buffer.deallocate() }
        let stored = try chunks.reader.read(reference, at: ChunkPlace(reference.id), into: buffer)
        #expect(stored.seal == seal)
        #expect(Array(stored.bytes) == payload)
        let clear = ChunkReference(
            id: reference.id, lengthBytes: reference.lengthBytes, crc32c: reference.crc32c)
        #expect(throws: ChunkFileError.self) {
            try chunks.reader.read(clear, at: ChunkPlace(clear.id), into: buffer)
        }
        #expect(try chunks.scan(reference.id.file) == [.chunk(reference, isIntact: true)])
    }

    @Test("a flip of any bit of a header is seen")
    func flips() {
        let place = ChunkPlace(file: 7, offsetBytes: 128)
        let chunk = ChunkHeader(payloadBytes: 5, crc32c: 1).bytes(at: place)
        let file = ChunkFileHeader(storeID: 1, file: 7).bytes
        for bit in 0..<512 {
            var (chunk, file) = (chunk, file)
            chunk[bit / 8] ^= 1 << UInt8(bit % 8)
            file[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(chunk.withUnsafeBytes { ChunkHeader(bytes: $0, at: place) } == nil)
            #expect(file.withUnsafeBytes { ChunkFileHeader(bytes: $0) } == nil)
        }
    }

    @Test("a later version or an unknown incompatible feature is refused, others are not")
    func features() {
        var header = ChunkFileHeader(storeID: 1, file: 7)
        header.compatibleFeatures = 1
        header.readOnlyFeatures = 2
        #expect(header.refusal == nil)
        header.incompatibleFeatures = 4
        #expect(header.refusal?.contains("4") == true)
        header.incompatibleFeatures = 0
        header.version = 2
        #expect(header.refusal?.contains("2") == true)
    }

    @Test("names are sixteen digits", arguments: [0, 7, 255, UInt64.max])
    func names(_ file: UInt64) {
        #expect(ChunkFormat.file(named: ChunkFormat.name(of: file)) == file)
    }

    @Test(
        "other names are not chunk files",
        arguments: [
            "7.chunk", "000000000000000G.chunk", "0000000000000007.tmp", "-000000000000007.chunk",
            "000000000000000A.chunk",
        ])
    func otherNames(_ name: String) {
        #expect(ChunkFormat.file(named: name) == nil)
    }

    static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = hexadecimal.filter { !$0.isWhitespace }
        return stride(from: 0, to: digits.count, by: 2).compactMap { index in
            UInt8(digits.dropFirst(index).prefix(2), radix: 16)
        }
    }
}

/// Appends one payload as it stands in memory.
func append(_ payload: [UInt8], to writer: ChunkWriter) throws -> ChunkReference? {
    try payload.withUnsafeBytes { bytes in
        try writer.append([bytes], crc32c: CRC32C.checksum(bytes))
    }
}
