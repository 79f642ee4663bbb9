// The admin API's calls about jobs.

internal import HTTPServer
internal import HTTPTypes
internal import NativeWire
package import Storage

/// What begins a daemon's jobs, and the board that they run on.
package struct AdminJobs: Sendable {
    let board: JobBoard
    private let begin: @Sendable (JobRequest) throws -> JobReport

    package init(board: JobBoard, begin: @escaping @Sendable (JobRequest) throws -> JobReport) {
        self.board = board
        self.begin = begin
    }

    func respond(to request: ServerRequest) async throws -> ServerResponse {
        let path = request.head.path ?? ""
        switch (request.head.method, path) {
        case (.get, AdminCall.jobs):
            return try .json(.ok, JobListDocument(jobs: board.reports.map { JobDocument($0) }))
        case (.post, AdminCall.jobs):
            let asked = try await request.adminDocument(JobRequestDocument.self)
            request.trace.note(resource: asked.kind, change: asked.choices)
            return try .json(.ok, JobDocument(try begin(try JobRequest(asked))))
        case (.get, _):
            return try .json(.ok, JobDocument(try found(path) { board.report($0) }))
        case (.delete, _):
            request.trace.note(resource: path, change: "cancel")
            return try .json(.ok, JobDocument(try found(path) { board.cancel($0) }))
        default: throw Refusal.noSuchCall(request)
        }
    }

    private func found(_ path: String, _ report: (JobID) -> JobReport?) throws -> JobReport {
        let text = path.dropFirst(AdminCall.jobs.count + 1)
        guard let number = UInt64(text), let report = report(JobID(number)) else {
            throw Refusal(.notFound, .neverHad, "there is no job “\(text)”")
        }
        return report
    }
}

extension JobRequestDocument {
    /// For the audit log.
    fileprivate var choices: String {
        var choices = registryBucket.map { ["registry=" + $0] } ?? []
        if deletesUntagged == true { choices.append("delete-untagged") }
        if isDryRun == true { choices.append("dry-run") }
        if isDeep == true { choices.append("deep") }
        if let bucket { choices.append("bucket=" + bucket) }
        if let directory { choices.append("to " + directory) }
        return choices.joined(separator: " ")
    }
}
