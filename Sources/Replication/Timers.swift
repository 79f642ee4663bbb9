// What is to be looked at again, and when. A timer that fires too late for its reason does no harm:
// whoever handles it looks at the state as it is.

internal import HeapModule
internal import Storage

struct Timers: Sendable {
    enum Key: Hashable, Sendable {
        case reconnect(peer: String)
        case greet(peer: String)
        case poll(peer: String)
        case states(peer: String, BlobID)
        case name(ObjectName)
        case fetch(BlobID)
        case examine(entry: Int)
        case store
        case watch
        case rules
    }

    private struct Timer: Comparable, Sendable {
        let atMilliseconds: Int64
        /// Timers of the same instant fire in the order they were set.
        let order: UInt64
        let key: Key

        static func < (left: Timer, right: Timer) -> Bool {
            (left.atMilliseconds, left.order) < (right.atMilliseconds, right.order)
        }
    }

    private var heap = Heap<Timer>()
    private var lastOrder: UInt64 = 0

    /// When the first one fires.
    var nextMilliseconds: Int64? { heap.min?.atMilliseconds }

    mutating func set(_ key: Key, atMilliseconds: Int64) {
        lastOrder += 1
        heap.insert(Timer(atMilliseconds: atMilliseconds, order: lastOrder, key: key))
    }

    /// Removes and returns what is due.
    mutating func expire(nowMilliseconds: Int64) -> [Key] {
        var keys: [Key] = []
        while let first = heap.min, first.atMilliseconds <= nowMilliseconds {
            keys.append(heap.removeMin().key)
        }
        return keys
    }
}
