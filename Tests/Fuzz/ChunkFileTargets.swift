// Chunk files: headers, and the walk over a file of any bytes.

import Checksums
import DiskIO
import Simulation

@testable import ChunkFiles

/// A walk covers the file from its first record to its end, in order and without overlap; what it calls
/// intact is read as the same.
@Sendable func fuzzChunkFile(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { raw in
        if let header = ChunkFileHeader(bytes: raw), header.refusal == nil {
            header.bytes.withUnsafeBytes { again in
                precondition(ChunkFileHeader(bytes: again) == header)
            }
        }
    }
    do {
        try walk(bytes)
    } catch {
        preconditionFailure("\(error)")
    }
}

private func walk(_ bytes: [UInt8]) throws {
    let disk = SimulatedDisk()
    try disk.makeDirectory("/chunks")
    let path = "/chunks/" + ChunkFormat.name(of: 1)
    try disk.open(path, .create).write(content(bytes), at: 0)
    let reader = ChunkReader(disk: disk, directories: ["/chunks"], storeID: 5)
    let scan = try ChunkScan(1, reader: reader)
    var end = UInt64(ChunkFormat.headerBytes)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 2 << 20, alignment: 64)
    defer { buffer.deallocate() }
    while let stretch = try scan.next() {
        switch stretch {
        case .gap(let range):
            precondition(
                range.lowerBound == end && !range.isEmpty, "a gap at \(range), not at \(end)")
            end = range.upperBound
        case .chunk(let reference, let isIntact):
            precondition(
                reference.id.offsetBytes == end, "a chunk at \(reference.id), not at \(end)")
            end += ChunkFormat.recordBytes(payloadBytes: Int(reference.lengthBytes))
            let payload = try? reader.read(reference, at: ChunkPlace(reference.id), into: buffer)
            precondition((payload != nil) == isIntact, "scan and read differ at \(reference.id)")
        }
    }
    let size = try disk.open(path, .read).sizeBytes()
    precondition(end >= size, "the walk ended at \(end) of \(size)")
}

/// A file: instructions are a byte that says what follows (a record that is whole, one whose payload is
/// not, one whose header is not, or loose bytes) and a length.
private func content(_ bytes: [UInt8]) -> [UInt8] {
    var input = FuzzInput(bytes)
    var content = ChunkFileHeader(storeID: 5, file: 1).bytes
    while !input.isEmpty {
        let kind = input.byte()
        let payload = input.take(Int(input.byte()) + 1)
        guard !payload.isEmpty else { break }
        let place = ChunkPlace(file: 1, offsetBytes: UInt64(content.count))
        var header = ChunkHeader(
            payloadBytes: UInt32(payload.count) << (kind & 16 == 0 ? 0 : 12),
            crc32c: CRC32C.checksum(payload)
        ).bytes(at: place)
        switch kind % 4 {
        case 0: break
        case 1: header[8] ^= 1
        case 2: header[kind == 2 ? 0 : 63] ^= 1
        default: header = []
        }
        content += header + payload
        // Sometimes the next record begins where none may.
        if kind & 8 == 0 {
            content += [UInt8](repeating: 0, count: (64 - content.count % 64) % 64)
        }
    }
    return content
}
