// What collecting knows from one run to the next: the files that wait for their last read, and the figures
// that `status` shows.

internal import Storage
internal import Synchronization

final class Collected: Sendable {
    /// What was collected since the start.
    struct Figures: Sendable {
        /// As of the last run; `nil` before the first.
        var live: LiveSums?
        /// Punched out or unlinked; without what was copied for it.
        var freedBytes: Int64 = 0
        var droppedBlobs: UInt64 = 0
    }

    private struct State: Sendable {
        var isRunning = false
        /// Retired and not unlinked.
        var retired: Set<UInt64> = []
        var figures = Figures()
    }

    private let state = Mutex(State())

    /// Begins a run; `false` where one is under way.
    func begin() -> Bool {
        state.withLock { state in
            defer { state.isRunning = true }
            return !state.isRunning
        }
    }

    func end() { state.withLock { $0.isRunning = false } }

    var figures: Figures { state.withLock { $0.figures } }

    var retired: [UInt64] { state.withLock { $0.retired.sorted() } }

    func isRetired(_ file: UInt64) -> Bool { state.withLock { $0.retired.contains(file) } }

    func retire(_ file: UInt64) { state.withLock { state in _ = state.retired.insert(file) } }

    func unlinked(_ file: UInt64) { state.withLock { state in _ = state.retired.remove(file) } }

    func note(_ sums: LiveSums) { state.withLock { $0.figures.live = sums } }

    func addFreed(_ bytes: UInt64) {
        state.withLock { $0.figures.freedBytes += Int64(clamping: bytes) }
    }

    func addCopied(_ bytes: UInt64) {
        state.withLock { $0.figures.freedBytes -= Int64(clamping: bytes) }
    }

    func addDropped(_ blobs: Int) {
        state.withLock { $0.figures.droppedBlobs += UInt64(blobs) }
    }
}
