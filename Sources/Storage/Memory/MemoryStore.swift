// A whole store in memory: the specification of the contracts in running code, the double in tests of
// the fronts, and a region's store in simulations. It keeps bytes whole and does everything under one
// lock; nothing of it survives the process.

internal import NIOCore
internal import Synchronization

package final class MemoryStore: Sendable {
    struct State {
        var clock = HybridClock()
        var nextTicket: UInt64 = 0
        var staged: [UInt64: ByteBuffer] = [:]
        /// Those of the staged bodies that are sealed. Nothing is: what counts as sealed is only remembered.
        var stagedSealed: Set<UInt64> = []
        var blobs: [BlobID: ByteBuffer] = [:]
        var sealed: Set<BlobID> = []
        /// Those whose bytes a read found wrong.
        var damaged: Set<BlobID> = []
        /// By bucket, then by key.
        var registers: [String: SortedKeys<ObjectRegister>] = [:]
        var feeds: [RegionID: [FeedRecord]] = [:]
        /// Of other origins.
        var seen: [RegionID: FeedPosition] = [:]
        var lostHistory = LostHistory()
        /// By region, how far it has each origin's feed.
        var receipts: [RegionID: [RegionID: FeedPosition]] = [:]
        var uploads: [UploadID: MemoryUpload] = [:]
        var completed: [UploadID: CompletedUpload] = [:]
        var nextUpload: UInt64 = 0
    }

    /// A feed number and the version it was issued for; `nil` for one that only moved a cursor.
    struct FeedRecord {
        var position: FeedPosition
        var reference: VersionReference?
    }

    package let region: RegionID
    package let incarnation: UInt64
    let wallClock: any WallClock
    let isRegionLocal: @Sendable (ObjectName) -> Bool
    let historyRole: @Sendable (ObjectName) -> HistoryRole
    let changes = ChangeSignal()
    let state = Mutex(State())

    /// `isRegionLocal` says which names are kept out of the feed, `historyRole` what a name is to history.
    package init(
        region: RegionID, incarnation: UInt64 = 1, clock: any WallClock,
        isRegionLocal: @escaping @Sendable (ObjectName) -> Bool,
        historyRole: @escaping @Sendable (ObjectName) -> HistoryRole = { _ in .other }
    ) {
        self.region = region
        self.incarnation = incarnation
        wallClock = clock
        self.isRegionLocal = isRegionLocal
        self.historyRole = historyRole
    }

    /// A store with all that this one holds now: what is put back from a backup.
    package func copied(incarnation: UInt64) -> MemoryStore {
        let copy = MemoryStore(
            region: region, incarnation: incarnation, clock: wallClock,
            isRegionLocal: isRegionLocal, historyRole: historyRole)
        let state = state.withLock { $0 }
        copy.state.withLock { $0 = state }
        return copy
    }

    /// How far `region` said that it has each origin's feed.
    package func receipts(of region: RegionID) -> [RegionID: FeedPosition] {
        state.withLock { $0.receipts[region] ?? [:] }
    }

    /// Damages a blob's bytes, for tests of those who must notice.
    package func corrupt(_ blob: BlobID) {
        state.withLock { state in
            guard var bytes = state.blobs[blob], bytes.readableBytes > 0,
                let first: UInt8 = bytes.getInteger(at: bytes.readerIndex)
            else { return }
            bytes.setInteger(first ^ 1, at: bytes.readerIndex)
            state.blobs[blob] = bytes
        }
    }
}

extension MemoryStore: Maintenance {
    package func figures() async throws -> StoreFigures {
        state.withLock { state in
            let visible = state.registers.values.flatMap { $0.values.compactMap(\.visible) }
            let bytes = visible.reduce(UInt64(0)) { $0 + ($1.content?.sizeBytes ?? 0) }
            return StoreFigures(
                objects: UInt64(visible.count), blobs: UInt64(state.blobs.count),
                uploads: UInt64(state.uploads.count), logicalBytes: bytes)
        }
    }

    package func usage(of bucket: String) async throws -> BucketUsage {
        state.withLock { $0.usage(of: bucket) }
    }

    package func damage(after: BlobID?, limit: Int) async throws -> [BlobDamage] {
        state.withLock { state in
            let behind = state.damaged.sorted().drop { blob in after.map { blob <= $0 } ?? false }
            return behind.prefix(limit).map { blob in
                BlobDamage(
                    blob: blob, sizeBytes: UInt64(state.blobs[blob]?.readableBytes ?? 0),
                    reason: "its bytes do not have its digest")
            }
        }
    }
}

extension MemoryStore.State {
    func register(_ name: ObjectName) -> ObjectRegister {
        registers[name.bucket]?[name.key] ?? ObjectRegister()
    }

    mutating func set(_ register: ObjectRegister, for name: ObjectName) {
        registers[name.bucket, default: SortedKeys()][name.key] = register
    }

    func requireBucket(_ bucket: String) throws(StorageError) {
        if bucket == BucketName.system { return }
        guard register(Buckets.name(of: bucket)).visible != nil else {
            throw StorageError(.noSuchBucket, "bucket “\(bucket)” does not exist")
        }
    }
}
