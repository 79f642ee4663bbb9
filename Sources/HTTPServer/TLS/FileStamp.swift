// Tells whether a file was written or replaced, without reading it.

internal import Glibc

/// What the file system says of a file; of where a symbolic link leads to. Blocks.
struct FileStamp: Sendable, Hashable {
    private let device: UInt
    private let inode: UInt
    private let sizeBytes: Int
    private let modified: Timestamp
    /// A file may get an older one's content and times; this it cannot.
    private let changed: Timestamp

    private struct Timestamp: Hashable {
        let seconds: Int
        let nanoseconds: Int

        init(_ time: timespec) {
            seconds = time.tv_sec
            nanoseconds = time.tv_nsec
        }
    }

    /// `nil` where there is none.
    init?(_ path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        device = found.st_dev
        inode = found.st_ino
        sizeBytes = found.st_size
        modified = Timestamp(found.st_mtim)
        changed = Timestamp(found.st_ctim)
    }
}
