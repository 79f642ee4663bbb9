// DeleteObject: deleting what is not there succeeds. In a bucket with versioning a deletion is a version itself, a
// delete marker; a version that is named is taken out for good (Amazon S3 API Reference, DeleteObject).

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func deleteObject(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let id = try request.versionID
        let conditions = Preconditions(ifMatch: request.fields[.ifMatch].map(ETags.parse))
        let isVersioned = try await versioning.value(of: name.bucket) != nil
        let mutation: ObjectMutation =
            if let id { .purge(name, id, conditions) } else { .delete(name, conditions) }
        let outcome = Deletion(
            of: id, committed: try await objects.commit(mutation), isVersioned: isVersioned)
        var response = ServerResponse(status: .noContent)
        if outcome.isMarker { response.fields[.deleteMarker] = "true" }
        response.fields[.versionID] = outcome.versionID
        return response
    }
}

/// What became of a deletion, as its answer says.
struct Deletion: Sendable {
    /// A delete marker was made, or taken out.
    let isMarker: Bool
    /// Of what was made or taken out; `nil` in a bucket without versioning.
    let versionID: String?

    /// `id` is the version that was named; `committed` what the store answered.
    init(of id: VersionID?, committed: ObjectVersion?, isVersioned: Bool) {
        let isKept = committed.map { $0.versionID != .unversioned } ?? false
        isMarker = isKept && committed?.content == nil
        if let id {
            versionID = isVersioned || isKept ? id.description : nil
        } else {
            versionID = isMarker ? committed?.versionID.description : nil
        }
    }
}
