// What a region's jobs do, and the service that runs them.

internal import NativeAPI
internal import ServiceLifecycle
internal import Storage

struct RegionJobs: Service {
    let board: JobBoard

    func run() async throws {
        await cancelWhenGracefulShutdown { await board.run() }
    }

    var admin: AdminJobs {
        AdminJobs(board: board) { request in
            throw StorageError(.invalidArgument, "there is no job “\(request.kind.rawValue)” yet")
        }
    }
}
