// The index as it will be when the changes gathered so far are applied: look-ups see the changes, the
// index does not yet. The committer gathers a group in one, recovery a stretch of the journal.

internal import MetadataIndex
internal import Storage

struct IndexTransaction {
    /// Of a table's entry, without what its key and value hold.
    private static let entryBytes = 128

    private let index: any KeyValueIndex
    private var changed: [Bytes: Bytes?] = [:]
    /// Of each blob that gains or loses one: the keys of its referrers, and whether they are there.
    private var changedReferrers: [BlobID: [Bytes: Bool]] = [:]
    /// Blobs that a version or a part does not name any more.
    private(set) var released: [BlobID] = []
    var head: IndexHead

    init(_ index: any KeyValueIndex, head: IndexHead) {
        self.index = index
        self.head = head
    }

    /// About what the changes take in memory.
    private(set) var changeBytes = 0

    func get(_ key: Bytes) throws(IndexError) -> Bytes? {
        if let change = changed[key] { return change }
        return try index.get(key)
    }

    mutating func put(_ key: Bytes, _ value: Bytes) {
        changed[key] = .some(value)
        changeBytes += Self.entryBytes + key.count + value.count
        if let blob = KeySchema.blob(ofReferrer: key) {
            changedReferrers[blob, default: [:]][key] = true
        }
    }

    mutating func delete(_ key: Bytes) {
        changed[key] = .some(nil)
        changeBytes += Self.entryBytes + key.count
        guard let blob = KeySchema.blob(ofReferrer: key) else { return }
        changedReferrers[blob, default: [:]][key] = false
        released.append(blob)
    }

    /// Whether a version or a part names the blob.
    func isNamed(_ blob: BlobID) throws(IndexError) -> Bool {
        let changes = changedReferrers[blob] ?? [:]
        if changes.values.contains(true) { return true }
        // A cursor of its own with narrow bounds: it never walks over what was deleted of other blobs.
        let range = KeySchema.referrers(of: blob)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        while let key = cursor.key {
            if changes[key] == nil { return true }
            try cursor.next()
        }
        return false
    }

    /// The keys of a range, changes included, in no order. For short ranges.
    func keys(in range: KeyRange) throws(IndexError) -> Set<Bytes> {
        var keys: Set<Bytes> = []
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        while let key = cursor.key {
            keys.insert(key)
            try cursor.next()
        }
        for (key, value) in changed where range.contains(key) {
            if value == nil { keys.remove(key) } else { keys.insert(key) }
        }
        return keys
    }

    /// Everything gathered, the head included.
    func changes() -> [IndexChange] {
        var changes: [IndexChange] = []
        changes.reserveCapacity(changed.count + 1)
        for (key, value) in changed {
            if let value {
                changes.append(.put(key: key, value: value))
            } else {
                changes.append(.delete(key: key))
            }
        }
        changes.append(.put(key: KeySchema.head, value: head.encoded))
        return changes
    }
}

extension KeyRange {
    func contains(_ key: Bytes) -> Bool {
        !key.lexicographicallyPrecedes(from) && key.lexicographicallyPrecedes(to)
    }
}
