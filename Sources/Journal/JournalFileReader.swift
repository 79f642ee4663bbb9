// Reads batches out of one journal file, through a window, and finds the next whole batch behind bytes
// that are none.

internal import Checksums
internal import DiskIO

/// A batch whose checksums hold.
struct FramedBatch {
    var header: BatchHeader
    var body: ArraySlice<UInt8>
    var offset: UInt64

    var end: UInt64 {
        offset + UInt64(JournalFormat.batchHeaderBytes) + UInt64(header.bodyBytes)
    }
}

struct JournalFileReader {
    let name: String
    let sizeBytes: UInt64
    private let file: any DiskFile
    private let manifest: JournalManifest
    private let number: UInt64
    private let limits: JournalLimits
    private var window: [UInt8] = []
    private var windowStart: UInt64 = 0

    /// Reads file `number` of the generation that `manifest` names.
    init(
        _ file: any DiskFile, _ manifest: JournalManifest, number: UInt64, limits: JournalLimits
    ) throws(JournalError) {
        self.file = file
        self.manifest = manifest
        self.number = number
        name = JournalDirectory.name(manifest.generation, number)
        self.limits = limits
        sizeBytes = try onDisk { () throws(DiskError) in try file.sizeBytes() }
    }

    init(
        _ directory: JournalDirectory, _ manifest: JournalManifest, number: UInt64,
        limits: JournalLimits
    ) throws(JournalError) {
        let path = directory.path(manifest.generation, number)
        let file = try onDisk { () throws(DiskError) in try directory.disk.open(path, .read) }
        try self.init(file, manifest, number: number, limits: limits)
    }

    mutating func header() throws(JournalError) -> JournalFileHeader? {
        let bytes = try bytes(at: 0, count: JournalFormat.fileHeaderBytes)
        return try JournalFileHeader.decode(Array(bytes), file: name)
    }

    /// The batch that begins at `offset`; `nil` where no whole one does.
    mutating func batch(at offset: UInt64) throws(JournalError) -> FramedBatch? {
        let head = try bytes(at: offset, count: JournalFormat.batchHeaderBytes)
        guard
            let header = try BatchHeader.decode(
                head, file: name, at: manifest.place(file: number, offset: offset)),
            Int(header.bodyBytes) <= limits.batchBytes
        else { return nil }
        let body = try bytes(
            at: offset + UInt64(JournalFormat.batchHeaderBytes), count: Int(header.bodyBytes))
        guard body.count == Int(header.bodyBytes),
            CRC32C.checksum(Array(body)) == header.bodyChecksum
        else { return nil }
        return FramedBatch(header: header, body: body, offset: offset)
    }

    /// The first whole batch at or behind `offset`.
    mutating func nextBatch(from offset: UInt64) throws(JournalError) -> FramedBatch? {
        var position = offset
        while position + UInt64(JournalFormat.batchHeaderBytes) <= sizeBytes {
            let bytes = try bytes(at: position, count: limits.windowBytes)
            guard let found = bytes.firstIndex(of: Self.magicStart)
            else {
                position += UInt64(bytes.count)
                continue
            }
            position += UInt64(found - bytes.startIndex)
            if let batch = try batch(at: position) { return batch }
            position += 1
        }
        return nil
    }

    private static let magicStart = UInt8(truncatingIfNeeded: JournalFormat.batchMagic)

    /// `count` bytes, fewer at the end of the file.
    private mutating func bytes(
        at offset: UInt64, count: Int
    ) throws(JournalError) -> ArraySlice<UInt8> {
        guard offset < sizeBytes else { return [] }
        let wanted = Int(min(UInt64(count), sizeBytes - offset))
        let windowEnd = windowStart + UInt64(window.count)
        if offset < windowStart || offset + UInt64(wanted) > windowEnd {
            let length = Int(min(UInt64(max(count, limits.windowBytes)), sizeBytes - offset))
            try fill(at: offset, length: length)
        }
        let start = Int(offset - windowStart)
        return window[start..<min(start + wanted, window.count)]
    }

    private mutating func fill(at offset: UInt64, length: Int) throws(JournalError) {
        let file = file
        window = try onDisk { () throws(DiskError) in try file.read(length, at: offset) }
        windowStart = offset
    }
}
