// Which chunk files are not done with: a file is held from before it is made, for as long as anything can be
// appended to it, and for as long as a body that has chunks in it is neither committed nor given up. What
// stands in a file that is not held is therefore told by the index alone, and nothing is ever added to it:
// ids are not used twice, so a file that was let go of is never held again.
//
// Whoever appended holds the file by its `ChunkWriter`, which every `AppendedChunk` refers to; holds are in
// memory, since a process that is gone appends nothing.

internal import Synchronization

/// The files that are held.
package final class ChunkHolds: Sendable {
    private let files = Mutex<Set<UInt64>>([])

    package init() {}

    /// Holds a file until the result is let go of. A file is held once.
    package func hold(_ file: UInt64) -> ChunkHold {
        let isNew = files.withLock { $0.insert(file).inserted }
        precondition(isNew, "chunk file \(file) is held already")
        return ChunkHold(file: file, holds: self)
    }

    package func isHeld(_ file: UInt64) -> Bool { files.withLock { $0.contains(file) } }

    fileprivate func release(_ file: UInt64) {
        files.withLock { files in _ = files.remove(file) }
    }
}

/// Keeps a file from being collected for as long as it is referenced.
package final class ChunkHold: Sendable {
    package let file: UInt64
    private let holds: ChunkHolds

    fileprivate init(file: UInt64, holds: ChunkHolds) {
        self.file = file
        self.holds = holds
    }

    deinit { holds.release(file) }
}
