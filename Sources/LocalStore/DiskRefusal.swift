// What a refusal of the disk is to whoever asked the store for something.

internal import DiskIO
internal import Storage

extension StorageError {
    /// `what` could not be done. A full disk is an error of its own: there, nothing is wrong.
    init(_ what: String, _ error: DiskError) {
        self.init(
            error.isFull ? .insufficientStorage : .inputOutput,
            error.isFull ? "the disk is full" : what, cause: error)
    }
}

/// Runs a disk call; `what` could not be done where it is refused.
func onDisk<Value>(
    _ what: String, _ call: () throws(DiskError) -> Value
) throws(StorageError) -> Value {
    do { return try call() } catch { throw StorageError(what, error) }
}
