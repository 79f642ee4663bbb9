// A cursor over RocksDB: an iterator, the snapshot it implies, and its bounds.

internal import CRocksDB

/// Owns an iterator, its options and the memory of its bounds, which RocksDB refers to and does not copy.
/// Used by one thread.
final class RocksCursor: IndexCursor {
    private let handle: RocksHandle
    /// Kept for as long as it is read.
    private let snapshot: RocksSnapshot?
    private let options: OpaquePointer?
    private let iterator: OpaquePointer?
    private let lower: UnsafeMutableBufferPointer<CChar>
    private let upper: UnsafeMutableBufferPointer<CChar>

    /// Of the database as it is now, or of a snapshot of it.
    init(handle: RocksHandle, snapshot: RocksSnapshot? = nil, from: Bytes, to: Bytes) {
        self.handle = handle
        self.snapshot = snapshot
        options = rocksdb_readoptions_create()
        if let snapshot {
            rocksdb_readoptions_set_snapshot(options, snapshot.pointer)
            rocksdb_readoptions_set_fill_cache(options, 0)
            rocksdb_readoptions_set_readahead_size(options, Self.readaheadBytes)
        }
        lower = Self.copy(from)
        // A range that ends before it begins is empty.
        upper = Self.copy(from.lexicographicallyPrecedes(to) ? to : from)
        rocksdb_readoptions_set_iterate_lower_bound(options, lower.baseAddress, lower.count)
        rocksdb_readoptions_set_iterate_upper_bound(options, upper.baseAddress, upper.count)
        iterator = rocksdb_create_iterator(handle.database, options)
    }

    deinit {
        rocksdb_iter_destroy(iterator)
        rocksdb_readoptions_destroy(options)
        lower.deallocate()
        upper.deallocate()
    }

    /// Of a walk over a snapshot, which goes through whole tables.
    private static let readaheadBytes = 1 << 20

    func seek(to key: Bytes) throws(IndexError) {
        key.withCharacters { rocksdb_iter_seek(iterator, $0, $1) }
        try check()
    }

    func seekBackward(to key: Bytes) throws(IndexError) {
        key.withCharacters { rocksdb_iter_seek_for_prev(iterator, $0, $1) }
        try check()
    }

    func next() throws(IndexError) {
        precondition(isValid, "a cursor without a key is not moved on")
        rocksdb_iter_next(iterator)
        try check()
    }

    var key: Bytes? { isValid ? bytes(rocksdb_iter_key) : nil }

    var value: Bytes {
        precondition(isValid, "a cursor without a key has no value")
        return bytes(rocksdb_iter_value)
    }

    private var isValid: Bool { rocksdb_iter_valid(iterator) != 0 }

    /// An iterator that failed is merely not valid; the reason must be asked for.
    private func check() throws(IndexError) {
        guard !isValid else { return }
        try rocksCall { error in rocksdb_iter_get_error(iterator, &error) }
    }

    private func bytes(
        _ read: (OpaquePointer?, UnsafeMutablePointer<Int>?) -> UnsafePointer<CChar>?
    ) -> Bytes {
        var count = 0
        let start = read(iterator, &count)
        return Bytes(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// Never without a base address: RocksDB takes that as "no bound".
    private static func copy(_ bytes: Bytes) -> UnsafeMutableBufferPointer<CChar> {
        let memory = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, bytes.count))
        memory.initialize(repeating: 0, count: max(1, bytes.count))
        for (index, byte) in bytes.enumerated() { memory[index] = CChar(bitPattern: byte) }
        return UnsafeMutableBufferPointer(start: memory, count: bytes.count)
    }
}
