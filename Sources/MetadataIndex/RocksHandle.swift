// The one owner of RocksDB's handles: how the database is opened, and how its errors become ours.

internal import CRocksDB
internal import Glibc
internal import Synchronization

/// Owns the database and the option objects that calls pass to it. The pointers are never changed after
/// `init`; RocksDB allows concurrent calls on all of them. Cursors keep it alive.
final class RocksHandle: @unchecked Sendable {
    let database: OpaquePointer
    let reading: OpaquePointer
    let readingCache: OpaquePointer
    let writing: OpaquePointer
    private let isClosed = Atomic(false)

    init(directory: String, limits: RocksLimits) throws(IndexError) {
        let options = Self.options(limits)
        defer { rocksdb_options_destroy(options) }
        Self.haveCompactionsGiveWay()
        let opened = try rocksCall(isOpening: true) { error in
            rocksdb_open(options, directory, &error)
        }
        guard let opened, let reading = rocksdb_readoptions_create(),
            let readingCache = rocksdb_readoptions_create(),
            let writing = rocksdb_writeoptions_create()
        else { throw .inputOutput("RocksDB gave no handle") }
        database = opened
        self.reading = reading
        self.readingCache = readingCache
        self.writing = writing
        rocksdb_readoptions_set_read_tier(readingCache, Self.blockCacheTier)
        rocksdb_writeoptions_disable_WAL(writing, 1)
    }

    deinit {
        close()
        rocksdb_readoptions_destroy(reading)
        rocksdb_readoptions_destroy(readingCache)
        rocksdb_writeoptions_destroy(writing)
    }

    func close() {
        guard !isClosed.exchange(true, ordering: .acquiringAndReleasing) else { return }
        rocksdb_close(database)
    }

    /// The value, copied once out of the block that RocksDB pins for us.
    func pinned(
        _ key: Bytes, _ options: OpaquePointer, _ error: inout UnsafeMutablePointer<CChar>?
    ) -> Bytes? {
        let slice = key.withCharacters { rocksdb_get_pinned(database, options, $0, $1, &error) }
        guard let slice else { return nil }
        defer { rocksdb_pinnableslice_destroy(slice) }
        var count = 0
        let start = rocksdb_pinnableslice_value(slice, &count)
        return Bytes(UnsafeRawBufferPointer(start: start, count: count))
    }

    /// No client waits for a compaction until tables pile up, and then RocksDB slows writes down. Flushes, which
    /// writes wait for sooner, keep their priority. With readers on every core and a collection beside them no
    /// more was left to compact at its end than with threads of equal priority (measured). The threads belong to the
    /// process: whoever opens a database first starts them.
    private static func haveCompactionsGiveWay() {
        let environment = rocksdb_create_default_env()
        rocksdb_env_lower_thread_pool_cpu_priority(environment)
        rocksdb_env_destroy(environment)
    }

    /// `kBlockCacheTier` of `rocksdb::ReadTier`.
    private static let blockCacheTier: CInt = 1
    /// RocksDB's own default; a block is what one look-up reads.
    private static let blockBytes = 4 << 10
    private static let filterBitsPerKey = 10.0
    /// Of a memtable's size, for the filter of its keys.
    private static let memtableFilterShare = 0.05
    private static let logBytes = 1 << 20
    /// `WARN_LEVEL` of `rocksdb::InfoLogLevel`.
    private static let logLevel: CInt = 2

    private static func options(_ limits: RocksLimits) -> OpaquePointer? {
        let options = rocksdb_options_create()
        rocksdb_options_set_create_if_missing(options, 1)
        rocksdb_options_set_paranoid_checks(options, 1)
        rocksdb_options_set_atomic_flush(options, 1)
        rocksdb_options_set_write_buffer_size(options, limits.memtableBytes)
        rocksdb_options_set_max_write_buffer_number(options, CInt(limits.memtables))
        rocksdb_options_set_max_background_jobs(options, CInt(limits.backgroundJobs))
        rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1)
        rocksdb_options_set_compression(options, CInt(rocksdb_lz4_compression))
        // Opening must not read every table: it stays quick at ten million objects.
        rocksdb_options_set_skip_stats_update_on_db_open(options, 1)
        rocksdb_options_set_skip_checking_sst_file_sizes_on_db_open(options, 1)
        rocksdb_options_set_info_log_level(options, logLevel)
        rocksdb_options_set_max_log_file_size(options, logBytes)
        rocksdb_options_set_keep_log_file_num(options, 2)
        // Most look-ups are of what is not there: a key that is new.
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, memtableFilterShare)
        rocksdb_options_set_memtable_whole_key_filtering(options, 1)
        setTable(limits, options)
        return options
    }

    /// Filters and indexes of tables are cut into blocks as small as those of the data. A whole filter of a
    /// table takes hundreds of KiB: a cache that is smaller than all of them would read and check one for
    /// every look-up.
    private static func setTable(_ limits: RocksLimits, _ options: OpaquePointer?) {
        let table = rocksdb_block_based_options_create()
        let cache = rocksdb_cache_create_lru(limits.blockCacheBytes)
        rocksdb_block_based_options_set_block_cache(table, cache)
        rocksdb_block_based_options_set_block_size(table, blockBytes)
        rocksdb_block_based_options_set_filter_policy(
            table, rocksdb_filterpolicy_create_bloom_full(filterBitsPerKey))
        rocksdb_block_based_options_set_whole_key_filtering(table, 1)
        rocksdb_block_based_options_set_index_type(
            table, CInt(rocksdb_block_based_table_index_type_two_level_index_search))
        rocksdb_block_based_options_set_partition_filters(table, 1)
        rocksdb_block_based_options_set_metadata_block_size(table, UInt64(blockBytes))
        rocksdb_block_based_options_set_pin_top_level_index_and_filter(table, 1)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks(table, 1)
        rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(table, 1)
        rocksdb_options_set_block_based_table_factory(options, table)
        // The options hold references of their own from here on.
        rocksdb_cache_destroy(cache)
        rocksdb_block_based_options_destroy(table)
    }
}

/// Calls RocksDB and turns its message into our error.
func rocksCall<Result>(
    isOpening: Bool = false, _ body: (inout UnsafeMutablePointer<CChar>?) -> Result
) throws(IndexError) -> Result {
    var error: UnsafeMutablePointer<CChar>?
    let result = body(&error)
    guard let error else { return result }
    defer { free(error) }
    throw indexError(String(cString: error), isOpening: isOpening)
}

/// RocksDB's messages begin with the kind of status. While opening, what it cannot make sense of (a file
/// that its manifest names and that is gone, options of another make) is as good as corrupt.
private func indexError(_ message: String, isOpening: Bool) -> IndexError {
    if message.hasPrefix("Corruption") { return .corrupt(message) }
    let kinds = ["Invalid argument", "Not implemented", "NotFound", "IO error: No such file"]
    guard isOpening, kinds.contains(where: message.hasPrefix) else {
        return .inputOutput(message)
    }
    return .corrupt(message)
}

extension Bytes {
    /// The bytes as RocksDB's C interface wants them.
    func withCharacters<Result>(_ body: (UnsafePointer<CChar>?, Int) -> Result) -> Result {
        withUnsafeBytes { bytes in
            body(bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
        }
    }
}
