// Reading the bytes of a part back, some at a time, to hash them. They were written a moment ago and are
// still in the page cache.

internal import ChunkFiles
internal import Storage

/// What is left to read of a part.
struct PartBytes: Sendable {
    private enum Rest: Sendable {
        case inline(ArraySlice<UInt8>)
        /// The part keeps them pinned.
        case chunks(ArraySlice<ChunkSlice>, FollowedPart)
    }

    private var rest: Rest

    init(_ part: FollowedPart) {
        switch part.form {
        case .inline(let bytes):
            rest = .inline(bytes[Int(part.range.lowerBound)..<Int(part.range.upperBound)])
        case .chunks(let pinned):
            rest = .chunks(ChunkSlice.cover(pinned.chunks, range: part.range)[...], part)
        }
    }

    /// Nothing is left to read.
    static let none = PartBytes()

    private init() { rest = .inline([]) }

    var isEmpty: Bool {
        switch rest {
        case .inline(let bytes): bytes.isEmpty
        case .chunks(let slices, _): slices.isEmpty
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
        case .chunks(var slices, let part):
            var done = 0
            while done < limitBytes, let slice = slices.popFirst() {
                try reads.withChecked(slice.chunk, blob: nil) { payload in
                    body(UnsafeRawBufferPointer(rebasing: payload[slice.range]))
                }
                done += slice.range.count
            }
            rest = .chunks(slices, part)
            return done
        }
    }
}
