// What has served its purpose is forgotten before a new generation of the journal is written, by commits like any
// other, so that the index and whoever replays the journal know.
//
// How an upload ended may go once nobody is expected to complete it again (`endedUploadMilliseconds`).
//
// A tombstone keeps older versions of its name from coming back, and a purge the version that it names: both
// from regions that still hold those. (A tombstone of a bucket with versioning is a version itself, and goes when
// it is purged.) So one may go only when
//  - it is old (`tombstoneMilliseconds` since its stamp), and
//  - every region known here, but for those that were removed, has confirmed its origin's feed through its
//    position, and some region is or was known: where nobody ever confirmed anything, nobody can tell who follows,
//    and it stays. A region that was removed is refused for ever, so it brings nothing back; and
//  - of a tombstone: it is published, and the only version of its name. One with history or with something
//    pending above it stays.
// The committer decides it again, in the same breath as everything else that is committed: a name that was
// written to since keeps what it has. A region that joins later takes a snapshot, in which neither the
// tombstone nor what it deleted is. One that comes back from a backup older than its own confirmation has
// announced that (its incarnation), and is told by a snapshot as well.

internal import Journal
internal import MetadataIndex
internal import Storage

struct ForgetExpired {
    let index: IndexAccess
    let committer: Committer
    /// Throws where the work is to end.
    let check: () throws(StorageError) -> Void

    func run() throws(StorageError) {
        let limits = committer.limits.generations
        let now = committer.surroundings.clock.milliseconds()
        try forEachPage(of: KeySchema.allEnded) { (values) throws(StorageError) in
            let records = try look { () throws(IndexError) in
                try values.map(UploadEndedRecord.init(value:))
            }
            let expired = records.filter {
                $0.endedMilliseconds < now - limits.endedUploadMilliseconds
            }
            guard !expired.isEmpty else { return }
            try committer.queue.wait(for: ForgetEndedUploads(records: expired))
        }
        let before = now - limits.tombstoneMilliseconds
        try forEachPage(of: KeySchema.allRegisters) { (values) throws(StorageError) in
            let names = try look { () throws(IndexError) in
                try values.map { value throws(IndexError) in
                    try RegisterEntry(encoded: value).register
                }
            }.filter { $0.hasDeletion(recordedBefore: before) }.compactMap(\.name)
            guard !names.isEmpty else { return }
            try committer.queue.wait(for: ForgetDeletions(names: names, recordedBefore: before))
        }
    }

    /// Calls `body` with the values of a space, some at a time. Nothing of the index is held meanwhile.
    private func forEachPage(
        of range: KeyRange, _ body: ([Bytes]) throws(StorageError) -> Void
    ) throws(StorageError) {
        let limit = committer.limits.generations.forgetEntries
        var next: Bytes? = range.from
        while let from = next {
            try check()
            let page = try index.read { (index) throws(IndexError) in
                let cursor = try index.cursor(from: from, to: range.to)
                try cursor.seek(to: from)
                var values: [Bytes] = []
                while cursor.key != nil, values.count < limit {
                    values.append(cursor.value)
                    try cursor.next()
                }
                return (values: values, next: cursor.key)
            }
            try body(page.values)
            next = page.next
        }
    }

    private func look<Value>(
        _ read: () throws(IndexError) -> Value
    ) throws(StorageError) -> Value {
        do { return try read() } catch { throw StorageError(error) }
    }
}

/// Completing these uploads again finds nothing from here on.
struct ForgetEndedUploads: Decision {
    let records: [UploadEndedRecord]

    func decide(_ context: inout CommitContext) throws(StorageError) {
        for record in records {
            var forgotten = record
            forgotten.outcome = .aborted
            try context.record(.uploadEnded(forgotten))
        }
    }
}

/// Forgets the tombstones and purges of these names that every region has confirmed.
struct ForgetDeletions: Decision {
    let names: [ObjectName]
    let recordedBefore: Int64

    func decide(_ context: inout CommitContext) throws(StorageError) {
        let confirmed = try context.look { (index) throws(IndexError) in
            try ConfirmedFeeds(index)
        }
        for name in names {
            let register = try context.register(name, about: .unversioned)
            for purge in register.purges where mayGo(purge, confirmed) {
                let reference = VersionReference(name: name, version: purge.version)
                try context.record(.versionExpired(reference))
            }
            let rest = try context.register(name, about: .unversioned)
            guard rest.versions.count == 1, let tombstone = rest.versions.first,
                rest.purges.isEmpty, tombstone.kind == .tombstone,
                tombstone.state == .published, tombstone.versionID == .unversioned,
                mayGo(tombstone, confirmed)
            else { continue }
            try context.record(.register(RegisterRecord(name: name, register: ObjectRegister())))
        }
    }

    private func mayGo(_ version: ObjectVersion, _ confirmed: ConfirmedFeeds) -> Bool {
        version.isRecorded(before: recordedBefore) && confirmed.covers(version)
    }
}

/// How far all other regions that are waited for have confirmed each origin's feed.
struct ConfirmedFeeds {
    private let region: RegionID
    private var others: Set<RegionID> = []
    /// One of them is known, or was until it was removed.
    private let isFollowed: Bool
    /// By origin, then by the region that confirmed.
    private var through: [RegionID: [RegionID: UInt64]] = [:]

    init(_ index: IndexTransaction) throws(IndexError) {
        region = index.head.region
        // Also those of which something came by its name alone: what they wrote may still wait for the deletion.
        for key in try index.keys(in: KeySchema.allCursors) {
            others.insert(KeySchema.origin(ofCursor: key))
        }
        for key in try index.keys(in: KeySchema.allReceipts) {
            guard let value = try index.get(key) else { continue }
            let receipt = try ReceiptRecord(key: key, value: value)
            others.insert(receipt.region)
            through[receipt.origin, default: [:]][receipt.region] = receipt.through.number
        }
        others.remove(region)
        let removed = try Self.removed(index)
        isFollowed = !(others.isEmpty && removed.isEmpty)
        others.subtract(removed)
    }

    /// By their settings (`RemovedRegions` in Replication).
    private static func removed(_ index: IndexTransaction) throws(IndexError) -> Set<RegionID> {
        let path = Settings.removedRegions
        let marks = KeyRange(prefix: KeySchema.shown(Settings.name(path)))
        return Set(
            try index.keys(in: marks).compactMap { key in
                let setting = KeySchema.objectKey(of: key, in: BucketName.system).string
                return RegionID(String(setting.dropFirst(path.count)))
            })
    }

    /// Whether every other region has the version; an origin has what it wrote.
    func covers(_ version: ObjectVersion) -> Bool {
        let origin = version.version.region
        guard let number = version.position?.number, isFollowed else { return false }
        return others.allSatisfy { other in
            other == origin || through[origin]?[other, default: 0] ?? 0 >= number
        }
    }
}

extension UploadEndedRecord {
    /// As the index holds it.
    init(value: Bytes) throws(IndexError) {
        self = try decoding { () throws(RecordError) in try UploadEndedRecord(encoded: value[...]) }
    }
}

extension ObjectVersion {
    fileprivate func isRecorded(before milliseconds: Int64) -> Bool {
        let stamped = Int64(clamping: version.stamp.milliseconds)
        return max(stamped, recordedMilliseconds ?? stamped) < milliseconds
    }
}

extension ObjectRegister {
    var name: ObjectName? { (versions.first ?? purges.first)?.name }

    fileprivate func hasDeletion(recordedBefore milliseconds: Int64) -> Bool {
        let tombstones = versions.filter { $0.kind == .tombstone }
        return (tombstones + purges).contains { $0.isRecorded(before: milliseconds) }
    }
}
