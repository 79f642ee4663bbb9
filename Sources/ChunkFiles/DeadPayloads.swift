// What of a chunk file can be punched out, given what of it is live: whole blocks of dead payloads. Headers
// stay, so that a walk over the file still steps from record to record; where there is no header, in what a
// crash or a failed write left, every block goes.

internal import DiskIO

package struct DeadPayloads {
    /// The unit in which file systems free space; a range that is no multiple frees what lies within.
    package static let blockBytes: UInt64 = 4096

    private let file: UInt64
    private let handle: any DiskFile

    package init(_ file: UInt64, reader: ChunkReader) throws(ChunkFileError) {
        self.file = file
        handle = try reader.file(file)
    }

    package func sizeBytes() throws(ChunkFileError) -> UInt64 {
        try onDisk { () throws(DiskError) in try handle.sizeBytes() }
    }

    /// The ranges to punch, ascending. `live` are whole records, ascending, none overlapping another.
    /// `isExact`: to the byte, so that nothing is left to be read of what is dead; what a block is shared with
    /// stays. Reads the headers in between. Blocks.
    package func ranges(
        besides live: [Range<UInt64>], isExact: Bool = false
    ) throws(ChunkFileError) -> [Range<UInt64>] {
        var result: [Range<UInt64>] = []
        var start = UInt64(ChunkFormat.headerBytes)
        let size = try sizeBytes()
        for record in live + [size..<size] {
            precondition(record.lowerBound >= start || record.isEmpty, "records do not overlap")
            try add(start..<max(start, record.lowerBound), isExact, to: &result)
            start = max(start, record.upperBound)
        }
        return result
    }

    private func add(
        _ stretch: Range<UInt64>, _ isExact: Bool, to result: inout [Range<UInt64>]
    ) throws(ChunkFileError) {
        var offset = stretch.lowerBound
        while offset < stretch.upperBound {
            let end = try endOfRecord(at: offset)
            let header = end == nil ? 0 : UInt64(ChunkFormat.headerBytes)
            let range = (offset + header)..<min(end ?? stretch.upperBound, stretch.upperBound)
            let unit = isExact ? 1 : Self.blockBytes
            let lower = (range.lowerBound + unit - 1) / unit * unit
            let upper = range.upperBound / unit * unit
            if lower < upper { result.append(lower..<upper) }
            offset = range.upperBound
        }
    }

    /// `nil` where no record begins.
    private func endOfRecord(at offset: UInt64) throws(ChunkFileError) -> UInt64? {
        var space = [UInt8](repeating: 0, count: ChunkFormat.headerBytes)
        let result = space.withUnsafeMutableBytes { bytes -> Result<UInt64?, DiskError> in
            do throws(DiskError) {
                guard try handle.read(into: bytes, at: offset) == bytes.count else {
                    return .success(nil)
                }
            } catch {
                return .failure(error)
            }
            let place = ChunkPlace(file: file, offsetBytes: offset)
            return .success(
                ChunkHeader(bytes: UnsafeRawBufferPointer(bytes), at: place).map { header in
                    offset + ChunkFormat.recordBytes(payloadBytes: Int(header.payloadBytes))
                })
        }
        return try onDisk { () throws(DiskError) in try result.get() }
    }
}
