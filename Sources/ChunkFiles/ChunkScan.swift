// Walking a chunk file from its start: what records there are, whether they are intact, and where there
// are none. What is live is not to be seen here; the index knows.
//
// Made to read as fast as the disk gives: in large pieces, which are checked in place.

internal import Checksums
internal import DiskIO

/// What stands at a place of a chunk file.
package enum ScannedStretch: Hashable, Sendable {
    /// A header that is intact; `isIntact` says whether its payload is too.
    case chunk(ChunkReference, isIntact: Bool)
    /// No record begins in this range: a hole, what a crash or a failed write left, or what the disk cannot
    /// read.
    case gap(Range<UInt64>)
}

/// A walk over one file. Used by one thread at a time; blocks.
package final class ChunkScan: @unchecked Sendable {
    package let sizeBytes: UInt64
    /// Whether the file's own header is; the records prove themselves without it.
    package let hasIntactHeader: Bool
    /// Where the next stretch begins.
    package private(set) var offsetBytes: UInt64
    private let file: UInt64
    private let window: ScanWindow

    /// Begins at `offset`, a place where a record began, or at the first record.
    package init(
        _ file: UInt64, reader: ChunkReader, from offset: UInt64 = UInt64(ChunkFormat.headerBytes)
    ) throws(ChunkFileError) {
        precondition(offset % ChunkFormat.alignmentBytes == 0, "no record begins at \(offset)")
        self.file = file
        offsetBytes = offset
        let (handle, hasIntactHeader) = try reader.openForScan(file)
        self.hasIntactHeader = hasIntactHeader
        let size = try onDisk { () throws(DiskError) in try handle.sizeBytes() }
        sizeBytes = size
        window = ScanWindow(handle, sizeBytes: size)
    }

    /// The next stretch; `nil` at the end of the file.
    package func next() throws(ChunkFileError) -> ScannedStretch? {
        guard offsetBytes < sizeBytes else { return nil }
        let place = ChunkPlace(file: file, offsetBytes: offsetBytes)
        let head = try window.bytes(at: offsetBytes, count: ChunkFormat.headerBytes)
        guard let header = ChunkHeader(bytes: head, at: place) else { return try gap() }
        let reference = ChunkReference(
            id: ChunkID(file: file, offsetBytes: offsetBytes), lengthBytes: header.payloadBytes,
            crc32c: header.crc32c, isSealed: header.seal != nil)
        let length = ChunkFormat.headerBytes + Int(header.payloadBytes)
        let record = try window.bytes(at: offsetBytes, count: length)
        offsetBytes += ChunkFormat.recordBytes(payloadBytes: Int(header.payloadBytes))
        let payload = UnsafeRawBufferPointer(rebasing: record.dropFirst(ChunkFormat.headerBytes))
        let isIntact =
            record.count == length && CRC32C.checksum(payload) == header.crc32c
        return .chunk(reference, isIntact: isIntact)
    }

    /// From here to the next intact header.
    private func gap() throws(ChunkFileError) -> ScannedStretch {
        let start = offsetBytes
        offsetBytes += ChunkFormat.alignmentBytes
        while offsetBytes < sizeBytes {
            let bytes = try window.bytes(at: offsetBytes, count: ScanWindow.pieceBytes)
            guard bytes.count >= ChunkFormat.headerBytes else {
                // Unreadable, or too short for a record.
                offsetBytes += UInt64(ScanWindow.pieceBytes)
                continue
            }
            var index = 0
            while index + ChunkFormat.headerBytes <= bytes.count {
                if bytes[index] == ChunkFormat.chunkMagic[0] {
                    let place = ChunkPlace(file: file, offsetBytes: offsetBytes)
                    let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
                    if ChunkHeader(bytes: rest, at: place) != nil {
                        return .gap(start..<offsetBytes)
                    }
                }
                index += Int(ChunkFormat.alignmentBytes)
                offsetBytes += ChunkFormat.alignmentBytes
            }
        }
        return .gap(start..<sizeBytes)
    }
}
