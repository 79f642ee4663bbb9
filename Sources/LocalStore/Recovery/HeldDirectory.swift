// The data directory before anything in it is opened: made where it is not there, and this process's alone. So
// whoever holds it may also replace what other processes leave in it, a socket say, before the store is open.

package import DiskIO
internal import Glibc
package import Storage

/// A data directory that nobody else opens: the lock is let go of with the last copy of this.
package struct HeldDirectory: Sendable {
    package let configuration: LocalStoreConfiguration
    let disk: any Disk
    let lock: any DiskLock

    /// Blocks for a moment. Throws `refusedToOpen` for a directory that is in use, and for a backup that was not
    /// finished.
    package init(_ configuration: LocalStoreConfiguration, disk: any Disk) throws(StorageError) {
        // Whatever is there of it, it is not all.
        guard !disk.exists(configuration.unfinishedBackup) else {
            throw StorageError(
                .refusedToOpen,
                "this is a backup that was not finished; make another, and remove this one")
        }
        do throws(DiskError) {
            try disk.makeDirectory(configuration.directory)
            lock = try disk.lock(configuration.lockFile)
        } catch {
            guard error.code == EWOULDBLOCK else { throw StorageError(opening: error) }
            throw StorageError(
                .refusedToOpen, "the data directory is in use by another process", cause: error)
        }
        self.configuration = configuration
        self.disk = disk
    }
}
