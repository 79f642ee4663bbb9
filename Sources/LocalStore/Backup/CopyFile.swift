// Copies a file piece by piece, so that whoever copies can give way and be told to end in between. Stretches of
// zeros are left out of the copy, which reads as zeros there all the same: what was punched out of a chunk
// file takes no room in its copy either. The records of a chunk file are checked as they pass.

internal import ChunkFiles
internal import DiskIO

/// Used by one task; every call blocks.
final class CopyFile: @unchecked Sendable {
    /// What is read and written in one step.
    static let stepBytes = 4 << 20
    /// What is tried by itself where the disk cannot read a step.
    private static let pieceBytes = 64 << 10
    /// What is left out where it is zeros: a block of the usual file systems.
    private static let blockBytes = 4 << 10

    private let source: any DiskFile
    private let target: any DiskFile
    private let buffer: UnsafeMutableRawBufferPointer
    /// As it was when the copying began; what is appended meanwhile is left out.
    let sizeBytes: UInt64
    private var offset: UInt64 = 0
    /// What the disk could not read, and the copy therefore lacks.
    private(set) var unreadableBytes: UInt64 = 0
    /// Of a chunk file: what was found of its records.
    private(set) var check: RecordCheck?

    /// Makes the file at `target`, which must not be there.
    init(
        _ disk: any Disk, from source: String, to target: String, check: RecordCheck? = nil
    ) throws(DiskError) {
        self.check = check
        self.source = try disk.open(source, .read)
        sizeBytes = try self.source.sizeBytes()
        self.target = try disk.open(target, .create)
        buffer = .allocate(byteCount: Self.stepBytes, alignment: Self.blockBytes)
    }

    deinit { buffer.deallocate() }

    /// Copies the next step; how many bytes that was, or `nil` when all is copied and durable.
    func step() throws(DiskError) -> UInt64? {
        guard offset < sizeBytes else {
            try target.sync()
            check?.end()
            return nil
        }
        let count = Int(min(UInt64(Self.stepBytes), sizeBytes - offset))
        let range = offset..<offset + UInt64(count)
        // What only this brought into memory nobody has checked, and no read may take it for checked.
        let wasResident = source.isResident(range)
        defer { if !wasResident { source.evict(range) } }
        try read(count)
        check?.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        try write(count)
        target.startWriteback(range)
        offset = range.upperBound
        return UInt64(count)
    }

    private func read(_ count: Int) throws(DiskError) {
        if try attempt(0..<count) { return }
        for start in stride(from: 0, to: count, by: Self.pieceBytes) {
            let piece = start..<min(start + Self.pieceBytes, count)
            guard try !attempt(piece) else { continue }
            unreadableBytes += UInt64(piece.count)
            UnsafeMutableRawBufferPointer(rebasing: buffer[piece]).initializeMemory(
                as: UInt8.self, repeating: 0)
        }
    }

    /// `false` where the medium is bad.
    private func attempt(_ range: Range<Int>) throws(DiskError) -> Bool {
        let place = UnsafeMutableRawBufferPointer(rebasing: buffer[range])
        do throws(DiskError) {
            let count = try source.read(into: place, at: offset + UInt64(range.lowerBound))
            return count == range.count
        } catch {
            guard error.isUnreadable else { throw error }
            return false
        }
    }

    /// Runs of blocks that are not zeros, and the last block of the file whatever it is, which makes its size.
    private func write(_ count: Int) throws(DiskError) {
        var start: Int?
        for block in stride(from: 0, to: count, by: Self.blockBytes) {
            let end = min(block + Self.blockBytes, count)
            let isLast = offset + UInt64(end) == sizeBytes
            if isLast || !isZero(block..<end) {
                start = start ?? block
            } else if let first = start {
                try write(first..<block)
                start = nil
            }
        }
        if let start { try write(start..<count) }
    }

    private func write(_ range: Range<Int>) throws(DiskError) {
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[range])
        try target.write([bytes], at: offset + UInt64(range.lowerBound))
    }

    private func isZero(_ range: Range<Int>) -> Bool {
        let words = range.count / 8
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[range])
        for word in 0..<words
        where bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self) != 0 {
            return false
        }
        return bytes[(words * 8)...].allSatisfy { $0 == 0 }
    }
}
