// Jobs between the board and its documents.

internal import HTTPTypes
internal import NativeWire
internal import Storage

extension JobRequest {
    /// Throws a `Refusal` for a kind that this daemon does not know.
    init(_ document: JobRequestDocument) throws {
        switch JobKind(rawValue: document.kind) {
        case .collectGarbage:
            let grace = document.graceSeconds.map { Duration.seconds(Int64(clamping: $0)) }
            self = .collectGarbage(
                GarbageOptions(
                    registryBucket: document.registryBucket,
                    deletesUntagged: document.deletesUntagged ?? false, grace: grace,
                    isDryRun: document.isDryRun ?? false))
        case .repair:
            self = .repair(
                RepairOptions(isDeep: document.isDeep ?? false, bucket: document.bucket))
        case .backUp:
            guard let directory = document.directory, directory.hasPrefix("/") else {
                throw Refusal(
                    .badRequest, .malformed,
                    "a backup goes into a directory, named by its absolute path")
            }
            self = .backUp(directory: directory)
        case nil:
            throw Refusal(.badRequest, .malformed, "“\(document.kind)” is no kind of job")
        }
    }
}

extension JobDocument {
    init(_ report: JobReport) {
        let (state, failure): (State, String?) =
            switch report.state {
            case .running: (.running, nil)
            case .done: (.done, nil)
            case .cancelled: (.cancelled, nil)
            case .failed(let reason): (.failed, reason)
            }
        self.init(
            id: report.id.number, kind: report.request.kind.rawValue, state: state,
            failure: failure, startedMilliseconds: report.startedMilliseconds,
            endedMilliseconds: report.endedMilliseconds,
            progress: Progress(
                stage: report.progress.stage, done: report.progress.done,
                total: report.progress.total, isBytes: report.progress.isBytes),
            figures: report.figures,
            findings: report.findings.map { finding in
                Finding(
                    subject: finding.subject, reason: finding.reason,
                    outcome: finding.outcome.rawValue)
            },
            findingCount: report.findingCount, beyondRepairCount: report.beyondRepairCount)
    }
}
