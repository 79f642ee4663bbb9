// How a store is asked to collect a registry's garbage, and to let go of history that nothing needs.

internal import RegistryLayout
package import Storage

/// The named limits of collecting a registry's garbage.
package struct RegistryLimits: Sendable, Hashable {
    /// How long a key is left alone after it was last written.
    package var grace: Duration = .seconds(24 * 3600)
    /// How long what nothing needs stays in quarantine; the grace where that is given with a run.
    package var quarantine: Duration = .seconds(24 * 3600)
    /// Bytes for remembering which blobs are linked: enough for some ten million.
    package var filterBytes = 16 << 20
    /// Versions of history that end in one commit.
    package var expiresPerCommit = 500

    package init() {}
}

/// What is known of the other regions when a collection begins.
package struct OtherRegions: Sendable, Hashable {
    /// Up to which number of this region's feed all of them have confirmed it.
    package var confirmedNumber: UInt64
    /// How far their clocks may be apart from this one's.
    package var clockSkewMilliseconds: Int64

    package init(confirmedNumber: UInt64, clockSkewMilliseconds: Int64) {
        self.confirmedNumber = confirmedNumber
        self.clockSkewMilliseconds = clockSkewMilliseconds
    }

    package static let none = OtherRegions(confirmedNumber: .max, clockSkewMilliseconds: 0)
}

extension DurableStore {
    /// Collects what nobody needs in the registry's bucket that the options name (see
    /// `CollectRegistry.swift`). Throws `invalidArgument` for a bucket that holds no registry whose garbage
    /// can be told.
    package func collectRegistry(
        _ options: GarbageOptions, others: OtherRegions, _ job: JobProgressReport
    ) async throws {
        guard let bucket = options.registryBucket else { return }
        let limits = configuration.limits.registry
        let grace = Self.milliseconds(options.grace ?? limits.grace)
        let period = Self.milliseconds(options.grace ?? limits.quarantine)
        let rule = QuarantineRule(
            region: region, nowMilliseconds: clock.milliseconds(),
            graceMilliseconds: max(grace, 2 * others.clockSkewMilliseconds),
            periodMilliseconds: period, confirmedNumber: others.confirmedNumber)
        let effect: RegistryCollection.Effect = options.isDryRun ? .none : .collect
        try await collect(
            bucket, rule, effect, deletesUntagged: options.deletesUntagged, job)
    }

    /// Ends the history that was kept long enough, and what was deleted of registries and kept for a tag,
    /// where no version of a tag needs it any more.
    package func releaseHistory(_ job: JobProgressReport) async throws {
        let limit = configuration.limits.registry.expiresPerCommit
        job.set(JobProgress(stage: "history"))
        var ended: Int
        repeat {
            try job.checkCancellation()
            ended = try await expireHistory(nowMilliseconds: clock.milliseconds(), limit: limit)
            job.add("expired_versions", UInt64(ended))
        } while ended == limit
        for bucket in try await bucketsWithClosureHistory() {
            let rule = QuarantineRule(
                region: region, nowMilliseconds: clock.milliseconds(), graceMilliseconds: 0,
                periodMilliseconds: 0, confirmedNumber: 0)
            try await collect(bucket, rule, .release, deletesUntagged: false, job)
        }
    }

    private func collect(
        _ bucket: String, _ rule: QuarantineRule, _ effect: RegistryCollection.Effect,
        deletesUntagged: Bool, _ job: JobProgressReport
    ) async throws {
        let retention = try await Buckets(objects: self, blobs: self).retention(of: bucket)
        let collection = RegistryCollection(
            bucket: bucket, deletesUntagged: deletesUntagged, effect: effect,
            releasesHistory: retention.othersMilliseconds == 0, rule: rule,
            filterBytes: configuration.limits.registry.filterBytes, salt: random())
        try await CollectRegistry(store: self, collection: collection, report: job).run()
    }

    /// Buckets in which something that a tag may reach was deleted and is kept.
    private func bucketsWithClosureHistory() async throws -> [String] {
        var buckets: Set<String> = []
        var after: HistoryMark?
        while true {
            let page = try await history(after: after, limit: configuration.limits.pageEntries)
            for mark in page where !buckets.contains(mark.reference.name.bucket) {
                let name = mark.reference.name
                if KeyRules.historyRole(name) == .closure { buckets.insert(name.bucket) }
            }
            guard let last = page.last else { return buckets.sorted() }
            after = last
        }
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        Int64(duration / .milliseconds(1))
    }
}
