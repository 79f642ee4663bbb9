// Walking a chunk file from its start: what records there are, whether they are intact, and where there
// are none. What is live is not to be seen here; the index knows.

internal import Checksums
internal import DiskIO

/// What stands at a place of a chunk file.
package enum ScannedStretch: Hashable, Sendable {
    /// A header that is intact; `isIntact` says whether its payload is too.
    case chunk(ChunkReference, isIntact: Bool)
    /// No record begins in this range: a hole, or what a crash or a failed write left.
    case gap(Range<UInt64>)
}

/// A walk over one file. Used by one thread; blocks.
package final class ChunkScan {
    private let file: UInt64
    private let handle: any DiskFile
    private let sizeBytes: UInt64
    private let buffer: UnsafeMutableRawBufferPointer
    private var offset: UInt64

    /// Begins at `offset`, a place where a record began, or at the first record.
    package init(
        _ file: UInt64, reader: ChunkReader, from offset: UInt64 = UInt64(ChunkFormat.headerBytes)
    ) throws(ChunkFileError) {
        precondition(offset % ChunkFormat.alignmentBytes == 0, "no record begins at \(offset)")
        self.file = file
        self.offset = offset
        let handle = try reader.file(file)
        self.handle = handle
        sizeBytes = try onDisk { () throws(DiskError) in try handle.sizeBytes() }
        buffer = .allocate(byteCount: Self.bufferBytes, alignment: 64)
    }

    deinit { buffer.deallocate() }

    /// The next stretch; `nil` at the end of the file.
    package func next() throws(ChunkFileError) -> ScannedStretch? {
        guard offset < sizeBytes else { return nil }
        let place = ChunkPlace(file: file, offsetBytes: offset)
        let bytes = try read(at: offset)
        guard let header = ChunkHeader(bytes: bytes, at: place) else { return try gap() }
        let reference = ChunkReference(
            id: ChunkID(file: file, offsetBytes: offset), lengthBytes: header.payloadBytes,
            crc32c: header.crc32c)
        let payload = bytes.dropFirst(ChunkFormat.headerBytes).prefix(Int(header.payloadBytes))
        offset += ChunkFormat.recordBytes(payloadBytes: Int(header.payloadBytes))
        let isIntact =
            payload.count == header.payloadBytes
            && CRC32C.checksum(UnsafeRawBufferPointer(rebasing: payload)) == header.crc32c
        return .chunk(reference, isIntact: isIntact)
    }

    /// From here to the next intact header.
    private func gap() throws(ChunkFileError) -> ScannedStretch {
        let start = offset
        offset += ChunkFormat.alignmentBytes
        while offset < sizeBytes {
            let bytes = try read(at: offset)
            var index = 0
            while index < bytes.count {
                let place = ChunkPlace(file: file, offsetBytes: offset)
                let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
                if ChunkHeader(bytes: rest, at: place) != nil { return .gap(start..<offset) }
                index += Int(ChunkFormat.alignmentBytes)
                offset += ChunkFormat.alignmentBytes
            }
        }
        return .gap(start..<sizeBytes)
    }

    private func read(at offset: UInt64) throws(ChunkFileError) -> UnsafeRawBufferPointer {
        let (handle, buffer) = (handle, buffer)
        let count = try onDisk { () throws(DiskError) in
            try handle.read(into: buffer, at: offset)
        }
        return UnsafeRawBufferPointer(rebasing: buffer.prefix(count))
    }

    /// The longest record.
    private static let bufferBytes = Int(
        ChunkFormat.recordBytes(
            payloadBytes: ChunkFormat.payloadLimitBytes + ChunkFormat.sealTagBytes))
}
