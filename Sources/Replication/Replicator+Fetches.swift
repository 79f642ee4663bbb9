// Fetching blobs: from whom, what follows from a failure, and sources that sent wrong bytes.
//
// A job tries its sources one after the other; when none is left, it rests, longer each time, and begins
// again. A source that sent wrong bytes for a digest is out until, after a rest, it says that it has the
// blob: then its bytes are taken again, if they are right.

internal import DequeModule
internal import Storage

extension Replicator {
    mutating func needBlob(of ordinal: Int) {
        guard let entry = pending[ordinal]?.entry, let blob = entry.blob else { return }
        fetches.join(blob, sizeBytes: entry.sizeBytes, waiter: ordinal, limits: limits)
        if fetches.jobs[blob].map(isNowhere) == true { areDeletesStale = true }
    }

    mutating func pumpFetches() {
        guard !isStoreResting else { return }
        while let job = fetches.next(limits) {
            if job.waiters.isEmpty {
                _ = fetches.remove(job.blob)
            } else if let peer = source(of: job) {
                fetches.start(job.blob, from: peer, limits)
                directives.append(.fetch(job.blob, sizeBytes: job.sizeBytes, peer: peer))
            } else {
                rest(job)
            }
        }
    }

    /// Until its timer; where nobody is connected, until somebody is.
    private mutating func rest(_ job: FetchJob) {
        fetches.stall(job.blob)
        countAbsence(of: job)
        guard peers.values.contains(where: \.isConnected) else { return }
        setTimer(.fetch(job.blob), inMilliseconds: restMilliseconds(after: job.rests + 1))
    }

    /// Where the entry came from first; then in turn.
    private func source(of job: FetchJob) -> String? {
        let candidates = peerNames.filter { peer in
            guard peers[peer]?.isConnected == true, !job.tried.contains(peer) else { return false }
            return refusals[SourceOfBlob(blob: job.blob, peer: peer)]?.isLifted ?? true
        }
        let first = job.waiters.min().flatMap { pending[$0] }
        let origin = candidates.first { peers[$0]?.region == first?.origin }
        if let origin { return origin }
        if let teller = first?.fedBy, candidates.contains(teller) { return teller }
        return candidates.isEmpty ? nil : candidates[job.attempts % candidates.count]
    }

    mutating func retryFetch(_ blob: BlobID) {
        guard let job = fetches.jobs[blob], job.phase == .stalled else { return }
        fetches.queueAgain(blob, isNewRound: true, limits)
        // Entries that were superseded meanwhile stop waiting.
        for waiter in job.waiters.sorted() { requeue(waiter) }
    }

    mutating func fetched(_ blob: BlobID) {
        fetches.ended(blob, error: nil, limits)
        for peer in peerNames { refusals[SourceOfBlob(blob: blob, peer: peer)] = nil }
        guard let job = fetches.remove(blob) else { return }
        for waiter in job.waiters.sorted() {
            pending[waiter]?.isBlobMissing = false
            advance(waiter)
        }
    }

    mutating func fetchFailed(_ blob: BlobID, _ failure: FetchFailure) {
        guard let peer = fetches.jobs[blob]?.source else { return }
        if case .storeFull(let message) = failure { return pauseFetches(blob, message) }
        fetches.ended(blob, error: failure.message, limits)
        if case .wrongBytes(let message, isSourceToBlame: true) = failure {
            refuseSource(peer, blob, message)
        }
        if case .transport(let error) = failure, error.code == .notFound {
            fetches.noteAbsent(blob, from: peer)
        }
        reportParked(blob, failure)
        fetches.queueAgain(blob, isNewRound: false, limits)
    }

    /// The disk is full: all fetches wait until the store has rested, and this one counts as not tried.
    private mutating func pauseFetches(_ blob: BlobID, _ message: String) {
        fetches.ended(blob, error: nil, limits)
        fetches.queueAgain(blob, isNewRound: false, limits)
        // The others that were under way say the same.
        guard !isStoreResting else { return }
        storeFailed(.fetch, message)
    }

    private mutating func reportParked(_ blob: BlobID, _ failure: FetchFailure) {
        guard let job = fetches.jobs[blob], job.attempts == limits.attemptsBeforeParking else {
            return
        }
        for waiter in job.waiters.sorted() {
            guard let entry = pending[waiter]?.entry else { continue }
            report(.parked(entry.reference, reason: "\(blob): \(failure.message)"))
        }
    }

    mutating func refuseSource(_ peer: String, _ blob: BlobID, _ message: String) {
        let source = SourceOfBlob(blob: blob, peer: peer)
        var refusal = refusals[source] ?? Refusal()
        refusal.times += 1
        refusal.isLifted = false
        refusal.isAbsent = false
        refusals[source] = refusal
        report(.refusedSource(peer: peer, blob, message: message))
        restState(of: blob, from: peer)
    }

    mutating func restState(of blob: BlobID, from peer: String) {
        guard let refusal = refusals[SourceOfBlob(blob: blob, peer: peer)] else { return }
        let rest = restMilliseconds(after: refusal.times)
        setTimer(.states(peer: peer, blob), inMilliseconds: rest)
    }

    mutating func askState(of blob: BlobID, from peer: String) {
        guard refusals[SourceOfBlob(blob: blob, peer: peer)]?.isLifted == false,
            let state = peers[peer]
        else { return }
        guard state.isConnected else { return restState(of: blob, from: peer) }
        guard !state.blobsToAsk.contains(blob), !state.askedBlobs.contains(blob) else { return }
        peers[peer]?.blobsToAsk.append(blob)
    }

    mutating func stated(by peer: String, _ statements: [BlobStatement]) {
        let asked = peers[peer]?.askedBlobs ?? []
        peers[peer]?.askedBlobs = []
        let states = Dictionary(
            statements.map { ($0.blob, $0.state) }, uniquingKeysWith: { first, _ in first })
        for blob in asked {
            let source = SourceOfBlob(blob: blob, peer: peer)
            refusals[source]?.isAbsent = [.pending, .neverHad].contains(states[blob])
            if states[blob] == .have, refusals[source] != nil {
                refusals[source]?.isLifted = true
                retryFetch(blob)
            } else {
                restState(of: blob, from: peer)
            }
        }
    }

    /// Asks for the next states where the peer has a place free.
    mutating func pumpStates(_ peer: String) {
        guard let state = peers[peer], state.askedBlobs.isEmpty, !state.blobsToAsk.isEmpty else {
            return
        }
        let blobs = Array(state.blobsToAsk.prefix(limits.namesPerRequest))
        peers[peer]?.blobsToAsk.removeFirst(blobs.count)
        peers[peer]?.askedBlobs = blobs
        directives.append(.askStates(peer: peer, blobs))
    }

    mutating func statesFailed(_ peer: String) {
        let blobs = peers[peer]?.askedBlobs ?? []
        peers[peer]?.askedBlobs = []
        for blob in blobs { restState(of: blob, from: peer) }
    }
}

extension FetchFailure {
    package var message: String {
        switch self {
        case .transport(let error): error.description
        case .wrongBytes(let message, _): message
        case .store(let message), .storeFull(let message): message
        }
    }
}
