// The index on disk: RocksDB without its write-ahead log. The journal is the log; RocksDB keeps what it
// has flushed, in the order in which it was applied, and a crash takes the rest.
//
// One column family, so that every flush, asked for or not, leaves a prefix of the batches. Look-ups
// that must not wait read memtables and block cache only. Index and filter blocks live in the block
// cache, so the budget of `RocksLimits` is all the memory there is, whatever the number of keys.
//
// Thread safety: `rocksdb_t` may be used from any thread. `close` is the last call.

internal import CRocksDB

/// Budgets of the index.
package struct RocksLimits: Sendable, Hashable {
    /// Data, index and filter blocks.
    package var blockCacheBytes: Int
    /// One memtable; it is written out when it is full.
    package var memtableBytes: Int
    /// Memtables in memory at a time, the one being filled included.
    package var memtables: Int
    /// Threads that flush and compact.
    package var backgroundJobs: Int

    package init(
        blockCacheBytes: Int = 128 << 20, memtableBytes: Int = 16 << 20, memtables: Int = 3,
        backgroundJobs: Int = 2
    ) {
        self.blockCacheBytes = blockCacheBytes
        self.memtableBytes = memtableBytes
        self.memtables = memtables
        self.backgroundJobs = backgroundJobs
    }
}

package final class RocksIndex: KeyValueIndex {
    private let handle: RocksHandle

    /// Opens the index in `directory`, making it where there is none. Throws `corrupt` where it must be
    /// discarded (`destroy`) and rebuilt.
    package init(directory: String, limits: RocksLimits = RocksLimits()) throws(IndexError) {
        handle = try RocksHandle(directory: directory, limits: limits)
    }

    /// Removes an index that is not open.
    package static func destroy(directory: String) throws(IndexError) {
        let options = rocksdb_options_create()
        defer { rocksdb_options_destroy(options) }
        try rocksCall { error in rocksdb_destroy_db(options, directory, &error) }
    }

    package func get(_ key: Bytes) throws(IndexError) -> Bytes? {
        try rocksCall { error in handle.pinned(key, handle.reading, &error) }
    }

    package func getCached(_ key: Bytes) -> CachedLookup<Bytes> {
        do throws(IndexError) {
            let value = try rocksCall { error in handle.pinned(key, handle.readingCache, &error) }
            return value.map(CachedLookup.found) ?? .absent
        } catch {
            // Whatever else went wrong, `get` meets it again and can say so.
            return .notInMemory
        }
    }

    package func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor {
        RocksCursor(handle: handle, from: from, to: to)
    }

    package func snapshot() throws(IndexError) -> any IndexSnapshot {
        guard let snapshot = rocksdb_create_snapshot(handle.database) else {
            throw .inputOutput("RocksDB gave no snapshot")
        }
        return RocksSnapshot(handle: handle, pointer: snapshot)
    }

    package func apply(_ batch: [IndexChange]) throws(IndexError) {
        let writes = rocksdb_writebatch_create()
        defer { rocksdb_writebatch_destroy(writes) }
        for change in batch {
            switch change {
            case .put(let key, let value):
                key.withCharacters { key, keyCount in
                    value.withCharacters { value, valueCount in
                        rocksdb_writebatch_put(writes, key, keyCount, value, valueCount)
                    }
                }
            case .delete(let key):
                key.withCharacters { rocksdb_writebatch_delete(writes, $0, $1) }
            case .deleteRange(let from, let to):
                // RocksDB refuses a range that ends before it begins.
                guard from.lexicographicallyPrecedes(to) else { continue }
                from.withCharacters { from, fromCount in
                    to.withCharacters { to, toCount in
                        rocksdb_writebatch_delete_range(writes, from, fromCount, to, toCount)
                    }
                }
            }
        }
        try rocksCall { error in rocksdb_write(handle.database, handle.writing, writes, &error) }
    }

    package func flush() throws(IndexError) {
        let options = rocksdb_flushoptions_create()
        defer { rocksdb_flushoptions_destroy(options) }
        rocksdb_flushoptions_set_wait(options, 1)
        try rocksCall { error in rocksdb_flush(handle.database, options, &error) }
    }

    package func rewrite(_ range: KeyRange) throws(IndexError) {
        // A compaction merges what is in tables; an earlier value in one goes where a later one is met.
        try flush()
        range.from.withCharacters { from, fromCount in
            range.to.withCharacters { to, toCount in
                rocksdb_compact_range(handle.database, from, fromCount, to, toCount)
            }
        }
    }

    package func statistics() -> [String: UInt64] {
        let properties = [
            "keys": "rocksdb.estimate-num-keys",
            "block_cache_bytes": "rocksdb.block-cache-usage",
            "memtable_bytes": "rocksdb.cur-size-all-mem-tables",
            "table_bytes": "rocksdb.total-sst-files-size",
            "pending_compaction_bytes": "rocksdb.estimate-pending-compaction-bytes",
            "background_errors": "rocksdb.background-errors",
        ]
        return properties.compactMapValues { property in
            var value: UInt64 = 0
            return rocksdb_property_int(handle.database, property, &value) == 0 ? value : nil
        }
    }

    package func close() throws(IndexError) {
        // Closed also where what is in memory cannot be written any more: the journal has it.
        defer { handle.close() }
        try flush()
    }
}
