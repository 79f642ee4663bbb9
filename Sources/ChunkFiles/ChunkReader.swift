// Reading chunks: finds a file by its id in any of the directories, keeps a bounded number of files open,
// and gives out nothing that was not checked against its reference.

internal import Checksums
package import DiskIO
internal import Glibc
internal import Synchronization

package final class ChunkReader: Sendable {
    private struct OpenFile: Sendable {
        var handle: any DiskFile
        var lastUse: UInt64
    }

    private struct State: Sendable {
        var files: [UInt64: OpenFile] = [:]
        var uses: UInt64 = 0
    }

    private let disk: any Disk
    private let directories: [String]
    private let storeID: UInt64
    private let openFileLimit: Int
    private let state = Mutex(State())

    package init(
        disk: any Disk, directories: [String], storeID: UInt64,
        limits: ChunkLimits = ChunkLimits()
    ) {
        self.disk = disk
        self.directories = directories
        self.storeID = storeID
        openFileLimit = limits.openFiles
    }

    /// The ids of all files in all directories, ascending. Blocks.
    package func files() throws(DiskError) -> [UInt64] {
        var result: Set<UInt64> = []
        for directory in directories {
            result.formUnion(try disk.list(directory).compactMap(ChunkFormat.file(named:)))
        }
        return result.sorted()
    }

    /// The file, where it is open. Never blocks.
    package func openFile(_ file: UInt64) -> (any DiskFile)? {
        state.withLock { state in
            state.uses += 1
            state.files[file]?.lastUse = state.uses
            return state.files[file]?.handle
        }
    }

    /// The file, opened and its header checked where it was not open. Whoever holds it can go on reading
    /// when it leaves the table. Blocks.
    package func file(_ file: UInt64) throws(ChunkFileError) -> any DiskFile {
        if let handle = openFile(file) { return handle }
        let handle = try open(file)
        handle.expectRandomReads()
        _ = try hasIntactHeader(handle, file)
        state.withLock { state in
            if state.files.count >= openFileLimit {
                let oldest = state.files.min { $0.value.lastUse < $1.value.lastUse }
                if let oldest { state.files[oldest.key] = nil }
            }
            state.files[file] = OpenFile(handle: handle, lastUse: state.uses)
        }
        return handle
    }

    /// Lets go of a file that is about to be unlinked.
    package func forget(_ file: UInt64) { state.withLock { $0.files[file] = nil } }

    /// Lets go of files that somebody removed: open, they would be read as if they were there. Blocks.
    package func forgetRemoved() throws(DiskError) {
        let present = Set(try files())
        state.withLock { state in state.files = state.files.filter { present.contains($0.key) } }
    }

    /// Where the payload of a chunk stands in its file.
    package static func payload(of reference: ChunkReference, at place: ChunkPlace) -> Range<UInt64>
    {
        let start = place.offsetBytes + UInt64(ChunkFormat.headerBytes)
        return start..<start + UInt64(reference.lengthBytes)
    }

    /// Reads the whole chunk into `buffer`, which has `recordBytes` for it, and checks header and payload.
    /// Returns the payload as it is stored, a part of `buffer`. Blocks.
    package func read(
        _ reference: ChunkReference, at place: ChunkPlace,
        into buffer: UnsafeMutableRawBufferPointer
    ) throws(ChunkFileError) -> StoredPayload {
        let handle = try file(place.file)
        let length = ChunkFormat.headerBytes + Int(reference.lengthBytes)
        precondition(buffer.count >= length, "the buffer is too short for the chunk")
        let record = UnsafeMutableRawBufferPointer(rebasing: buffer.prefix(length))
        let count = try Self.read(handle, into: record, at: place)
        guard count == length else {
            throw .damaged(place, reason: "the file ends within the chunk")
        }
        return try Self.check(UnsafeRawBufferPointer(record), reference, at: place)
    }

    /// The payload of a record that is in memory, if it is what the reference says.
    package static func check(
        _ record: UnsafeRawBufferPointer, _ reference: ChunkReference, at place: ChunkPlace
    ) throws(ChunkFileError) -> StoredPayload {
        guard let header = ChunkHeader(bytes: record, at: place) else {
            throw .damaged(place, reason: "there is no chunk")
        }
        guard header.payloadBytes == reference.lengthBytes, header.crc32c == reference.crc32c,
            (header.seal != nil) == reference.isSealed
        else {
            throw .damaged(place, reason: "there is another chunk")
        }
        let payload = UnsafeRawBufferPointer(
            rebasing: record[ChunkFormat.headerBytes...].prefix(Int(reference.lengthBytes)))
        guard CRC32C.checksum(payload) == reference.crc32c else {
            throw .damaged(place, reason: "the payload fails its checksum")
        }
        return StoredPayload(bytes: payload, seal: header.seal)
    }

    /// What the disk cannot read, not even when it is asked again, is damage like any other.
    private static func read(
        _ handle: any DiskFile, into buffer: UnsafeMutableRawBufferPointer, at place: ChunkPlace
    ) throws(ChunkFileError) -> Int {
        for isLast in [false, true] {
            do throws(DiskError) {
                return try handle.read(into: buffer, at: place.offsetBytes)
            } catch {
                guard error.isUnreadable else { throw .disk(error) }
                if isLast { throw .damaged(place, reason: "the disk cannot read it") }
            }
        }
        preconditionFailure("the second attempt returns or throws")
    }

    private func open(
        _ file: UInt64, _ mode: OpenMode = .read
    ) throws(ChunkFileError) -> any DiskFile {
        for directory in directories {
            do throws(DiskError) {
                return try disk.open(directory + "/" + ChunkFormat.name(of: file), mode)
            } catch {
                // Any other refusal is trouble with the disk; only this one says that it is not here.
                guard error.code == ENOENT else { throw .disk(error) }
            }
        }
        throw .missing(file: file)
    }

    /// The file under a handle of its own, to be read from one end to the other, and whether its header is
    /// intact. Blocks.
    func openForScan(_ file: UInt64) throws(ChunkFileError) -> (any DiskFile, Bool) {
        let handle = try open(file)
        let isIntact = try hasIntactHeader(handle, file)
        let direct = try open(file, .readDirect)
        return (Self.canRead(direct) ? direct : handle, isIntact)
    }

    /// A file system may take the opening for direct reads and refuse the reads, or want them aligned to more.
    private static func canRead(_ direct: any DiskFile) -> Bool {
        let unit = Int(OpenMode.directAlignmentBytes)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: unit, alignment: unit)
        defer { buffer.deallocate() }
        do throws(DiskError) {
            _ = try direct.read(into: buffer, at: UInt64(unit))
            return true
        } catch {
            return error.code != EINVAL
        }
    }

    /// What the files occupy together; one that has gone, nothing. Blocks.
    package func occupiedBytes(_ files: [UInt64]) throws(ChunkFileError) -> UInt64 {
        var sum: UInt64 = 0
        for file in files {
            do throws(ChunkFileError) {
                let handle = try open(file)
                sum += try onDisk { () throws(DiskError) in try handle.sizeBytes() }
            } catch {
                guard case .missing = error else { throw error }
            }
        }
        return sum
    }

    /// Throws `refused` for a file of another store or of a later format. A header that is damaged says
    /// neither; what is in the file can still be read, since every record proves its place and its payload.
    private func hasIntactHeader(
        _ handle: any DiskFile, _ file: UInt64
    ) throws(ChunkFileError) -> Bool {
        let bytes = UnsafeMutableRawBufferPointer.allocate(
            byteCount: ChunkFormat.headerBytes, alignment: 8)
        defer { bytes.deallocate() }
        let count: Int
        do throws(ChunkFileError) {
            count = try Self.read(handle, into: bytes, at: ChunkPlace(file: file, offsetBytes: 0))
        } catch {
            guard case .damaged = error else { throw error }
            return false
        }
        guard count == bytes.count,
            let header = ChunkFileHeader(bytes: UnsafeRawBufferPointer(bytes))
        else { return false }
        if let reason = header.refusal { throw .refused(file: file, reason: reason) }
        guard header.file == file, header.storeID == storeID else {
            throw .refused(file: file, reason: "it belongs elsewhere")
        }
        return true
    }
}
