// A snapshot of RocksDB: what was visible when it was made stays readable until it is released. While there
// is one, compactions keep what it sees, so it is for work that ends.

internal import CRocksDB

/// Owns the snapshot and the options that read through it; neither changes after `init`, and RocksDB allows
/// concurrent reads. Released before the database is closed (see `IndexSnapshot`).
final class RocksSnapshot: IndexSnapshot, @unchecked Sendable {
    private let handle: RocksHandle
    let pointer: OpaquePointer
    private let reading: OpaquePointer?

    init(handle: RocksHandle, pointer: OpaquePointer) {
        self.handle = handle
        self.pointer = pointer
        reading = rocksdb_readoptions_create()
        rocksdb_readoptions_set_snapshot(reading, pointer)
        rocksdb_readoptions_set_fill_cache(reading, 0)
    }

    deinit {
        rocksdb_readoptions_destroy(reading)
        rocksdb_release_snapshot(handle.database, pointer)
    }

    func get(_ key: Bytes) throws(IndexError) -> Bytes? {
        guard let reading else { throw .inputOutput("RocksDB gave no options") }
        return try rocksCall { error in handle.pinned(key, reading, &error) }
    }

    func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor {
        RocksCursor(handle: handle, snapshot: self, from: from, to: to)
    }
}
