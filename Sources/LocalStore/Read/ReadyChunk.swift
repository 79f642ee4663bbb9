// When a chunk may go out: checked within the interval, and in memory. A sealed chunk goes out of a buffer, opened
// on a thread that may block.

internal import ChunkFiles
internal import DiskIO
internal import NIOCore
internal import Storage

/// A chunk that may go out.
enum ReadyChunk: Sendable {
    /// By `sendfile` from this file.
    case resident(any DiskFile)
    /// Where it is sealed, or the disk has no descriptors.
    case bytes(ByteBuffer)
}

extension ChunkReads {
    /// The file to send the slice from, if its chunk was checked lately and the slice is in memory. Never
    /// waits for a disk.
    func resident(_ slice: ChunkSlice) -> (any DiskFile)? {
        guard !slice.chunk.reference.isSealed, verified.isVerified(slice.chunk.place),
            let handle = reader.openFile(slice.chunk.place.file), handle.descriptor >= 0,
            handle.isResident(slice.place)
        else { return nil }
        return handle
    }

    /// Reads and checks the slice's whole chunk, which brings it into memory. Blocks.
    func prepare(_ slice: ChunkSlice, blob: BlobID?) throws(StorageError) -> ReadyChunk {
        if slice.chunk.reference.isSealed {
            var bytes = try opened(slice.chunk, blob: blob)
            bytes.moveReaderIndex(forwardBy: slice.range.lowerBound)
            bytes.moveWriterIndex(to: bytes.readerIndex + slice.range.count)
            return .bytes(bytes)
        }
        let handle = try open(slice.chunk, blob: blob)
        let bytes = try withChecked(slice.chunk, blob: blob) { payload in
            handle.descriptor >= 0 ? nil : Self.copy(payload, slice)
        }
        return bytes.map(ReadyChunk.bytes) ?? .resident(handle)
    }

    /// The bytes of all slices, if every chunk was checked lately and every byte is in memory. Never waits
    /// for a disk.
    func residentBytes(_ slices: [ChunkSlice]) throws(StorageError) -> ByteBuffer? {
        var bytes = ByteBufferAllocator().buffer(
            capacity: slices.reduce(0) { $0 + $1.range.count })
        for slice in slices {
            guard !slice.chunk.reference.isSealed, verified.isVerified(slice.chunk.place),
                let handle = reader.openFile(slice.chunk.place.file)
            else { return nil }
            var isComplete = false
            bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: slice.range.count) { space in
                let target = UnsafeMutableRawBufferPointer(
                    rebasing: space.prefix(slice.range.count))
                // A refusal of the disk is met again, and said, by the read that may block.
                let count = try? handle.readResident(into: target, at: slice.place.lowerBound)
                isComplete = count == slice.range.count
                return isComplete ? slice.range.count : 0
            }
            guard isComplete else { return nil }
        }
        return bytes
    }

    /// The bytes of all slices, each chunk read and checked. Blocks.
    func bytes(_ slices: [ChunkSlice], blob: BlobID?) throws(StorageError) -> ByteBuffer {
        var bytes = ByteBufferAllocator().buffer(
            capacity: slices.reduce(0) { $0 + $1.range.count })
        for slice in slices {
            try withChecked(slice.chunk, blob: blob) { payload in
                _ = bytes.writeBytes(UnsafeRawBufferPointer(rebasing: payload[slice.range]))
            }
        }
        return bytes
    }

    private static func copy(_ payload: UnsafeRawBufferPointer, _ slice: ChunkSlice) -> ByteBuffer {
        ByteBuffer(bytes: UnsafeRawBufferPointer(rebasing: payload[slice.range]))
    }
}
