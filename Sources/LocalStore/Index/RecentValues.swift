// What was looked up of the index lately, for what every request looks up again: its bucket, the documents of
// that, the name that all pull. RocksDB finds a key in 1 to 2 us, this in a tenth of it.
//
// It never says what the index would not say at the same moment. A value is forgotten before a batch changes it,
// and none is taken in that was read before or during a batch: from when a batch begins to when it is visible,
// and whatever becomes of it, readers ask the index itself.

internal import MetadataIndex
internal import Synchronization

final class RecentValues: Sendable {
    private struct State: Sendable {
        var values: [IndexKey: Bytes?] = [:]
        var bytes = 0
        /// Counts beginnings and ends of changes.
        var epoch: UInt64 = 0
        var isChanging = false

        mutating func begin() {
            isChanging = true
            epoch += 1
        }

        mutating func forget(_ key: Bytes) {
            guard let value = values.removeValue(forKey: IndexKey(key)) else { return }
            bytes -= RecentValues.bytes(key, value)
        }

        mutating func forgetAll() {
            values.removeAll(keepingCapacity: true)
            bytes = 0
        }
    }

    private let limitBytes: Int
    private let state = Mutex(State())

    /// Keeps about so much. What is full begins anew: cheaper than keeping order among what is asked for most.
    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// What is known of the key, or what `look` says of it, and that is kept.
    func value(of key: Bytes, orElse look: () -> CachedLookup) -> CachedLookup {
        let key = IndexKey(key)
        let (known, epoch) = state.withLock { ($0.values[key], $0.epoch) }
        if let known { return known.map(CachedLookup.found) ?? .absent }
        let found = look()
        switch found {
        case .found(let value): keep(value, of: key, asOf: epoch)
        case .absent: keep(nil, of: key, asOf: epoch)
        case .notInMemory: break
        }
        return found
    }

    private func keep(_ value: Bytes?, of key: IndexKey, asOf epoch: UInt64) {
        let bytes = Self.bytes(key.bytes, value)
        guard bytes <= limitBytes / 16 else { return }
        state.withLock { state in
            guard state.epoch == epoch, !state.isChanging else { return }
            if state.bytes + bytes > limitBytes { state.forgetAll() }
            if state.values.updateValue(value, forKey: key) == nil { state.bytes += bytes }
        }
    }

    /// Called before a batch is applied.
    func beginChange(_ batch: [IndexChange]) {
        state.withLock { state in
            state.begin()
            guard !state.values.isEmpty else { return }
            for change in batch {
                switch change {
                case .put(let key, _), .delete(let key): state.forget(key)
                case .deleteRange: state.forgetAll()
                }
            }
        }
    }

    /// Called before the index is taken away, and what it says afterwards may be anything.
    func beginChangeOfAll() {
        state.withLock { state in
            state.begin()
            state.forgetAll()
        }
    }

    /// Called when what was begun last is visible, or was given up.
    func endChange() {
        state.withLock { state in
            state.isChanging = false
            state.epoch += 1
        }
    }

    /// Of a table's entry, without what its key and value hold.
    private static let entryBytes = 96

    private static func bytes(_ key: Bytes, _ value: Bytes?) -> Int {
        entryBytes + key.count + (value?.count ?? 0)
    }
}
