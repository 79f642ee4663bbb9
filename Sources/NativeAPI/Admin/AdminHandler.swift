// The admin API. It is served on the socket in the data directory, whose file permissions are the
// authentication; nothing here asks for a key, so it must not be put on a TCP listener.

package import HTTPServer
internal import HTTPTypes
package import Logging
package import NativeWire
package import Replication
package import Storage

/// The daemon, as its status says it.
package struct DaemonIdentity: Sendable {
    package var region: RegionID
    package var name: String
    package var incarnation: UInt64
    /// The program's version.
    package var version: String
    package var startedMilliseconds: Int64

    package init(
        region: RegionID, name: String, incarnation: UInt64, version: String,
        startedMilliseconds: Int64
    ) {
        self.region = region
        self.name = name
        self.incarnation = incarnation
        self.version = version
        self.startedMilliseconds = startedMilliseconds
    }
}

/// Answers what is under `AdminCall.prefix`.
package struct AdminHandler: RequestHandler {
    private let identity: DaemonIdentity
    private let maintenance: any Maintenance
    private let jobs: AdminJobs
    private let history: AdminHistory
    private let quotas: @Sendable () async throws -> [BucketEntryDocument]
    private let replication: @Sendable () async -> ReplicationStatus
    private let clock: any WallClock
    private let logger: Logger

    package init(
        identity: DaemonIdentity, maintenance: any Maintenance, jobs: AdminJobs,
        history: AdminHistory, clock: any WallClock, logger: Logger,
        quotas: @escaping @Sendable () async throws -> [BucketEntryDocument] = { [] },
        replication: @escaping @Sendable () async -> ReplicationStatus
    ) {
        self.identity = identity
        self.maintenance = maintenance
        self.jobs = jobs
        self.history = history
        self.quotas = quotas
        self.replication = replication
        self.clock = clock
        self.logger = logger
    }

    package func respond(to request: ServerRequest) async -> ServerResponse {
        await ServerResponse.of(request, logger: logger) {
            let path = request.head.path ?? ""
            if path == AdminCall.jobs || path.hasPrefix(AdminCall.jobs + "/") {
                request.trace.note(operation: "AdminJobs")
                return try await jobs.respond(to: request)
            }
            if let response = try await history.respond(to: request) { return response }
            guard request.head.method == .get, path == AdminCall.status else {
                throw Refusal.noSuchCall(request)
            }
            request.trace.note(operation: "AdminStatus")
            return try .json(.ok, try await status())
        }
    }

    private func status() async throws -> StatusDocument {
        let uptime = max(0, clock.milliseconds() - identity.startedMilliseconds)
        return StatusDocument(
            region: StatusDocument.Region(
                id: identity.region.description, name: identity.name,
                incarnation: identity.incarnation, version: identity.version,
                uptimeSeconds: UInt64(uptime / 1000)),
            store: StatusDocument.Store(try await maintenance.figures()),
            replication: StatusDocument.Replication(await replication()),
            damage: try await maintenance.damage(after: nil, limit: StatusDocument.listLimit)
                .map(StatusDocument.Damage.init),
            jobs: jobs.board.reports.map { JobDocument($0) },
            quotas: try await quotas())
    }
}
