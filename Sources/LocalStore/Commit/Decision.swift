// A decision is one commit on its way through the committer: it looks at the index as the earlier ones
// of its group leave it, refuses, or records what is to be. Each kind is one small file.
//
// A decision throws before it records anything: what it recorded is one atomic change.

internal import Journal
internal import MetadataIndex
internal import RegistryLayout
internal import Storage

protocol Decision<Answer>: Sendable {
    associatedtype Answer: Sendable

    func decide(_ context: inout CommitContext) throws(StorageError) -> Answer
}

/// What the decisions of a group see and change.
struct CommitContext {
    let region: RegionID
    let wallMilliseconds: Int64
    /// The free space is below the reserve: nothing may grow.
    let isBelowReserve: Bool
    private let batchBytes: Int
    private let recordBytes: Int
    let use: BlobUse
    private let watch: ReferenceWatch
    let keys: KeyRing
    private(set) var transaction: IndexTransaction
    private(set) var batches: [EncodedBatch] = []
    private var batch = EncodedBatch()
    /// Buckets that were seen to exist. Buckets are objects of the system's bucket: a change there forgets
    /// them.
    private var seenBuckets: Set<String> = []
    /// Whether what is written to a bucket is sealed, of those that were asked; forgotten likewise.
    private var seenDemands: [String: Bool] = [:]
    /// What was seen of buckets' versioning, as long.
    var seenVersioning: [String: BucketVersioning?] = [:]
    /// How buckets are kept, as far as it was asked.
    var seenSettings: [String: BucketSettings] = [:]
    let settings: BucketSettingsCache
    /// Soft limits of quotas that the group goes beyond.
    var crossings: [QuotaCrossing] = []
    private var clock: HybridClock
    /// The index failed while a record was applied: the group comes to nothing.
    private(set) var indexFailure: StorageError?

    init(
        transaction: IndexTransaction, wallMilliseconds: Int64, isBelowReserve: Bool,
        batchBytes: Int, recordBytes: Int, use: BlobUse, watch: ReferenceWatch, keys: KeyRing,
        settings: BucketSettingsCache
    ) {
        region = transaction.head.region
        clock = HybridClock(latest: transaction.head.clock)
        self.transaction = transaction
        self.wallMilliseconds = wallMilliseconds
        self.isBelowReserve = isBelowReserve
        self.batchBytes = batchBytes
        self.recordBytes = recordBytes
        self.use = use
        self.watch = watch
        self.keys = keys
        self.settings = settings
    }

    // MARK: Recording

    /// Whether anything of the group so far would change the index.
    var hasRecorded: Bool { !batches.isEmpty || batch.recordCount > 0 || indexFailure != nil }

    /// Makes a record part of the commit. Later look-ups see it. One that continues the record before it
    /// is never parted from it by a crash.
    mutating func record(
        _ record: JournalRecord, continuing: Bool = false
    ) throws(StorageError) {
        // Records come in the order in which they depend on each other, so a commit that is too long for
        // one batch may end between any two that do not continue each other.
        if batch.body.count >= batchBytes, !continuing { endBatch() }
        guard batch.append(record, limitBytes: recordBytes) else {
            throw StorageError(.limitExceeded, "a record of the commit is too large")
        }
        if case .object(let version) = record, version.name.bucket == BucketName.system {
            seenBuckets.removeAll()
            seenDemands.removeAll()
            seenVersioning.removeAll()
            seenSettings.removeAll()
        }
        do {
            try transaction.apply(record)
        } catch {
            // Half of a record may have been applied: nothing of the group may reach the index.
            indexFailure = StorageError(error)
            throw StorageError(error)
        }
        noteUse(of: record)
    }

    /// A blob is used when it is written, linked or copied; a chunk may not be taken for dead from when it
    /// is referred to.
    private func noteUse(of record: JournalRecord) {
        switch record {
        case .blob(let record):
            use.touch(record.blob)
            watch.note(record.bytes)
        case .object(let version):
            if let blob = version.content?.blob { use.touch(blob) }
        case .part(let record):
            switch record.source {
            case .stored(let bytes): watch.note(bytes)
            case .copied(let blob, _): use.touch(blob)
            }
        case .blobState, .chunkMoved, .fileRetired, .upload, .uploadEnded, .incarnation, .cursor,
            .receipt, .versionExpired, .register, .watermark:
            return
        }
    }

    /// Ends the batch of one decision.
    mutating func endBatch() {
        guard batch.recordCount > 0 else { return }
        batches.append(batch)
        batch = EncodedBatch()
    }

    /// Takes note of a stamp of another region.
    mutating func observe(_ stamp: HybridTimestamp) { clock.observe(stamp) }

    /// Stamps a change of a name above everything known of it, gives it its place in the feed, and
    /// records it. It has an id of its own where the bucket says so, or the one that is given.
    mutating func record(
        _ kind: ObjectVersion.Kind, of name: ObjectName, keepsHistory: Bool = true,
        id: VersionID? = nil
    ) throws(StorageError) -> ObjectVersion {
        let register = try register(name, about: id ?? .unversioned)
        let stamp = clock.next(wallMilliseconds: wallMilliseconds, above: register.greatestStamp)
        let stamped = Version(stamp: stamp, region: region)
        let version = inFeed(
            ObjectVersion(
                name: name, version: stamped, position: nil, kind: kind, state: .published,
                versionID: try newID(of: stamped, name, given: id)))
        if keepsHistory {
            try record(version, over: register)
        } else {
            try record(.object(version))
        }
        return version
    }

    /// Records a version just above the one that was judged, below whatever anyone writes now. What it takes the
    /// place of becomes history where `register` is given.
    mutating func recordNext(
        _ kind: ObjectVersion.Kind, after judged: ObjectVersion,
        over register: ObjectRegister? = nil, id: VersionID? = nil
    ) throws(StorageError) -> ObjectVersion {
        let stamp =
            register?.freeStamp(above: judged.version) ?? judged.version.stamp.successor
        let version = Version(stamp: stamp, region: region)
        let next = inFeed(
            ObjectVersion(
                name: judged.name, version: version, position: nil, kind: kind,
                state: .published, versionID: try newID(of: version, judged.name, given: id),
                recordedMilliseconds: wallMilliseconds))
        if let register {
            try record(next, over: register)
        } else {
            try record(.object(next))
        }
        return next
    }

    /// The version at the next place in this region's feed, unless it stays in its region.
    func inFeed(_ version: ObjectVersion) -> ObjectVersion {
        guard !KeyRules.isRegionLocal(version.name) else { return version }
        let head = transaction.head
        var version = version
        version.position = FeedPosition(
            incarnation: head.incarnation, number: head.feedNumber + 1)
        return version
    }

    /// Records a put whose blob is live, and fills in what is the store's to say. One that was made from what
    /// the name shows is stamped just above that: whatever anyone else writes goes before it.
    mutating func recordPut(
        _ content: ObjectContent, of name: ObjectName, madeFrom source: Version? = nil
    ) throws(StorageError) -> ObjectVersion {
        var content = content
        content.quarantinedMilliseconds = nil
        if content.lastModifiedMilliseconds == 0 {
            content.lastModifiedMilliseconds = wallMilliseconds
        }
        guard source != nil else { return try record(.put(content), of: name) }
        let register = try register(name, about: .unversioned)
        guard let shown = register.visible, shown.version == source else {
            preconditionFailure("\(name) does not show what the change of it was made from")
        }
        return try recordNext(.put(content), after: shown, over: register)
    }

    // MARK: Looking

    func register(_ name: ObjectName) throws(StorageError) -> ObjectRegister {
        try look { (index) throws(IndexError) in try index.register(name) }
    }

    /// As much of it as a change about this id depends on; of what shows, and waits, all.
    func register(
        _ name: ObjectName, about id: VersionID
    ) throws(StorageError) -> ObjectRegister {
        try look { (index) throws(IndexError) in try index.register(name, about: id) }
    }

    func blob(_ blob: BlobID) throws(StorageError) -> BlobEntry? {
        try look { (index) throws(IndexError) in try index.blob(blob) }
    }

    func look<Value>(
        _ read: (IndexTransaction) throws(IndexError) -> Value
    ) throws(StorageError) -> Value {
        do { return try read(transaction) } catch { throw StorageError(error) }
    }

    // MARK: Refusing

    mutating func requireBucket(_ bucket: String) throws(StorageError) {
        if bucket == BucketName.system || seenBuckets.contains(bucket) { return }
        let isThere = try look { (index) throws(IndexError) in
            try index.isShown(Buckets.name(of: bucket))
        }
        guard isThere else {
            throw StorageError(.noSuchBucket, "bucket “\(bucket)” does not exist")
        }
        seenBuckets.insert(bucket)
    }

    /// Whether what is written to the bucket is sealed (`Buckets.demandsSealing`).
    mutating func demandsSealing(_ bucket: String) throws(StorageError) -> Bool {
        guard bucket != BucketName.system else { return false }
        if let seen = seenDemands[bucket] { return seen }
        let demands = try look { (index) throws(IndexError) in
            try index.isShown(Buckets.name(of: .encryption, bucket))
        }
        seenDemands[bucket] = demands
        return demands
    }

    func requireSpace() throws(StorageError) {
        guard isBelowReserve else { return }
        throw StorageError(.insufficientStorage, "the disk is full up to its reserve")
    }

    func requireLive(_ blob: BlobID) throws(StorageError) -> BlobEntry {
        guard let entry = try self.blob(blob) else {
            throw StorageError(.noSuchBlob, "blob \(blob) is not here")
        }
        return entry
    }

    func check(_ conditions: Preconditions, _ name: ObjectName) throws(StorageError) {
        if conditions.dependOnName {
            let visible = try register(name, about: .unversioned).visible
            if let version = conditions.version, visible?.version != version {
                throw StorageError(.preconditionFailed, "\(name) has changed")
            }
            let etag = visible?.content?.etag
            if let wanted = conditions.ifMatch, !wanted.matches(etag) {
                let code: StorageError.Code = etag == nil ? .noSuchKey : .preconditionFailed
                throw StorageError(code, "If-Match does not hold for \(name)")
            }
            if let unwanted = conditions.ifNoneMatch, unwanted.matches(etag) {
                throw StorageError(.preconditionFailed, "If-None-Match does not hold for \(name)")
            }
        }
        guard let bucket = conditions.emptyBucket else { return }
        let tally = try look { (index) throws(IndexError) in try index.tally(bucket) }
        guard tally.objects == 0, tally.versions == 0 else {
            throw StorageError(.bucketNotEmpty, "bucket “\(bucket)” is not empty")
        }
    }
}

extension Preconditions {
    fileprivate var dependOnName: Bool {
        ifMatch != nil || ifNoneMatch != nil || version != nil
    }
}

extension StorageError {
    init(_ error: IndexError) {
        self.init(.inputOutput, "the index could not be used", cause: error)
    }
}
