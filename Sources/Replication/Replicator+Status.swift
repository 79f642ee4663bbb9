// What an operator sees of the machine.

internal import Storage

extension Replicator {
    /// `urls` are what the operator wrote for each peer. `nowMilliseconds` is of the events' clock, and later
    /// than the last of them.
    package func status(
        urls: [String: String], wallMilliseconds: Int64, nowMilliseconds: Int64? = nil
    ) -> ReplicationStatus {
        let now = max(nowMilliseconds ?? 0, self.nowMilliseconds)
        let entries = pending.all
        let jobs = fetches.listed
        return ReplicationStatus(
            region: region, name: name,
            peers: peerNames.map { peer in
                let own = entries.filter { $0.origin == pins[peer] }
                return status(
                    of: peer, url: urls[peer] ?? "", lag: lag(own, wallMilliseconds), now: now)
            },
            lag: lag(entries, wallMilliseconds),
            fetches: jobs.prefix(ReplicationStatus.listLimit).map { job in
                FetchStatus(
                    blob: job.blob, sizeBytes: job.sizeBytes, receivedBytes: job.receivedBytes,
                    source: job.source, attempts: job.attempts)
            },
            parked: Array(parkedEntries(entries).prefix(ReplicationStatus.listLimit)),
            refusedSources: refusals.keys.sorted().prefix(ReplicationStatus.listLimit).map {
                RefusedSource(peer: $0.peer, blob: $0.blob, times: refusals[$0]?.times ?? 0)
            })
    }

    private func status(
        of peer: String, url: String, lag: ReplicationLag, now: Int64
    ) -> PeerStatus {
        let state = peers[peer] ?? PeerState()
        let region = pins[peer]
        return PeerStatus(
            name: peer, url: url, region: region, isConnected: state.isFollowed,
            lastError: state.lastError ?? state.held.map(\.description),
            cursor: region.flatMap { cursors[$0] },
            clockSkewMilliseconds: state.skewMilliseconds,
            heardMillisecondsAgo: state.heardMilliseconds.map { now - $0 }, lag: lag)
    }

    private func lag(_ entries: [TrackedEntry], _ wallMilliseconds: Int64) -> ReplicationLag {
        let oldest = entries.map { Int64($0.entry.version.stamp.milliseconds) }.min()
        let blobs = Set(entries.filter(\.isBlobMissing).compactMap(\.entry.blob))
        let outstanding = blobs.compactMap { fetches.jobs[$0] }.reduce(UInt64(0)) { sum, job in
            // What a peer says of sizes may be anything.
            let (total, isTooLarge) = sum.addingReportingOverflow(
                job.sizeBytes - min(job.receivedBytes, job.sizeBytes))
            return isTooLarge ? .max : total
        }
        return ReplicationLag(
            pendingEntries: entries.count, outstandingBytes: outstanding,
            oldestMilliseconds: oldest.map { max(0, wallMilliseconds - $0) })
    }

    private func parkedEntries(_ entries: [TrackedEntry]) -> [ParkedEntry] {
        entries.compactMap { tracked in
            let job = tracked.entry.blob.flatMap { tracked.isBlobMissing ? fetches.jobs[$0] : nil }
            let isFailing = (job?.attempts ?? 0) >= limits.attemptsBeforeParking
            guard let reason = tracked.trouble ?? (isFailing ? job?.lastError : nil) else {
                return nil
            }
            return ParkedEntry(
                name: tracked.entry.name, version: tracked.entry.version, reason: reason)
        }
    }
}
