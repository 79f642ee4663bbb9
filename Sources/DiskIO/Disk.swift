// The seam between the store and the disk. The real disk, and the simulated one that drops what was not
// synced, tears, flips and refuses, implement it. Synchronous: callers are on threads that may block.
//
// What a power loss may take: every byte written and not covered by a later `sync` of that file, and
// every name created, renamed or removed and not covered by a later `syncDirectory`.

internal import Glibc

/// A disk refused. `code` is the `errno`.
package struct DiskError: Error, Sendable, Hashable, CustomStringConvertible {
    package let code: CInt
    package let operation: String
    package let path: String

    package init(code: CInt, operation: String, path: String) {
        self.code = code
        self.operation = operation
        self.path = path
    }
}

/// How a file is opened.
package enum OpenMode: Sendable, Hashable {
    case read
    /// For reading past the page cache, where the file system can (open(2), `O_DIRECT`): what the disk has,
    /// and nothing of it stays in memory. Addresses, offsets and lengths are multiples of
    /// `directAlignmentBytes`.
    case readDirect
    /// For appending and reading; must not exist.
    case create
    /// For reading, writing at offsets and punching.
    case readWrite

    /// No file system asks for more than its block, which on Linux is no larger than a page.
    package static let directAlignmentBytes: UInt64 = 4096
}

/// An open file. All calls may be made from several threads at once.
package protocol DiskFile: AnyObject, Sendable {
    /// For `sendfile`; valid for as long as the file is referenced. -1 on a disk that has none.
    var descriptor: CInt { get }

    func sizeBytes() throws(DiskError) -> UInt64

    /// Writes all of the buffers, in order, at `offset`.
    func write(_ buffers: [UnsafeRawBufferPointer], at offset: UInt64) throws(DiskError)

    /// Reads up to `buffer.count` bytes; fewer only at the end of the file.
    func read(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int

    /// As `read`, but only bytes that are in memory: `nil` where any of them would have to come from the
    /// disk. Never waits for it.
    func readResident(
        into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
    ) throws(DiskError) -> Int?

    /// Begins to write a range back, so that a later `sync` finds little left to do. Promises nothing.
    func startWriteback(_ range: Range<UInt64>)

    /// Makes everything written so far durable (`fdatasync`). After an error nothing that was written
    /// since the last success may be trusted, not even when it reads back well.
    func sync() throws(DiskError)

    /// Frees the blocks of a range that then reads as zeros; the size stays.
    func punch(_ range: Range<UInt64>) throws(DiskError)

    /// Whether every page of the range is in memory. Cheap (a system call of less than a microsecond on
    /// Linux 6.5 and later), so that it can be asked before every MiB that is sent.
    func isResident(_ range: Range<UInt64>) -> Bool

    /// Asks that a read bring into memory nothing but what was asked for. Pages that nobody asked for would
    /// count as resident without having been looked at.
    func expectRandomReads()

    /// Drops the range from memory, so that the next read comes from the disk.
    func evict(_ range: Range<UInt64>)

    /// Bytes that the file really occupies (`st_blocks`).
    func allocatedBytes() throws(DiskError) -> UInt64
}

extension DiskFile {
    /// Writes `head` and, right behind it, all of the buffers at `offset`.
    package func write(
        _ head: [UInt8], _ buffers: [UnsafeRawBufferPointer] = [], at offset: UInt64
    ) throws(DiskError) {
        // `withUnsafeBytes` rethrows without the type, so that the error takes the way of a result.
        let result: Result<Void, DiskError> = head.withUnsafeBytes { head in
            do throws(DiskError) {
                return .success(try write([head] + buffers, at: offset))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }
}

/// Space of the file system that a directory is on.
package struct DiskSpace: Sendable, Hashable {
    package var totalBytes: UInt64
    package var availableBytes: UInt64

    package init(totalBytes: UInt64, availableBytes: UInt64) {
        self.totalBytes = totalBytes
        self.availableBytes = availableBytes
    }
}

/// Held for as long as it is referenced: nobody else can hold the same.
package protocol DiskLock: AnyObject, Sendable {}

package protocol Disk: Sendable {
    func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile

    /// Names of the entries of a directory, ascending.
    func list(_ directory: String) throws(DiskError) -> [String]

    /// Makes a directory and those above it that are missing; each new name is durable on return.
    func makeDirectory(_ path: String) throws(DiskError)

    func exists(_ path: String) -> Bool

    /// Atomically replaces `destination`.
    func rename(_ source: String, to destination: String) throws(DiskError)

    func remove(_ path: String) throws(DiskError)

    /// Makes names created, renamed and removed in it durable.
    func syncDirectory(_ path: String) throws(DiskError)

    func space(at directory: String) throws(DiskError) -> DiskSpace

    /// Bytes that a file really occupies (`st_blocks`), without opening it.
    func allocatedBytes(at path: String) throws(DiskError) -> UInt64

    /// Throws `EWOULDBLOCK` where another process holds it.
    func lock(_ path: String) throws(DiskError) -> any DiskLock
}

extension DiskError {
    /// The medium, or what the file system keeps of it, is bad at this place (errno(3): EIO, EBADMSG,
    /// EUCLEAN); other places may be well.
    package var isUnreadable: Bool { [EIO, EBADMSG, EUCLEAN].contains(code) }

    /// The name is not there.
    package var isMissing: Bool { code == ENOENT }

    /// `operation path: number`; the path is relative to the data directory only where the caller made
    /// it so, and is for logs, never for clients.
    package var description: String { "\(operation) \(path): errno \(code)" }

    /// There is no room, on the disk or in a quota: what is there is well, and the same call may succeed
    /// once there is some.
    package var isFull: Bool { code == ENOSPC || code == EDQUOT }
}
