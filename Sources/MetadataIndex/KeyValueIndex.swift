// The contract of the index: a sorted map from bytes to bytes, changed by atomic batches. It is derived
// from journal and chunk files and can always be rebuilt, so it keeps no log of its own: what a crash
// may take is everything since the last `flush`, and never a part of a batch.

package typealias Bytes = [UInt8]

package enum IndexError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The index is not usable as it is on disk: discard and rebuild it.
    case corrupt(String)
    case inputOutput(String)

    package var description: String {
        switch self {
        case .corrupt(let message): "the index is corrupt: \(message)"
        case .inputOutput(let message): "the index could not be read or written: \(message)"
        }
    }
}

/// One change of a batch. Later changes of a batch win.
package enum IndexChange: Sendable, Hashable {
    case put(key: Bytes, value: Bytes)
    case delete(key: Bytes)
    /// From `from` up to, not including, `to`.
    case deleteRange(from: Bytes, to: Bytes)
}

/// The answer of a look-up that must not wait for a disk.
package enum CachedLookup<Value: Sendable & Hashable>: Sendable, Hashable {
    case found(Value)
    case absent
    /// Ask again with `get`, on a thread that may block.
    case notInMemory
}

/// A position in the sorted keys. Not `Sendable`: used by one thread, and short-lived.
package protocol IndexCursor: AnyObject {
    /// Moves to the first key that is not less than `key`.
    func seek(to key: Bytes) throws(IndexError)

    /// Moves to the last key that is not greater than `key`.
    func seekBackward(to key: Bytes) throws(IndexError)

    func next() throws(IndexError)

    /// `nil` past the end, or past the cursor's bounds.
    var key: Bytes? { get }

    /// Only where `key` is not `nil`.
    var value: Bytes { get }
}

/// The index as it was at one moment, for long walks. What it reads is not kept in memory for others. All of
/// them, and their cursors, are let go of before the index is closed.
package protocol IndexSnapshot: AnyObject, Sendable {
    func get(_ key: Bytes) throws(IndexError) -> Bytes?

    func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor
}

package protocol KeyValueIndex: AnyObject, Sendable {
    func get(_ key: Bytes) throws(IndexError) -> Bytes?

    /// Never waits for a disk.
    func getCached(_ key: Bytes) -> CachedLookup<Bytes>

    /// A consistent view as of now, of keys in [`from`, `to`).
    func cursor(from: Bytes, to: Bytes) throws(IndexError) -> any IndexCursor

    /// The index as of now: all of each batch, or nothing of it.
    func snapshot() throws(IndexError) -> any IndexSnapshot

    /// Atomic; visible to every later read on return; durable only after `flush`.
    func apply(_ batch: [IndexChange]) throws(IndexError)

    /// Makes everything applied so far durable, atomically.
    func flush() throws(IndexError)

    /// Writes what is in the range anew, so that nothing of what it held before is left in the index's files.
    func rewrite(_ range: KeyRange) throws(IndexError)

    /// Named figures for `status` and metrics.
    func statistics() -> [String: UInt64]

    /// Flushes and closes; nothing is called afterwards.
    func close() throws(IndexError)
}
