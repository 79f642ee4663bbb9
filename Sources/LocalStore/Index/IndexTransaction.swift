// The index as it will be when the changes gathered so far are applied: look-ups see the changes, the
// index does not yet. The committer gathers a group in one, recovery a stretch of the journal.

internal import MetadataIndex

struct IndexTransaction {
    private let index: any KeyValueIndex
    private var changed: [Bytes: Bytes?] = [:]
    var head: IndexHead

    init(_ index: any KeyValueIndex, head: IndexHead) {
        self.index = index
        self.head = head
    }

    var changeCount: Int { changed.count }

    func get(_ key: Bytes) throws(IndexError) -> Bytes? {
        if let change = changed[key] { return change }
        return try index.get(key)
    }

    mutating func put(_ key: Bytes, _ value: Bytes) { changed[key] = .some(value) }

    mutating func delete(_ key: Bytes) { changed[key] = .some(nil) }

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
