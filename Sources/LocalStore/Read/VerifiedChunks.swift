// When each chunk was last checked. The table has a fixed size, whatever the number of chunks: a place
// has four slots, and a fifth one there takes the slot of the oldest. A forgotten chunk costs a check.

package import ChunkFiles
internal import Synchronization

package final class VerifiedChunks: Sendable {
    private struct Slot: Sendable {
        var place = ChunkPlace(file: 0, offsetBytes: 0)
        /// Milliseconds of the clock, plus one; 0: free.
        var checked: UInt64 = 0
    }

    private static let ways = 4

    private let now: @Sendable () -> UInt64
    private let intervalMilliseconds: UInt64
    private let sets: UInt64
    private let slots: Mutex<[Slot]>

    /// `now` is a monotonic clock in milliseconds.
    package init(limits: ReadLimits, now: @escaping @Sendable () -> UInt64) {
        self.now = now
        let (seconds, attoseconds) = limits.verifyInterval.components
        intervalMilliseconds =
            UInt64(max(0, seconds)) * 1000 + UInt64(max(0, attoseconds)) / 1_000_000_000_000_000
        let sets = max(1, limits.verifiedChunks / Self.ways)
        self.sets = UInt64(sets)
        slots = Mutex(Array(repeating: Slot(), count: sets * Self.ways))
    }

    /// The chunk at this place was checked just now, or written from memory with its checksum.
    package func note(_ place: ChunkPlace) {
        let checked = now() + 1
        let set = set(of: place)
        slots.withLock { slots in
            var chosen = set.lowerBound
            for index in set {
                if slots[index].checked != 0, slots[index].place == place {
                    chosen = index
                    break
                }
                if slots[index].checked < slots[chosen].checked { chosen = index }
            }
            slots[chosen] = Slot(place: place, checked: checked)
        }
    }

    /// The chunk at this place failed a check: whatever was known of it does not count any more.
    package func forget(_ place: ChunkPlace) {
        let set = set(of: place)
        slots.withLock { slots in
            for index in set where slots[index].place == place { slots[index] = Slot() }
        }
    }

    /// Whether it was checked within the interval.
    package func isVerified(_ place: ChunkPlace) -> Bool {
        guard intervalMilliseconds > 0 else { return false }
        let set = set(of: place)
        let checked = slots.withLock { slots in
            set.first { slots[$0].checked != 0 && slots[$0].place == place }
                .map { slots[$0].checked }
        }
        guard let checked else { return false }
        return now() + 1 < checked + intervalMilliseconds
    }

    private func set(of place: ChunkPlace) -> Range<Int> {
        // Multiplicative hashing (Knuth, TAOCP 6.4): offsets are multiples of 64 and often of a MiB.
        let mixed = (place.offsetBytes / ChunkFormat.alignmentBytes &+ place.file &* 0x1_0001)
        let hash = mixed &* 0x9e37_79b9_7f4a_7c15
        let first = Int((hash >> 32) % sets) * Self.ways
        return first..<first + Self.ways
    }
}
