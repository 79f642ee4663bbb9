// Whole arrays to and from a file, and the disk's errors as the journal's.

internal import DiskIO

/// Runs a disk call and says that the journal made it.
func onDisk<Value>(_ call: () throws(DiskError) -> Value) throws(JournalError) -> Value {
    do { return try call() } catch { throw .disk(error) }
}

extension DiskFile {
    func write(_ bytes: [UInt8], at offset: UInt64) throws(DiskError) {
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(DiskError) in try write([raw], at: offset) }
        }
        try result.get()
    }

    /// Up to `count` bytes; fewer only at the end of the file.
    func read(_ count: Int, at offset: UInt64) throws(DiskError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let result = bytes.withUnsafeMutableBytes { raw in
            Result { () throws(DiskError) in try read(into: raw, at: offset) }
        }
        bytes.removeLast(count - (try result.get()))
        return bytes
    }
}
