// What a region's jobs do, and the service that runs them.

internal import LocalStore
internal import Logging
internal import NativeAPI
internal import Replication
internal import ServiceLifecycle
internal import Storage

struct RegionJobs: Service {
    let board: JobBoard
    let store: DurableStore
    let repair: RepairRegion

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
            guard options.registryBucket == nil, !options.deletesUntagged else {
                throw StorageError(
                    .invalidArgument, "the garbage of registries is not collected yet")
            }
            return try board.begin(request) { [store] job in
                try await store.collectGarbage(options, job)
            }
        case .repair(let options):
            return try board.begin(request) { [repair] job in
                try await repair.run(
                    ScrubOptions(isDeep: options.isDeep, bucket: options.bucket), job)
            }
        }
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
