// Copying a segment into memory, for the few who need the bytes themselves (settings, manifests).

internal import Glibc
package import NIOCore

extension Segment {
    /// The number of bytes of this stretch.
    package var lengthBytes: Int {
        switch self {
        case .bytes(let buffer): buffer.readableBytes
        case .file(let file): file.lengthBytes
        }
    }

    /// Appends the bytes to `buffer`. A file region is resident, so reading it does not wait for a disk.
    package func append(to buffer: inout ByteBuffer) throws {
        switch self {
        case .bytes(var bytes): buffer.writeBuffer(&bytes)
        case .file(let file): try Self.append(file, to: &buffer)
        }
    }

    private static func append(_ file: FileSegment, to buffer: inout ByteBuffer) throws {
        var done = 0
        while done < file.lengthBytes {
            let wanted = file.lengthBytes - done
            let count = buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { space in
                let offset = Int(file.offsetBytes) + done
                return max(0, pread(file.descriptor, space.baseAddress, wanted, offset))
            }
            guard count > 0 else {
                throw StorageError(.inputOutput, "a file region could not be read to its end")
            }
            done += count
        }
    }
}
