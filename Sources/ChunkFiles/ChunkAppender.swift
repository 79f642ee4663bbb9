// The files being written, several at a time so that uploads do not queue behind each other. Each body
// keeps to one lane while it can, so that its chunks lie together and few files have to be synced at its
// end. A lane has one file; when that is full the next is made.
//
// File ids ascend and are never used twice, since a chunk's id is its place of birth for ever: whoever
// opens the store says how far ids were used.

package import DiskIO
internal import Synchronization

/// A chunk that was written and must be synced before anything refers to it. Its writer is held on to until
/// a record that names the chunk is visible, or the chunk is given up: so nobody takes it for dead.
package struct AppendedChunk: Sendable {
    package let reference: ChunkReference
    package let writer: ChunkWriter
}

package final class ChunkAppender: Sendable {
    private struct State: Sendable {
        var nextFile: UInt64
        /// A lane's file, where it has one.
        var writers: [ChunkWriter?]
        /// Made by two threads at once for one lane: the one that came too late waits for its turn.
        var spares: [ChunkWriter] = []
        var bodies: [Int]
    }

    private let disk: any Disk
    private let directories: [String]
    private let storeID: UInt64
    private let limits: ChunkLimits
    private let holds = ChunkHolds()
    private let state: Mutex<State>

    /// Writes to `directories`, which exist. `firstFile` is greater than every file id ever used.
    package init(
        disk: any Disk, directories: [String], storeID: UInt64, firstFile: UInt64,
        limits: ChunkLimits = ChunkLimits()
    ) {
        precondition(!directories.isEmpty, "chunk files need a directory")
        self.disk = disk
        self.directories = directories
        self.storeID = storeID
        self.limits = limits
        state = Mutex(
            State(
                nextFile: firstFile, writers: Array(repeating: nil, count: limits.lanes),
                bodies: Array(repeating: 0, count: limits.lanes)))
    }

    /// The lane with the fewest bodies; to be given back by `leave`.
    package func enter() -> Int {
        state.withLock { state in
            let lane = state.bodies.indices.min { state.bodies[$0] < state.bodies[$1] } ?? 0
            state.bodies[lane] += 1
            return lane
        }
    }

    package func leave(_ lane: Int) { state.withLock { $0.bodies[lane] -= 1 } }

    /// Appends a chunk to the lane's file, or to a new one. Blocks while the disk takes it.
    package func append(
        _ payload: [UnsafeRawBufferPointer], crc32c: UInt32, seal: ChunkSeal? = nil, lane: Int
    ) throws(DiskError) -> AppendedChunk {
        while true {
            let writer = try writer(of: lane)
            if let reference = try writer.append(payload, crc32c: crc32c, seal: seal) {
                return AppendedChunk(reference: reference, writer: writer)
            }
        }
    }

    /// Whether the file may still be appended to, or has chunks of a body that is not committed: nobody
    /// punches, compacts or retires it then.
    package func isHeld(_ file: UInt64) -> Bool { holds.isHeld(file) }

    /// Has the files take no more chunks, and lets go of them and of those that are full; what is under way
    /// in them goes on.
    package func seal(_ files: Set<UInt64>) {
        let sealed = state.withLock { state in
            var sealed: [ChunkWriter] = []
            for lane in state.writers.indices {
                guard let writer = state.writers[lane],
                    writer.isSealed || files.contains(writer.file)
                else { continue }
                sealed.append(writer)
                state.writers[lane] = nil
            }
            sealed += state.spares.filter { files.contains($0.file) }
            state.spares.removeAll { files.contains($0.file) }
            return sealed
        }
        for writer in sealed { writer.seal() }
    }

    private func writer(of lane: Int) throws(DiskError) -> ChunkWriter {
        let (usable, file): (ChunkWriter?, UInt64) = state.withLock { state in
            if let writer = state.writers[lane], !writer.isSealed { return (writer, 0) }
            if let spare = state.spares.popLast() {
                state.writers[lane] = spare
                return (spare, 0)
            }
            defer { state.nextFile += 1 }
            return (nil, state.nextFile)
        }
        if let usable { return usable }
        let hold = holds.hold(file)
        let made = try ChunkWriter(
            disk: disk, directory: try roomiest(), storeID: storeID, hold: hold, limits: limits)
        return state.withLock { state in
            if let writer = state.writers[lane], !writer.isSealed {
                state.spares.append(made)
                return writer
            }
            state.writers[lane] = made
            return made
        }
    }

    /// The directory with the most space left.
    private func roomiest() throws(DiskError) -> String {
        var best = (directory: directories[0], bytes: UInt64(0))
        guard directories.count > 1 else { return best.directory }
        for directory in directories {
            let bytes = try disk.space(at: directory).availableBytes
            if bytes > best.bytes { best = (directory, bytes) }
        }
        return best.directory
    }
}
