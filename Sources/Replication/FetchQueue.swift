// The blobs to be fetched: one job for each digest, shared by all entries that wait for it. Small and
// large ones have places of their own, and each class is served in the order of age; so a large layer
// never holds up a small image.

internal import DequeModule
internal import Storage

struct FetchJob: Sendable {
    enum Phase: Sendable, Hashable {
        case queued
        case running(peer: String)
        /// No source now: until its timer, or until a peer comes.
        case stalled
    }

    let blob: BlobID
    let sizeBytes: UInt64
    let order: Int
    var waiters: Set<Int>
    var phase = Phase.queued
    var attempts = 0
    /// Rounds in a row that ended without the bytes.
    var rests = 0
    var receivedBytes: UInt64 = 0
    /// Peers that failed in this round.
    var tried: Set<String> = []
    /// Those of them that answered that they do not have it.
    var absent: Set<String> = []
    /// Rounds in a row in which everyone who could have it answered so.
    var roundsAbsent = 0
    var lastError: String?

    var source: String? {
        if case .running(let peer) = phase { peer } else { nil }
    }
}

struct FetchQueue: Sendable {
    private(set) var jobs: [BlobID: FetchJob] = [:]
    private var small: Deque<BlobID> = []
    private var large: Deque<BlobID> = []
    private var runningSmall = 0
    private var runningLarge = 0
    private var lastOrder = 0

    /// Oldest first.
    var stalled: [BlobID] {
        jobs.values.filter { $0.phase == .stalled }.sorted { $0.order < $1.order }.map(\.blob)
    }

    /// Running ones first, then by age.
    var listed: [FetchJob] {
        jobs.values.sorted { left, right in
            let isLeftRunning = left.source != nil
            guard isLeftRunning == (right.source != nil) else { return isLeftRunning }
            return left.order < right.order
        }
    }

    mutating func join(
        _ blob: BlobID, sizeBytes: UInt64, waiter: Int, limits: ReplicationLimits
    ) {
        guard jobs[blob] == nil else {
            jobs[blob]?.waiters.insert(waiter)
            return
        }
        lastOrder += 1
        jobs[blob] = FetchJob(
            blob: blob, sizeBytes: sizeBytes, order: lastOrder, waiters: [waiter])
        enqueue(blob, limits)
    }

    /// A job that nobody waits for ends, unless it is running: then its bytes are kept.
    mutating func leave(_ blob: BlobID, waiter: Int) {
        guard jobs[blob]?.waiters.remove(waiter) != nil, let job = jobs[blob],
            job.waiters.isEmpty, job.source == nil
        else { return }
        jobs[blob] = nil
    }

    /// The next job that may run, oldest first among the small ones, then among the large ones.
    mutating func next(_ limits: ReplicationLimits) -> FetchJob? {
        if runningSmall < limits.smallFetches, let job = Self.pop(&small, jobs) { return job }
        if runningLarge < limits.largeFetches, let job = Self.pop(&large, jobs) { return job }
        return nil
    }

    private static func pop(
        _ queue: inout Deque<BlobID>, _ jobs: [BlobID: FetchJob]
    ) -> FetchJob? {
        while let blob = queue.popFirst() {
            if let job = jobs[blob], job.phase == .queued { return job }
        }
        return nil
    }

    mutating func start(_ blob: BlobID, from peer: String, _ limits: ReplicationLimits) {
        jobs[blob]?.phase = .running(peer: peer)
        count(blob, limits, 1)
    }

    mutating func stall(_ blob: BlobID) {
        jobs[blob]?.phase = .stalled
        jobs[blob]?.rests += 1
    }

    mutating func queueAgain(_ blob: BlobID, isNewRound: Bool, _ limits: ReplicationLimits) {
        guard jobs[blob] != nil else { return }
        jobs[blob]?.phase = .queued
        if isNewRound {
            jobs[blob]?.tried = []
            jobs[blob]?.absent = []
        }
        enqueue(blob, limits)
    }

    /// The running attempt ended; the job stays, with its failure, until it is queued or removed.
    mutating func ended(_ blob: BlobID, error: String?, _ limits: ReplicationLimits) {
        guard let peer = jobs[blob]?.source else { return }
        count(blob, limits, -1)
        jobs[blob]?.phase = .stalled
        guard let error else { return }
        jobs[blob]?.attempts += 1
        jobs[blob]?.tried.insert(peer)
        jobs[blob]?.lastError = "\(peer): \(error)"
    }

    mutating func noteAbsent(_ blob: BlobID, from peer: String) { jobs[blob]?.absent.insert(peer) }

    mutating func noteAbsent(_ blob: BlobID, rounds: Int) { jobs[blob]?.roundsAbsent = rounds }

    mutating func remove(_ blob: BlobID) -> FetchJob? { jobs.removeValue(forKey: blob) }

    mutating func progressed(_ blob: BlobID, bytes: UInt64) { jobs[blob]?.receivedBytes = bytes }

    private mutating func enqueue(_ blob: BlobID, _ limits: ReplicationLimits) {
        if isSmall(blob, limits) { small.append(blob) } else { large.append(blob) }
    }

    private mutating func count(_ blob: BlobID, _ limits: ReplicationLimits, _ step: Int) {
        if isSmall(blob, limits) { runningSmall += step } else { runningLarge += step }
    }

    private func isSmall(_ blob: BlobID, _ limits: ReplicationLimits) -> Bool {
        (jobs[blob]?.sizeBytes ?? 0) <= limits.smallBlobBytes
    }
}
