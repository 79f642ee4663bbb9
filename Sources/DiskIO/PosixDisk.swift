// The real disk: names, directories, space and locks by POSIX and Linux calls.

internal import CLinux
internal import Glibc

package struct PosixDisk: Disk {
    package init() {}

    package func open(_ path: String, _ mode: OpenMode) throws(DiskError) -> any DiskFile {
        switch mode {
        case .read: try Self.open(path, O_RDONLY)
        case .readDirect: try Self.openDirect(path)
        case .create: try Self.open(path, O_RDWR | O_CREAT | O_EXCL)
        case .readWrite: try Self.open(path, O_RDWR)
        }
    }

    package func list(_ directory: String) throws(DiskError) -> [String] {
        guard let stream = opendir(directory) else { throw Self.failure("list", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                guard errno == 0 else { throw Self.failure("list", directory) }
                return names.sorted()
            }
            let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    package func makeDirectory(_ path: String) throws(DiskError) {
        guard !exists(path) else { return }
        let parent = Self.parent(of: path)
        try makeDirectory(parent)
        guard mkdir(path, Self.directoryMode) == 0 || errno == EEXIST else {
            throw Self.failure("make directory", path)
        }
        try syncDirectory(parent)
    }

    package func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    package func rename(_ source: String, to destination: String) throws(DiskError) {
        guard Glibc.rename(source, destination) == 0 else { throw Self.failure("rename", source) }
    }

    package func remove(_ path: String) throws(DiskError) {
        guard unlink(path) == 0 else { throw Self.failure("remove", path) }
    }

    package func syncDirectory(_ path: String) throws(DiskError) {
        let descriptor = try Self.descriptor(path, O_RDONLY | O_DIRECTORY)
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw Self.failure("sync directory", path) }
    }

    package func space(at directory: String) throws(DiskError) -> DiskSpace {
        var result = statvfs()
        guard statvfs(directory, &result) == 0 else { throw Self.failure("space", directory) }
        return DiskSpace(
            totalBytes: UInt64(result.f_blocks) * UInt64(result.f_frsize),
            availableBytes: UInt64(result.f_bavail) * UInt64(result.f_frsize))
    }

    package func allocatedBytes(at path: String) throws(DiskError) -> UInt64 {
        var result = stat()
        guard stat(path, &result) == 0 else { throw Self.failure("stat", path) }
        return UInt64(result.st_blocks) * PosixFile.allocationUnitBytes
    }

    package func lock(_ path: String) throws(DiskError) -> any DiskLock {
        let descriptor = try Self.descriptor(path, O_RDWR | O_CREAT)
        let lock = PosixLock(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { throw Self.failure("lock", path) }
        return lock
    }

    private static let fileMode: mode_t = 0o600
    private static let directoryMode: mode_t = 0o700

    private static func descriptor(_ path: String, _ flags: CInt) throws(DiskError) -> CInt {
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, fileMode)
            if descriptor >= 0 { return descriptor }
            guard errno == EINTR else { throw failure("open", path) }
        }
    }

    private static func open(
        _ path: String, _ flags: CInt, unitBytes: UInt64 = 1
    ) throws(DiskError) -> PosixFile {
        PosixFile(
            descriptor: try descriptor(path, flags), path: path, unitBytes: unitBytes)
    }

    private static func openDirect(_ path: String) throws(DiskError) -> PosixFile {
        do throws(DiskError) {
            return try open(
                path, O_RDONLY | linux_open_direct, unitBytes: OpenMode.directAlignmentBytes)
        } catch {
            // Thus says a file system that knows no way but the page cache (open(2)).
            guard error.code == EINVAL else { throw error }
            return try open(path, O_RDONLY)
        }
    }

    private static func parent(of path: String) -> String {
        var parts = path.split(separator: "/")
        parts.removeLast(min(1, parts.count))
        let joined = parts.joined(separator: "/")
        if path.hasPrefix("/") { return "/" + joined }
        return joined.isEmpty ? "." : joined
    }

    private static func failure(_ operation: String, _ path: String) -> DiskError {
        DiskError(code: errno, operation: operation, path: path)
    }
}

/// An advisory lock (flock(2)) of an open descriptor; the kernel lets go of it with the process.
private final class PosixLock: DiskLock {
    private let descriptor: CInt

    init(descriptor: CInt) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}
