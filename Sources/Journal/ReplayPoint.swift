// A place in the journal: everything before it has been applied.

package struct ReplayPoint: Hashable, Sendable, CustomStringConvertible {
    package var generation: UInt64
    package var file: UInt64
    /// Where the next batch begins.
    package var offsetBytes: UInt64
    /// The commit sequence of the next batch.
    package var nextSequence: UInt64

    package init(generation: UInt64, file: UInt64, offsetBytes: UInt64, nextSequence: UInt64) {
        self.generation = generation
        self.file = file
        self.offsetBytes = offsetBytes
        self.nextSequence = nextSequence
    }

    package var description: String {
        "\(generation)-\(file) at \(offsetBytes), sequence \(nextSequence)"
    }
}
