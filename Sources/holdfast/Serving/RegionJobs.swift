// What a region's jobs do, and the service that runs them.

internal import NativeAPI
internal import Replication
internal import ServiceLifecycle
internal import Storage

struct RegionJobs: Service {
    let board: JobBoard
    let repair: RepairRegion

    func run() async throws {
        await cancelWhenGracefulShutdown { await board.run() }
    }

    var admin: AdminJobs {
        AdminJobs(board: board) { request in
            switch request {
            case .repair(let options):
                try board.begin(request) { report in
                    try await repair.run(
                        ScrubOptions(isDeep: options.isDeep, bucket: options.bucket), report)
                }
            case .collectGarbage:
                throw StorageError(
                    .invalidArgument, "there is no job “\(request.kind.rawValue)” yet")
            }
        }
    }
}
