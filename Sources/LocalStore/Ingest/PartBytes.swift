// Reading the bytes of a part back, some at a time, to hash them. They were written a moment ago and are
// still in the page cache.

internal import ChunkFiles
internal import Storage

/// What is left to read of a part.
struct PartBytes: Sendable {
    private enum Rest: Sendable {
        case inline(ArraySlice<UInt8>)
        case chunks(ArraySlice<ChunkSlice>)
    }

    private var rest: Rest

    /// `places` says where chunks stand now.
    init(
        _ part: FollowedPart, places: ([ChunkReference]) throws(StorageError) -> [StoredChunk]
    ) throws(StorageError) {
        switch part.form {
        case .inline(let bytes):
            rest = .inline(bytes[Int(part.range.lowerBound)..<Int(part.range.upperBound)])
        case .chunks(let references):
            rest = .chunks(ChunkSlice.cover(try places(references), range: part.range)[...])
        }
    }

    /// Nothing is left to read.
    static let none = PartBytes()

    private init() { rest = .inline([]) }

    var isEmpty: Bool {
        switch rest {
        case .inline(let bytes): bytes.isEmpty
        case .chunks(let slices): slices.isEmpty
        }
    }

    /// Shows the next bytes to `body`, at least one chunk and then no more than `limitBytes`, and says how
    /// many. Blocks.
    mutating func read(
        _ limitBytes: Int, from reads: ChunkReads, _ body: (UnsafeRawBufferPointer) -> Void
    ) throws(StorageError) -> Int {
        switch rest {
        case .inline(let bytes):
            bytes.withUnsafeBytes(body)
            rest = .inline([])
            return bytes.count
        case .chunks(var slices):
            let pin = reads.pins.pin(
                slices.lazy.map { ($0.chunk.place, $0.chunk.reference.lengthBytes) })
            defer { withExtendedLifetime(pin) {} }
            var done = 0
            while done < limitBytes, let slice = slices.popFirst() {
                try reads.withChecked(slice.chunk, blob: nil) { payload in
                    body(UnsafeRawBufferPointer(rebasing: payload[slice.range]))
                }
                done += slice.range.count
            }
            rest = .chunks(slices)
            return done
        }
    }
}
