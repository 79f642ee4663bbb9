// The admin API's calls about history: what a name showed before, and bringing it back.

internal import HTTPServer
internal import HTTPTypes
internal import NativeWire
package import Storage

package struct AdminHistory: Sendable {
    private let history: any ObjectHistory
    private let rollback: any Rollback

    /// Of one answer.
    private static let versions = 1000

    package init(history: any ObjectHistory, rollback: any Rollback) {
        self.history = history
        self.rollback = rollback
    }

    /// `nil` for a path that is none of these calls.
    func respond(to request: ServerRequest) async throws -> ServerResponse? {
        switch (request.head.method, request.head.path) {
        case (.post, AdminCall.history):
            request.trace.note(operation: "AdminHistory")
            return try .json(.ok, try await history(try await request.adminDocument()))
        case (.post, AdminCall.rollback):
            request.trace.note(operation: "AdminRollback")
            let asked = try await request.adminDocument(RollbackRequestDocument.self)
            if asked.isDryRun != true {
                request.trace.note(resource: asked.subject.text, change: asked.target)
            }
            return try .json(.ok, try await rollBack(asked))
        default: return nil
        }
    }

    private func history(_ request: HistoryRequestDocument) async throws -> HistoryDocument {
        let name = try await rollback.name(of: try HistorySubject(request.subject))
        let before = try request.before.map(Self.version)
        let page = try await history.versions(of: name, before: before, limit: Self.versions)
        var entries: [HistoryDocument.Entry] = []
        for version in page.versions {
            let names = try await rollback.digest(namedBy: version)
            entries.append(
                HistoryDocument.Entry(version, names: names, visible: page.visible))
        }
        return HistoryDocument(
            bucket: name.bucket, key: name.key.string, versions: entries,
            isTruncated: page.isTruncated)
    }

    private func rollBack(_ request: RollbackRequestDocument) async throws -> RollbackDocument {
        let target: RollbackTarget
        switch (request.version, request.atMilliseconds) {
        case (let text?, nil): target = .version(try Self.version(text))
        case (nil, let time?): target = .time(milliseconds: time)
        case (nil, nil), (_?, _?):
            throw Refusal(.badRequest, .malformed, "a rollback is to a version or to a time")
        }
        let isDryRun = request.isDryRun ?? false
        let report = try await rollback.rollBack(
            try HistorySubject(request.subject), to: target, isDryRun: isDryRun)
        return RollbackDocument(
            bucket: report.name.bucket, key: report.name.key.string,
            version: report.target.version.description, written: report.written.map(\.key.string),
            isDryRun: isDryRun)
    }

    private static func version(_ text: String) throws -> Version {
        guard let version = Version(text) else {
            throw Refusal(.badRequest, .malformed, "“\(text)” is no version")
        }
        return version
    }
}

extension HistorySubject {
    init(_ document: HistorySubjectDocument) throws {
        switch (document.key, document.repository, document.tag) {
        case (let key?, nil, nil):
            self = .name(ObjectName(bucket: document.bucket, key: ObjectKey(key)))
        case (nil, let repository?, let tag?):
            self = .tag(bucket: document.bucket, repository: repository, tag: tag)
        default:
            throw Refusal(.badRequest, .malformed, "name a key, or a repository and a tag")
        }
    }
}

extension HistoryDocument.Entry {
    init(_ version: ObjectVersion, names: ContentDigest?, visible: Version?) {
        let content = version.content
        self.init(
            version: version.version.description,
            writtenMilliseconds: Int64(clamping: version.version.stamp.milliseconds),
            region: version.version.region.description, isDeletion: content == nil,
            sizeBytes: content?.sizeBytes, digest: content?.blob.description,
            names: names?.description,
            writer: content.flatMap { $0.writer.principal.isEmpty ? nil : $0.writer.principal },
            requestID: content.flatMap { $0.writer.requestID.isEmpty ? nil : $0.writer.requestID },
            isVisible: version.version == visible,
            isPending: version.state == .pending && !version.isHistory,
            keptUntilMilliseconds: version.keptUntilMilliseconds,
            versionID: version.versionID == .unversioned ? nil : version.versionID.description)
    }
}

extension HistorySubjectDocument {
    /// For the audit log.
    fileprivate var text: String {
        key.map { bucket + "/" + $0 }
            ?? [bucket, repository ?? "", tag ?? ""].joined(separator: ":")
    }
}

extension RollbackRequestDocument {
    /// For the audit log.
    fileprivate var target: String {
        "to " + (version ?? atMilliseconds.map { "time \($0)" } ?? "nothing")
    }
}
