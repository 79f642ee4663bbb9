// Places of chunk files where no intact chunk was seen. What stands there may be dead, so it is held
// against the index before anybody speaks of damage.

internal import ChunkFiles

struct SuspectPlaces: Sendable {
    private struct File: Sendable {
        var sizeBytes: UInt64
        /// Ascending, none touching another.
        var ranges: [Range<UInt64>] = []

        /// Whether it is one of its own: it may go on with the last.
        mutating func add(_ range: Range<UInt64>) -> Bool {
            guard let last = ranges.last, last.upperBound >= range.lowerBound else {
                ranges.append(range)
                return true
            }
            ranges[ranges.count - 1] = last.lowerBound..<range.upperBound
            return false
        }
    }

    /// The files this is about. One of them that was not read is missing, or could not be opened.
    private let files: ClosedRange<UInt64>
    private var read: [UInt64: File] = [:]
    private(set) var count = 0

    init(files: ClosedRange<UInt64>) { self.files = files }

    /// A file was read, up to this size.
    mutating func read(_ file: UInt64, sizeBytes: UInt64) {
        read[file, default: File(sizeBytes: 0)].sizeBytes = sizeBytes
    }

    /// No intact chunk begins in this range. Ranges of a file are added in ascending order.
    mutating func add(_ range: Range<UInt64>, of file: UInt64) {
        // In its place: a copy of the ranges for each that is added would be quadratic.
        if read[file, default: File(sizeBytes: range.upperBound)].add(range) { count += 1 }
    }

    /// Whether a chunk that stands there has to be looked at again.
    func contains(_ place: ChunkPlace, recordBytes: UInt64) -> Bool {
        guard files.contains(place.file) else { return false }
        guard let file = read[place.file] else { return true }
        // Behind what was read: cut off, or appended since.
        guard place.offsetBytes + recordBytes <= file.sizeBytes else { return true }
        var low = 0
        var high = file.ranges.count
        while low < high {
            let middle = (low + high) / 2
            if file.ranges[middle].upperBound <= place.offsetBytes {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < file.ranges.count && file.ranges[low].contains(place.offsetBytes)
    }
}
