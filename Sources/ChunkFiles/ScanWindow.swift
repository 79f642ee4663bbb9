// A part of a file in memory, moving forward: the next part is asked for before this one is handed out, so
// that the disk works while the bytes are checked; and what only the walk brought into the page cache is
// dropped from it behind the window.

internal import DiskIO

/// Used by one thread at a time; blocks.
final class ScanWindow {
    /// What is read in one call, and asked for ahead.
    static let windowBytes = 4 << 20
    /// What is passed over where the disk cannot read, and looked at in one go where there is no record.
    static let pieceBytes = 64 << 10
    /// What is kept or dropped together.
    private static let granuleBytes: UInt64 = 256 << 10

    private let handle: any DiskFile
    private let sizeBytes: UInt64
    private let buffer: UnsafeMutableRawBufferPointer
    private var start: UInt64 = 0
    private var filled = 0
    /// Granules of the window that were in memory before.
    private var resident: Set<UInt64> = []

    init(_ handle: any DiskFile, sizeBytes: UInt64) {
        self.handle = handle
        self.sizeBytes = sizeBytes
        let longest = ChunkFormat.recordBytes(
            payloadBytes: ChunkFormat.payloadLimitBytes + ChunkFormat.sealTagBytes)
        buffer = .allocate(byteCount: Self.windowBytes + Int(longest), alignment: 4096)
    }

    deinit {
        drop(before: .max)
        buffer.deallocate()
    }

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
        let kept = offset < end ? Int(end - offset) : 0
        if kept > 0 {
            buffer.baseAddress?.copyMemory(
                from: UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped + (filled - kept)),
                byteCount: kept)
        }
        drop(before: offset)
        start = offset
        filled = kept
        let next = offset + UInt64(kept)
        let length = Int(min(UInt64(Self.windowBytes), sizeBytes - min(next, sizeBytes)))
        note(next..<next + UInt64(length))
        filled += try read(at: next, into: kept..<kept + length)
        let ahead = start + UInt64(filled)
        handle.readAhead(ahead..<min(ahead + UInt64(Self.windowBytes), max(sizeBytes, ahead)))
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

    private func note(_ range: Range<UInt64>) {
        var granule = range.lowerBound / Self.granuleBytes
        while granule * Self.granuleBytes < range.upperBound {
            let stretch = granule * Self.granuleBytes..<(granule + 1) * Self.granuleBytes
            if handle.isResident(stretch.clamped(to: range)) { resident.insert(granule) }
            granule += 1
        }
    }

    /// Drops what lies before `offset` from the page cache, unless it was there before.
    private func drop(before offset: UInt64) {
        let end = min(offset, start + UInt64(filled))
        var granule = start / Self.granuleBytes
        while granule * Self.granuleBytes < end {
            let stretch = granule * Self.granuleBytes..<(granule + 1) * Self.granuleBytes
            if resident.remove(granule) == nil {
                handle.evict(stretch.clamped(to: start..<end))
            }
            granule += 1
        }
    }
}
