// What was looked up of the index lately, for what every request looks up again: its bucket, the documents of
// that, the name that all pull. RocksDB finds a key in 1 to 2 us, this in a tenth of it.
//
// It never says what the index would not say at the same moment. A value is forgotten before a batch changes it,
// and none is taken in that was read before or during a batch: from when a batch begins to when it is visible,
// and whatever becomes of it, readers ask the index itself.

internal import Checksums
internal import Journal
internal import MetadataIndex
internal import Storage
internal import Synchronization

final class RecentValues: Sendable {
    private typealias Table = [IndexKey: Kept]

    private struct Kept: Sendable {
        let value: ReadValue?
        let bytes: Int
    }

    private struct State: Sendable {
        var values: Table = [:]
        var bytes = 0
        /// Counts beginnings and ends of changes.
        var epoch: UInt64 = 0
        var isChanging = false

        mutating func begin() {
            isChanging = true
            epoch += 1
        }

        mutating func forget(_ key: Bytes) {
            guard let kept = values.removeValue(forKey: IndexKey(key)) else { return }
            bytes -= kept.bytes
        }

        /// Hands over what was kept, which takes a while to be let go of: not under the lock that everyone waits for.
        mutating func forgetAll() -> Table {
            defer { (values, bytes) = ([:], 0) }
            return values
        }
    }

    /// No value takes more than this part of it all.
    private static let largestPart = 256
    /// Changes that are gone through before look-ups have their turn.
    private static let changesAtATime = 256

    private let limitBytes: Int
    private let state = Mutex(State())

    /// Keeps about so much. What is full begins anew: cheaper than keeping order among what is asked for most.
    init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// About what is kept.
    var keptBytes: Int { state.withLock { $0.bytes } }

    /// What is known of the key, or what `look` says of it, and that is kept.
    func value(
        of key: Bytes, orElse look: () throws(IndexError) -> CachedLookup<ReadValue>
    ) throws(IndexError) -> CachedLookup<ReadValue> {
        let key = IndexKey(key)
        let (known, epoch) = state.withLock { ($0.values[key], $0.epoch) }
        if let known { return known.value.map(CachedLookup.found) ?? .absent }
        let found = try look()
        switch found {
        case .found(let value): keep(value, of: key, asOf: epoch)
        case .absent: keep(nil, of: key, asOf: epoch)
        case .notInMemory: break
        }
        return found
    }

    private func keep(_ value: ReadValue?, of key: IndexKey, asOf epoch: UInt64) {
        let bytes = Self.entryBytes + key.bytes.count + (value?.keptBytes ?? 0)
        guard bytes <= limitBytes / Self.largestPart else { return }
        _ = state.withLock { state -> Table in
            guard state.epoch == epoch, !state.isChanging else { return [:] }
            let forgotten = state.bytes + bytes > limitBytes ? state.forgetAll() : [:]
            let kept = Kept(value: value, bytes: bytes)
            if state.values.updateValue(kept, forKey: key) == nil { state.bytes += bytes }
            return forgotten
        }
    }

    /// Called before a batch is applied.
    func beginChange(_ batch: [IndexChange]) {
        let isEmpty = state.withLock { state in
            state.begin()
            return state.values.isEmpty
        }
        guard !isEmpty else { return }
        // Nothing is taken in from here on, so it may be gone through bit by bit.
        var rest = batch[...]
        while !rest.isEmpty {
            let changes = rest.prefix(Self.changesAtATime)
            rest = rest.dropFirst(changes.count)
            forget(changes)
        }
    }

    private func forget(_ changes: ArraySlice<IndexChange>) {
        _ = state.withLock { state in
            var forgotten: Table = [:]
            for change in changes {
                switch change {
                case .put(let key, _), .delete(let key): state.forget(key)
                case .deleteRange: forgotten = state.forgetAll()
                }
            }
            return forgotten
        }
    }

    /// Called before the index is taken away, and what it says afterwards may be anything.
    func beginChangeOfAll() {
        _ = state.withLock { state in
            state.begin()
            return state.forgetAll()
        }
    }

    /// Called when what was begun last is visible, or was given up.
    func endChange() {
        state.withLock { state in
            state.isChanging = false
            state.epoch += 1
        }
    }

    /// Of a table's entry, without what its key and value hold elsewhere.
    private static let entryBytes = 256
}

extension ReadValue {
    /// About what it takes of the memory beside its own place.
    fileprivate var keptBytes: Int {
        switch self {
        case .bytes(let bytes): bytes.count
        case .blob(let entry): entry.record.keptBytes
        case .shown(let entry):
            entry.version.name.key.bytes.count + (entry.version.content?.keptBytes ?? 0)
        }
    }
}

extension BlobRecord {
    fileprivate var keptBytes: Int {
        switch bytes {
        case .inline(let bytes): bytes.count
        case .sealed(let sealed): sealed.payload.count
        case .chunks(let chunks): chunks.count * MemoryLayout<ChunkRecord>.stride
        }
    }
}

extension ObjectContent {
    /// In one box, with few strings that are too long to be in it.
    fileprivate var keptBytes: Int {
        let fields = userMetadata + tags
        let textBytes = fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count }
        return 1024 + textBytes + fields.count * MemoryLayout<MetadataField>.stride
            + partSizes.count * MemoryLayout<UInt64>.stride
    }
}
