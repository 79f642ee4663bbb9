// The index in memory: what the contract of `KeyValueIndex` means, for tests and for the simulation. It
// remembers what was flushed last, so that a simulation can take away the rest as a power loss would.
//
// Entries are an array in order of key. A cursor holds the array as it was; the next change then copies
// it, which is what makes the cursor's view consistent.

internal import Synchronization

package final class MemoryIndex: KeyValueIndex {
    fileprivate struct Entry: Sendable {
        var key: Bytes
        var value: Bytes
    }

    private struct State: Sendable {
        var entries: [Entry] = []
        var flushed: [Entry] = []
        var flushes: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package func get(_ key: Bytes) throws(IndexError) -> Bytes? {
        state.withLock { $0.entries.value(of: key) }
    }

    package func getCached(_ key: Bytes) -> CachedLookup<Bytes> {
        state.withLock { $0.entries.value(of: key) }.map(CachedLookup.found) ?? .absent
    }

    package func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor {
        try snapshot().cursor(from: from, to: to)
    }

    package func snapshot() throws(IndexError) -> any IndexSnapshot {
        MemorySnapshot(entries: state.withLock { $0.entries })
    }

    package func apply(_ batch: [IndexChange]) throws(IndexError) {
        state.withLock { state in
            for change in batch { state.entries.apply(change) }
        }
    }

    package func rewrite(_ range: KeyRange) throws(IndexError) { try flush() }

    package func flush() throws(IndexError) {
        state.withLock { state in
            state.flushed = state.entries
            state.flushes += 1
        }
    }

    package func statistics() -> [String: UInt64] {
        state.withLock { ["keys": UInt64($0.entries.count), "flushes": $0.flushes] }
    }

    package func close() throws(IndexError) { try flush() }

    /// What a crash does at worst: everything since the last `flush` is gone.
    package func dropUnflushed() {
        state.withLock { $0.entries = $0.flushed }
    }
}

private final class MemorySnapshot: IndexSnapshot {
    private let entries: [MemoryIndex.Entry]

    init(entries: [MemoryIndex.Entry]) { self.entries = entries }

    func get(_ key: Bytes) throws(IndexError) -> Bytes? { entries.value(of: key) }

    func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor {
        let lower = entries.place(of: from)
        return MemoryCursor(entries: entries, bounds: lower..<max(lower, entries.place(of: to)))
    }
}

/// A view of the entries as they were when it was made.
private final class MemoryCursor: IndexCursor {
    private let entries: [MemoryIndex.Entry]
    private let bounds: Range<Int>
    private var place: Int?

    init(entries: [MemoryIndex.Entry], bounds: Range<Int>) {
        self.entries = entries
        self.bounds = bounds
    }

    func seek(to key: Bytes) throws(IndexError) {
        move(to: max(entries.place(of: key), bounds.lowerBound))
    }

    func seekBackward(to key: Bytes) throws(IndexError) {
        let following = entries.place(of: key)
        let isMatch = following < entries.count && entries[following].key == key
        move(to: min(isMatch ? following : following - 1, bounds.upperBound - 1))
    }

    func next() throws(IndexError) {
        guard let place else { preconditionFailure("a cursor without a key is not moved on") }
        move(to: place + 1)
    }

    var key: Bytes? { place.map { entries[$0].key } }

    var value: Bytes {
        guard let place else { preconditionFailure("a cursor without a key has no value") }
        return entries[place].value
    }

    private func move(to candidate: Int) {
        place = bounds.contains(candidate) ? candidate : nil
    }
}

extension [MemoryIndex.Entry] {
    /// The index of the first entry whose key is not less than `key`.
    fileprivate func place(of key: Bytes) -> Int {
        var lower = 0
        var upper = count
        while lower < upper {
            let middle = (lower + upper) / 2
            if self[middle].key.lexicographicallyPrecedes(key) {
                lower = middle + 1
            } else {
                upper = middle
            }
        }
        return lower
    }

    fileprivate func value(of key: Bytes) -> Bytes? {
        let place = place(of: key)
        return place < count && self[place].key == key ? self[place].value : nil
    }

    fileprivate mutating func apply(_ change: IndexChange) {
        switch change {
        case .put(let key, let value):
            let place = place(of: key)
            if place < count, self[place].key == key {
                self[place].value = value
            } else {
                insert(MemoryIndex.Entry(key: key, value: value), at: place)
            }
        case .delete(let key):
            let place = place(of: key)
            if place < count, self[place].key == key { remove(at: place) }
        case .deleteRange(let from, let to):
            let lower = place(of: from)
            removeSubrange(lower..<Swift.max(lower, place(of: to)))
        }
    }
}
