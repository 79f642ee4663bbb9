// The index as it will be when the changes gathered so far are applied: look-ups see the changes, the
// index does not yet. The committer gathers a group in one, recovery a stretch of the journal.

internal import MetadataIndex
internal import Storage

struct IndexTransaction {
    /// Of a table's entry, without what its key and value hold.
    private static let entryBytes = 128

    private let index: any KeyValueIndex
    private let seen = SeenEntries()
    /// In the order in which keys were first changed: what is changed in ascending order is applied so, which
    /// costs a memtable a fraction of any other order.
    private var changed: [(key: Bytes, value: Bytes?)] = []
    private var places: [IndexKey: Int] = [:]
    /// Of each blob that gains or loses one: the keys of its referrers, and whether they are there.
    private var changedReferrers: [BlobID: [Bytes: Bool]] = [:]
    /// By name, as the keys of its listed versions begin.
    private var changedListed: [Bytes: ListedChanges] = [:]
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
        if let place = places[IndexKey(key)] { return changed[place].value }
        return try seen.value(of: key) { () throws(IndexError) in try index.get(key) }
    }

    /// Brings in the entries of many keys that are near each other, ascending, by one cursor: a step from one
    /// to the next costs a fraction of a look-up.
    func lookAhead(_ keys: [Bytes]) throws(IndexError) {
        guard let first = keys.first, let last = keys.last else { return }
        let cursor = try index.cursor(from: first, to: last + [0])
        try cursor.seek(to: first)
        seen.reserve(keys.count)
        var here = cursor.key
        for key in keys {
            if here.isBefore(key) {
                try cursor.next()
                here = cursor.key
            }
            if here.isBefore(key) {
                try cursor.seek(to: key)
                here = cursor.key
            }
            seen.note(here == key ? cursor.value : nil, at: IndexKey(key))
        }
    }

    mutating func put(_ key: Bytes, _ value: Bytes) {
        change(key, to: value)
        changeBytes += Self.entryBytes + key.count + value.count
        if let blob = KeySchema.blob(ofReferrer: key) {
            changedReferrers[blob, default: [:]][key] = true
        } else if let name = KeySchema.startOfListed(of: key) {
            changedListed[name, default: ListedChanges()].note(key, isThere: true)
        }
    }

    mutating func delete(_ key: Bytes) {
        change(key, to: nil)
        changeBytes += Self.entryBytes + key.count
        if let name = KeySchema.startOfListed(of: key) {
            changedListed[name, default: ListedChanges()].note(key, isThere: false)
        }
        guard let blob = KeySchema.blob(ofReferrer: key) else { return }
        changedReferrers[blob, default: [:]][key] = false
        released.append(blob)
    }

    private mutating func change(_ key: Bytes, to value: Bytes?) {
        let place = places[IndexKey(key), default: changed.count]
        if place < changed.count {
            changed[place].value = value
        } else {
            places[IndexKey(key)] = place
            changed.append((key, value))
        }
    }

    /// Those of the blobs, which ascend, that a version or a part names.
    func named(among blobs: [BlobID]) throws(IndexError) -> Set<BlobID> {
        guard let first = blobs.first, let last = blobs.last else { return [] }
        var unchanged = try NamedBlobs(index, from: first, through: last)
        var named: Set<BlobID> = []
        for blob in blobs {
            let isNamed =
                if let changes = changedReferrers[blob] { try isNamed(blob, but: changes) } else {
                    try unchanged.isNamed(blob)
                }
            if isNamed { named.insert(blob) }
        }
        return named
    }

    private func isNamed(
        _ blob: BlobID, but changes: [Bytes: Bool]
    ) throws(IndexError) -> Bool {
        if changes.values.contains(true) { return true }
        let range = KeySchema.referrers(of: blob)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        while let key = cursor.key {
            if changes[key] == nil { return true }
            try cursor.next()
        }
        return false
    }

    /// Whether a version names the blob whose content is sealed.
    func isNamedSealed(_ blob: BlobID) throws(IndexError) -> Bool {
        let changes = changedReferrers[blob] ?? [:]
        for (key, isThere) in changes where isThere {
            if places[IndexKey(key)].map({ changed[$0].value }) == Referrer.sealed { return true }
        }
        return try Referrer.isAnySealed(of: blob, index) { changes[$0] == nil }
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

    /// The keys of the versions of a name that are listed beside what shows, newest first, at most `count`.
    func listedKeys(
        of name: ObjectName, atMost count: Int = .max
    ) throws(IndexError) -> [Bytes] {
        let range = KeySchema.listed(of: name)
        let changes = changedListed[range.from] ?? ListedChanges()
        var keys = changes.newest(atMost: count)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        var found = 0
        while let key = cursor.key, found < count {
            if changes.isThere[key] == nil {
                keys.append(key)
                found += 1
            }
            try cursor.next()
        }
        keys.sort { $0.lexicographicallyPrecedes($1) }
        return Array(keys.prefix(count))
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

/// What was looked up in the index. Deciding on a change and applying it ask for the same entries, and
/// only whoever gathers the transaction changes the index meanwhile. Used by one thread.
private final class SeenEntries {
    private var values: [IndexKey: Bytes?] = [:]

    func value(
        of key: Bytes, _ read: () throws(IndexError) -> Bytes?
    ) throws(IndexError) -> Bytes? {
        let key = IndexKey(key)
        if let value = values[key] { return value }
        let value = try read()
        note(value, at: key)
        return value
    }

    /// Makes room for so many more.
    func reserve(_ count: Int) { values.reserveCapacity(values.count + count) }

    func note(_ value: Bytes?, at key: IndexKey) { values[key] = .some(value) }
}

extension Bytes? {
    /// Whether a cursor that stands at this key stands at one that is less.
    fileprivate func isBefore(_ wanted: Bytes) -> Bool {
        map { $0.lexicographicallyPrecedes(wanted) } ?? false
    }
}

extension KeyRange {
    func contains(_ key: Bytes) -> Bool {
        !key.lexicographicallyPrecedes(from) && key.lexicographicallyPrecedes(to)
    }
}
