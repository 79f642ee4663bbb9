// An open file on a real disk. Offsets are passed to every call, so calls do not disturb each other.

internal import CLinux
internal import Glibc

/// Owns a descriptor; letting go of the last reference closes it.
package final class PosixFile: DiskFile {
    package let descriptor: CInt
    let path: String
    /// What reads are multiples of, but for the last of the file.
    private let unitBytes: Int

    init(descriptor: CInt, path: String, unitBytes: UInt64 = 1) {
        self.descriptor = descriptor
        self.path = path
        self.unitBytes = Int(unitBytes)
    }

    deinit { close(descriptor) }

    package func sizeBytes() throws(DiskError) -> UInt64 {
        UInt64(try status().st_size)
    }

    package func allocatedBytes() throws(DiskError) -> UInt64 {
        UInt64(try status().st_blocks) * Self.allocationUnitBytes
    }

    /// `st_blocks` counts 512-byte units whatever the file system's block is (stat(2)).
    static let allocationUnitBytes: UInt64 = 512

    package func write(
        _ buffers: [UnsafeRawBufferPointer], at offset: UInt64
    ) throws(DiskError) {
        var vectors: [iovec] = []
        vectors.reserveCapacity(buffers.count)
        for buffer in buffers where !buffer.isEmpty {
            vectors.append(
                iovec(
                    iov_base: UnsafeMutableRawPointer(mutating: buffer.baseAddress),
                    iov_len: buffer.count))
        }
        var first = 0
        var place = off_t(offset)
        while first < vectors.count {
            let count = min(vectors.count - first, Self.vectorLimit)
            let written = vectors.withUnsafeBufferPointer { vectors in
                pwritev(
                    descriptor, vectors.baseAddress?.advanced(by: first), CInt(count), place)
            }
            if written < 0 {
                guard errno == EINTR else { throw failure("write") }
                continue
            }
            // A write of something that writes nothing and gives no reason: the disk is full.
            guard written > 0 else {
                throw DiskError(code: ENOSPC, operation: "write", path: path)
            }
            place += written
            first = vectors.advance(from: first, by: written)
        }
    }

    package func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int {
        var done = 0
        while done < buffer.count {
            let count = pread(
                descriptor, buffer.baseAddress?.advanced(by: done), buffer.count - done,
                off_t(offset) + done)
            if count < 0 {
                guard errno == EINTR else { throw failure("read") }
                continue
            }
            done += count
            // The end of the file; a direct read may not even ask behind it.
            guard count > 0, done.isMultiple(of: unitBytes) else { break }
        }
        return done
    }

    package func sync() throws(DiskError) {
        // Not repeated after an error, whatever it was: what a second call reports is worth nothing.
        guard fdatasync(descriptor) == 0 else { throw failure("sync") }
    }

    package func punch(_ range: Range<UInt64>) throws(DiskError) {
        guard !range.isEmpty else { return }
        while linux_punch(descriptor, off_t(range.lowerBound), off_t(range.count)) != 0 {
            guard errno == EINTR else { throw failure("punch") }
        }
    }

    package func startWriteback(_ range: Range<UInt64>) {
        // Only an advance on what `sync` does and reports; its own result says nothing reliable.
        _ = linux_start_writeback(descriptor, off_t(range.lowerBound), off_t(range.count))
    }

    /// `IOV_MAX` of Linux (readv(2)).
    private static let vectorLimit = 1024

    private func status() throws(DiskError) -> stat {
        var result = stat()
        guard fstat(descriptor, &result) == 0 else { throw failure("stat") }
        return result
    }

    func failure(_ operation: String) -> DiskError {
        DiskError(code: errno, operation: operation, path: path)
    }
}

extension [iovec] {
    /// Takes `count` bytes off the vectors from `first` on; the index of the first that has some left.
    fileprivate mutating func advance(from first: Int, by count: Int) -> Int {
        var index = first
        var left = count
        while index < self.count, left >= self[index].iov_len {
            left -= self[index].iov_len
            index += 1
        }
        if left > 0 {
            self[index].iov_base += left
            self[index].iov_len -= left
        }
        return index
    }
}
