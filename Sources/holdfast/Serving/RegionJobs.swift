// What a region's jobs do, and the service that runs them.

internal import LocalStore
internal import Logging
internal import NativeAPI
internal import Replication
internal import S3API
internal import ServiceLifecycle
internal import Storage

struct RegionJobs: Service {
    let board: JobBoard
    let store: DurableStore
    let repair: RepairRegion
    let lifecycle: ApplyLifecycle
    let replication: ReplicationService
    let confirmed: ConfirmedPositions
    let removed: RemovedRegions

    func run() async throws {
        await cancelWhenGracefulShutdown { await board.run() }
    }

    var admin: AdminJobs {
        AdminJobs(board: board) { request in try begin(request) }
    }

    @discardableResult
    func begin(_ request: JobRequest) throws -> JobReport {
        switch request {
        case .collectGarbage(let options):
            guard options.registryBucket != nil || !options.deletesUntagged else {
                throw StorageError(
                    .invalidArgument, "what no tag names is deleted of a registry's bucket: name it"
                )
            }
            return try board.begin(request) { job in try await collect(options, job) }
        case .repair(let options):
            return try board.begin(request) { [repair, store] job in
                if let bucket = options.bucket { try await store.requireBucket(bucket) }
                try await repair.run(
                    ScrubOptions(isDeep: options.isDeep, bucket: options.bucket), job)
            }
        case .backUp(let directory):
            return try board.begin(request) { [store] job in
                try await store.backUp(
                    to: directory, beside: [RootKeyFile.name, SealingKeyFile.name], job)
            }
        }
    }

    /// First what makes garbage, names that nothing needs; then what nothing names.
    private func collect(_ options: GarbageOptions, _ job: JobProgressReport) async throws {
        if !options.isDryRun { try await store.releaseHistory(job) }
        try await lifecycle.run(
            job, isDryRun: options.isDryRun,
            skewMilliseconds: try await others().clockSkewMilliseconds)
        if options.registryBucket != nil {
            try await store.collectRegistry(options, others: try await others(), job)
        }
        try await store.collectGarbage(options, job)
    }

    private func others() async throws -> OtherRegions {
        let peers = replication.status().peers
        let skews = peers.compactMap(\.clockSkewMilliseconds).map(\.magnitude)
        return OtherRegions(
            confirmedNumber: confirmed.number(
                peers: peers, origins: try await store.cursors().keys, own: store.region,
                removed: removed.all),
            clockSkewMilliseconds: Int64(clamping: skews.max() ?? 0))
    }
}

/// Has garbage collected every now and then.
struct CollectingOnSchedule: Service {
    let jobs: RegionJobs
    /// `nil`: never.
    let interval: Duration?
    let logger: Logger

    func run() async throws {
        guard let interval else { return try await gracefulShutdown() }
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    try await Task.sleep(for: interval)
                    collect()
                }
            }
        } catch is CancellationError {
            // The region stops.
        }
    }

    private func collect() {
        do {
            try jobs.begin(.collectGarbage(GarbageOptions()))
        } catch {
            // One that was asked for is still running, and does the same.
            logger.info("garbage is not collected now", metadata: ["reason": "\(error)"])
        }
    }
}
