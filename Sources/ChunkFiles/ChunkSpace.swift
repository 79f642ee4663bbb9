// What chunk files occupy, and how it is given back: stretches are punched out of a file that stays, or the
// whole file goes. Who calls has made sure that nothing refers to what goes and that nobody reads it.

package import DiskIO
internal import Glibc

package struct ChunkSpace: Sendable {
    private let disk: any Disk
    private let directories: [String]
    private let reader: ChunkReader

    /// `reader` lets go of files that are removed.
    package init(disk: any Disk, directories: [String], reader: ChunkReader) {
        self.disk = disk
        self.directories = directories
        self.reader = reader
    }

    /// Allocated blocks of all chunk files. Blocks.
    package func allocatedBytes() throws(DiskError) -> UInt64 {
        var sum: UInt64 = 0
        for directory in directories {
            for name in try disk.list(directory) where ChunkFormat.file(named: name) != nil {
                sum += try allocatedBytes(at: directory + "/" + name)
            }
        }
        return sum
    }

    /// Allocated blocks of one file; 0 where it is not here. Blocks.
    package func allocatedBytes(of file: UInt64) throws(DiskError) -> UInt64 {
        guard let (_, path) = find(file) else { return 0 }
        return try allocatedBytes(at: path)
    }

    /// Frees the blocks of the ranges, which then read as zeros; with `isDurable` also after a crash. Blocks.
    package func punch(
        _ ranges: [Range<UInt64>], of file: UInt64, isDurable: Bool = false
    ) throws(DiskError) {
        guard let (_, path) = find(file) else { return }
        let handle = try disk.open(path, .readWrite)
        for range in ranges { try handle.punch(range) }
        if isDurable { try handle.sync() }
    }

    /// Unlinks the file, durably. Not there any more is good. Blocks.
    package func remove(_ file: UInt64) throws(DiskError) {
        reader.forget(file)
        guard let (directory, path) = find(file) else { return }
        try disk.remove(path)
        try disk.syncDirectory(directory)
    }

    private func find(_ file: UInt64) -> (directory: String, path: String)? {
        for directory in directories {
            let path = directory + "/" + ChunkFormat.name(of: file)
            if disk.exists(path) { return (directory, path) }
        }
        return nil
    }

    /// A file that goes while it is looked at occupies nothing.
    private func allocatedBytes(at path: String) throws(DiskError) -> UInt64 {
        do throws(DiskError) {
            return try disk.allocatedBytes(at: path)
        } catch {
            guard error.code == ENOENT else { throw error }
            return 0
        }
    }
}
