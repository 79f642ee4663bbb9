// Checks the records of a chunk file as its bytes pass by, for whoever reads the file for another reason. What it
// takes for suspect is what `ChunkScan` does: where no intact chunk begins. What is live there is not to be seen
// here; the index knows.

internal import Checksums

package struct RecordCheck: Sendable {
    /// A payload of which some has passed.
    private struct Payload: Sendable {
        let place: ChunkPlace
        let crc32c: UInt32
        var leftBytes: Int
        var check = CRC32C()
    }

    private let file: UInt64
    private let limit: Int
    private var payload: Payload?
    /// Where what was checked ends: behind it nothing is known, since too much is suspect before it.
    package private(set) var checkedBytes: UInt64 = 0
    /// Ranges in which no intact chunk begins, ascending.
    package private(set) var suspects: [Range<UInt64>] = []

    /// `limit` is how many suspect ranges are remembered.
    package init(file: UInt64, limit: Int) {
        self.file = file
        self.limit = limit
    }

    /// Takes what follows: a multiple of a record's alignment, but at the end of the file.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes
        while !rest.isEmpty, suspects.count < limit {
            let taken = payload.map { take(rest, of: $0) } ?? takeHead(rest)
            checkedBytes += UInt64(taken)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(taken))
        }
    }

    /// The file has ended.
    package mutating func end() {
        if let payload { suspect(from: payload.place.offsetBytes) }
        payload = nil
    }

    private mutating func takeHead(_ bytes: UnsafeRawBufferPointer) -> Int {
        let taken = min(ChunkFormat.headerBytes, bytes.count)
        // The file's own header proves nothing of its records.
        guard checkedBytes > 0 else { return taken }
        let place = ChunkPlace(file: file, offsetBytes: checkedBytes)
        if let header = ChunkHeader(bytes: bytes, at: place) {
            payload = Payload(
                place: place, crc32c: header.crc32c, leftBytes: Int(header.payloadBytes))
        } else {
            suspect(from: checkedBytes)
        }
        return taken
    }

    /// As much of the payload as there is, and the zeros behind it.
    private mutating func take(_ bytes: UnsafeRawBufferPointer, of payload: Payload) -> Int {
        var passing = payload
        let count = min(passing.leftBytes, bytes.count)
        passing.check.update(UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
        passing.leftBytes -= count
        self.payload = passing.leftBytes > 0 ? passing : nil
        guard passing.leftBytes == 0 else { return count }
        if passing.check.value != passing.crc32c { suspect(from: passing.place.offsetBytes) }
        let end = ChunkFormat.aligned(checkedBytes + UInt64(count))
        return min(Int(end - checkedBytes), bytes.count)
    }

    private mutating func suspect(from offset: UInt64) {
        let range = offset..<offset + ChunkFormat.alignmentBytes
        if let last = suspects.last, last.upperBound == range.lowerBound {
            suspects[suspects.count - 1] = last.lowerBound..<range.upperBound
        } else {
            suspects.append(range)
        }
    }
}
