// A chunk as it goes to the disk: in the clear straight from the buffers that it came in, or sealed. The checksum
// is over what is stored, so that who has no key can check it.

internal import Checksums
internal import ChunkFiles
internal import DiskIO
internal import NIOCore
internal import Storage

extension Ingest {
    /// Appends what the pieces hold together. Blocks. Nothing may refer to it before it is synced.
    func append(
        _ pieces: [ByteBuffer], sealedWith key: SealKey?, lane: Int
    ) throws(DiskError) -> AppendedChunk {
        try pieces.withUnsafeBuffers { buffers throws(DiskError) in
            guard let key else { return try append(stored: buffers, seal: nil, lane) }
            let (payload, seal) = keys.seal(buffers, with: key)
            return try [payload].withUnsafeBuffers { buffers throws(DiskError) in
                try append(stored: buffers, seal: seal, lane)
            }
        }
    }

    private func append(
        stored buffers: [UnsafeRawBufferPointer], seal: ChunkSeal?, _ lane: Int
    ) throws(DiskError) -> AppendedChunk {
        var check = CRC32C()
        for buffer in buffers { check.update(buffer) }
        return try appender.append(buffers, crc32c: check.value, seal: seal, lane: lane)
    }
}
