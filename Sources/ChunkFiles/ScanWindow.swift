// A part of a file in memory, moving forward. It is read past the page cache: what is checked is what the disk
// has, and a walk over all there is leaves in memory what was there.

internal import DiskIO

/// Used by one thread at a time; blocks.
final class ScanWindow {
    /// What is read in one call.
    static let windowBytes: UInt64 = 4 << 20
    /// What is passed over where the disk cannot read, and looked at in one go where there is no record.
    static let pieceBytes = 64 << 10

    private static let alignmentBytes = OpenMode.directAlignmentBytes

    /// Opened for direct reads.
    private let handle: any DiskFile
    private let sizeBytes: UInt64
    private let buffer: UnsafeMutableRawBufferPointer
    /// A multiple of the alignment, as every end is but that of the file.
    private var start: UInt64 = 0
    private var filled = 0

    init(_ handle: any DiskFile, sizeBytes: UInt64) {
        self.handle = handle
        self.sizeBytes = sizeBytes
        let longest = ChunkFormat.recordBytes(
            payloadBytes: ChunkFormat.payloadLimitBytes + ChunkFormat.sealTagBytes)
        // What is kept of the window before is less than a record, and what it is aligned by.
        buffer = .allocate(
            byteCount: Int(Self.windowBytes + Self.alignedUp(longest) + Self.alignmentBytes),
            alignment: Int(Self.alignmentBytes))
    }

    deinit { buffer.deallocate() }

    /// `count` bytes from `offset` on, fewer at the end of the file; fewer, or none, where the disk cannot
    /// read. Valid until the next call. Offsets never go back.
    func bytes(at offset: UInt64, count: Int) throws(ChunkFileError) -> UnsafeRawBufferPointer {
        let wanted = Int(min(UInt64(count), sizeBytes - min(offset, sizeBytes)))
        if offset < start || offset + UInt64(wanted) > start + UInt64(filled) {
            try move(to: offset)
        }
        let first = Int(offset - start)
        let last = min(first + wanted, filled)
        return UnsafeRawBufferPointer(rebasing: buffer[min(first, last)..<last])
    }

    private func move(to offset: UInt64) throws(ChunkFileError) {
        let end = start + UInt64(filled)
        let begin = offset - offset % Self.alignmentBytes
        let kept = begin < end ? Int(end - begin) : 0
        if kept > 0 {
            buffer.baseAddress?.copyMemory(
                from: UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + (filled - kept)),
                byteCount: kept)
        }
        start = begin
        filled = kept
        let next = begin + UInt64(kept)
        guard next < sizeBytes else { return }
        let length = min(Self.windowBytes, Self.alignedUp(sizeBytes - next))
        let count = try read(at: next, into: kept..<kept + Int(length))
        // The file may have grown.
        filled += min(count, Int(sizeBytes - next))
    }

    private static func alignedUp(_ count: UInt64) -> UInt64 {
        (count + alignmentBytes - 1) / alignmentBytes * alignmentBytes
    }

    /// All of the range; where the disk cannot read that, as much of its beginning as it can.
    private func read(at offset: UInt64, into range: Range<Int>) throws(ChunkFileError) -> Int {
        guard let whole = try attempt(at: offset, into: range) else {
            let piece = range.lowerBound..<min(range.lowerBound + Self.pieceBytes, range.upperBound)
            return try attempt(at: offset, into: piece) ?? 0
        }
        return whole
    }

    private func attempt(at offset: UInt64, into range: Range<Int>) throws(ChunkFileError) -> Int? {
        do throws(DiskError) {
            return try handle.read(into: .init(rebasing: buffer[range]), at: offset)
        } catch {
            guard error.isUnreadable else { throw .disk(error) }
            return nil
        }
    }
}
