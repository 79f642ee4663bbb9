// Following the SHA-256 of multipart bodies while their parts arrive, so that completing one takes
// milliseconds whatever its size.
//
// Parts are hashed in order of their numbers, as far as there is no gap, by reading them back on threads
// that may block; a large part in several steps, so that no thread is held for long. When the upload is
// completed, the list it names is compared with what was hashed, and only what differs is hashed then.
// Everything here is a head start: losing any of it (a restart, a limit) costs time and nothing else.

package import Storage
internal import Synchronization

/// The named limits of following.
package struct FollowLimits: Sendable, Hashable {
    /// Uploads whose digest is followed; the one that was touched longest ago gives way.
    package var uploads: Int
    /// Hash states kept of one upload.
    package var states: Int
    /// Parts of one upload that wait for an earlier one; beyond that it is no longer followed.
    package var waitingParts: Int
    /// Threads that hash at a time.
    package var threads: Int
    /// What is hashed before the thread is given back.
    package var stepBytes: Int

    package init(
        uploads: Int = 256, states: Int = 32, waitingParts: Int = 1000, threads: Int = 2,
        stepBytes: Int = 8 << 20
    ) {
        self.uploads = uploads
        self.states = states
        self.waitingParts = waitingParts
        self.threads = threads
        self.stepBytes = stepBytes
    }
}

package final class DigestFollower: Sendable {
    fileprivate struct State {
        var uploads: [UploadID: FollowedUpload] = [:]
        /// Uploads with something to hash, the one that waits longest first.
        var runnable: [UploadID] = []
        var running = 0
        var touches: UInt64 = 0
        var followedBytes: UInt64 = 0
        var lateBytes: UInt64 = 0
        /// Who waits for the step of an upload to end.
        var waiters: [UploadID: [CheckedContinuation<Void, Never>]] = [:]
    }

    let reads: ChunkReads
    let recent: RecentDigests
    let limits: FollowLimits
    private let state = Mutex(State())

    package init(
        reads: ChunkReads, recent: RecentDigests, limits: FollowLimits = FollowLimits()
    ) {
        self.reads = reads
        self.recent = recent
        self.limits = limits
    }

    /// A part is durable, new or in place of an earlier one of that number.
    package func follow(_ part: FollowedPart, of upload: UploadID) {
        let isNewThread = state.withLock { state in
            let fresh = FollowedUpload(chain: DigestChain(limit: limits.states))
            state.uploads[upload, default: fresh].take(part)
            state.touch(upload)
            if state.uploads[upload]?.waiting.count ?? 0 > limits.waitingParts {
                state.uploads[upload] = nil
            }
            state.makeRoom(limits)
            return state.enqueue(upload) && state.takeThread(limits)
        }
        if isNewThread { startStep() }
    }

    /// The upload has ended.
    package func forget(_ upload: UploadID) {
        state.withLock { state in _ = state.uploads.removeValue(forKey: upload) }
    }

    /// Keeps steps from the upload until `unclaim`, and returns how far its digest has come with exactly
    /// the first of these parts. A step that has begun is waited for.
    func claim(_ upload: UploadID, for keys: [PartKey]) async -> FollowedProgress {
        state.withLock { $0.uploads[upload]?.claims += 1 }
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if state.uploads[upload]?.step == nil { return true }
                state.waiters[upload, default: []].append(continuation)
                return false
            }
            if isIdle { continuation.resume() }
        }
        return state.withLock { state in
            let none = FollowedUpload(chain: DigestChain(limit: limits.states))
            return (state.uploads[upload] ?? none).progress(for: keys)
        }
    }

    func unclaim(_ upload: UploadID) {
        let isNewThread = state.withLock { state in
            // Not there where it was forgotten, or came anew, meanwhile.
            guard let claims = state.uploads[upload]?.claims, claims > 0 else { return false }
            state.uploads[upload]?.claims = claims - 1
            return state.enqueue(upload) && state.takeThread(limits)
        }
        if isNewThread { startStep() }
    }

    package func statistics() -> [String: UInt64] {
        state.withLock { state in
            [
                "follow_uploads": UInt64(state.uploads.count),
                "follow_hashed_bytes": state.followedBytes,
                "follow_late_bytes": state.lateBytes,
            ]
        }
    }

    /// Counts what was hashed only when the upload was completed.
    func countLate(_ bytes: Int) { state.withLock { $0.lateBytes += UInt64(bytes) } }

    private func startStep() {
        reads.pool.submit { [self] isRunning in
            guard isRunning else { return state.withLock { $0.running -= 1 } }
            step()
        }
    }

    /// Hashes some of one upload, and hands the thread on.
    private func step() {
        guard let (upload, work) = state.withLock({ $0.beginStep(recent) }) else { return }
        var advanced = work
        do throws(StorageError) {
            let bytes = try advanced.advance(limits.stepBytes, reads)
            state.withLock { $0.followedBytes += UInt64(bytes) }
            end(work.step, of: upload) { $0?.end(advanced) }
        } catch {
            // Whoever completes the upload meets the reason again, and can say so.
            end(work.step, of: upload) { $0 = nil }
        }
        startStep()
    }

    /// Settles a step, unless the upload was forgotten or the part replaced meanwhile.
    private func end(
        _ step: UInt64, of upload: UploadID, _ settle: (inout FollowedUpload?) -> Void
    ) {
        let waiters = state.withLock { state in
            if state.uploads[upload]?.step == step { settle(&state.uploads[upload]) }
            _ = state.enqueue(upload)
            return state.waiters.removeValue(forKey: upload) ?? []
        }
        for waiter in waiters { waiter.resume() }
    }
}

extension DigestFollower.State {
    mutating func touch(_ upload: UploadID) {
        touches += 1
        uploads[upload]?.lastTouch = touches
    }

    /// Has the upload wait for a step, where there is something to hash; whether it was not waiting yet.
    mutating func enqueue(_ upload: UploadID) -> Bool {
        guard let followed = uploads[upload], !followed.isQueued, followed.hasWork else {
            return false
        }
        uploads[upload]?.isQueued = true
        runnable.append(upload)
        return true
    }

    /// Whether another thread may hash.
    mutating func takeThread(_ limits: FollowLimits) -> Bool {
        guard running < limits.threads else { return false }
        running += 1
        return true
    }

    /// The next step; `nil` gives the thread back.
    mutating func beginStep(_ recent: RecentDigests) -> (UploadID, PartInProgress)? {
        while !runnable.isEmpty {
            let upload = runnable.removeFirst()
            uploads[upload]?.isQueued = false
            touches += 1
            if let work = uploads[upload]?.begin(recent, touch: touches) { return (upload, work) }
        }
        running -= 1
        return nil
    }

    /// Forgets the upload that was touched longest ago where there are too many.
    mutating func makeRoom(_ limits: FollowLimits) {
        guard uploads.count > limits.uploads else { return }
        let oldest = uploads.min { $0.value.lastTouch < $1.value.lastTouch }
        if let oldest { uploads[oldest.key] = nil }
    }
}
