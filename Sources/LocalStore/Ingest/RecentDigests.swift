// How far the hash of recently finished blobs has come: the states at their ends. A registry that goes on
// with an upload makes the whole object so far the first part of the next one; its digest then continues
// from here instead of from the first byte.

package import Checksums
package import Storage
internal import Synchronization

package final class RecentDigests: Sendable {
    private struct State {
        var ends: [BlobID: MessageDigest] = [:]
        /// Oldest first.
        var order: [BlobID] = []
    }

    private let limit: Int
    private let state = Mutex(State())

    /// Keeps the newest `limit` states, a few hundred bytes each.
    package init(limit: Int) { self.limit = limit }

    /// `end` is not used by anyone afterwards.
    package func remember(_ end: MessageDigest, of blob: BlobID) {
        state.withLock { state in
            guard state.ends.updateValue(end, forKey: blob) == nil else { return }
            state.order.append(blob)
            // Dropped by halves, so that the array is rarely moved.
            guard state.order.count > limit else { return }
            for oldest in state.order.prefix(limit / 2 + 1) { state.ends[oldest] = nil }
            state.order.removeFirst(limit / 2 + 1)
        }
    }

    /// A state of its own for the caller to go on with.
    package func end(of blob: BlobID) -> MessageDigest? {
        state.withLock { $0.ends[blob] }?.copy()
    }
}
