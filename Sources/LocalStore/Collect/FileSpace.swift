// What one chunk file occupies and what of it is live: whether something should be done about it.

internal import ChunkFiles
internal import DiskIO
internal import Storage

struct FileSpace: Sendable {
    let file: UInt64
    let live: [LiveChunk]
    let liveBytes: UInt64
    /// As it was appended; what was punched out counts.
    let sizeBytes: UInt64
    let allocatedBytes: UInt64
    /// Why the file must not be touched.
    let refusal: String?

    /// Blocks.
    init(
        file: UInt64, live: [LiveChunk], space: ChunkSpace, reader: ChunkReader
    ) throws {
        self.file = file
        self.live = live
        liveBytes = live.reduce(0) { $0 + UInt64($1.record.count) }
        allocatedBytes = try space.allocatedBytes(of: file)
        do throws(ChunkFileError) {
            sizeBytes = try DeadPayloads(file, reader: reader).sizeBytes()
            refusal = nil
        } catch {
            sizeBytes = allocatedBytes
            switch error {
            // A start that was cut off leaves a file without a header, and without anything live.
            case .damaged where live.isEmpty: refusal = nil
            default: refusal = "\(error)"
            }
        }
    }

    /// Of what it occupies.
    var deadBytes: UInt64 { allocatedBytes - min(allocatedBytes, liveBytes) }

    /// Whether anything that was appended is dead.
    var hasDeadBytes: Bool { sizeBytes > liveBytes + UInt64(ChunkFormat.headerBytes) }

    /// Little of what was appended is live.
    func isMostlyDead(_ limits: CollectLimits) -> Bool {
        sizeBytes >= liveBytes + limits.leastWasteBytes
            && liveBytes * 100 < sizeBytes * limits.compactBelowPercent
    }

    /// Much of what it occupies is dead.
    func isWasteful(_ limits: CollectLimits) -> Bool {
        deadBytes >= limits.leastWasteBytes
            && deadBytes * 100 > allocatedBytes * limits.wastePercent
    }
}

/// What is live, and what of that which is occupied is dead, in all files.
struct LiveSums: Sendable {
    var liveBytes: UInt64 = 0
    var deadBytes: UInt64 = 0
    /// Something dead may be left of what was to go to the last byte.
    var isIncomplete = false

    mutating func add(_ space: FileSpace) {
        liveBytes += space.liveBytes
        deadBytes += space.deadBytes
    }
}
