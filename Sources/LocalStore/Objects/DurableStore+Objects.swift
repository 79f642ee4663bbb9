// Names: reads of what they show, and the way of a change to the committer.

internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore: ObjectStore {
    package func object(_ name: ObjectName) async throws -> ObjectVersion? {
        try await requireBucket(name.bucket)
        let shown = try await lookup(KeySchema.shown(name)).map { value throws in
            try ShownEntry(encoded: value).version
        }
        guard let shown, shown.isQuarantined else { return shown }
        return try await takeOutOfQuarantine(name)
    }

    package func list(_ request: ListRequest) async throws -> ListPage {
        try await requireBucket(request.bucket)
        let limit = min(request.limit, configuration.limits.pageEntries)
        return try await read { (index) throws(IndexError) in
            try ListObjects(request: request, limit: limit).page(of: index)
        }
    }

    package func commit(
        _ mutations: [ObjectMutation]
    ) async -> [Result<ObjectVersion?, StorageError>] {
        let changes = mutations.map(change)
        do throws(StorageError) {
            try await prefetch(for: changes)
            return try await committer.queue.submit(MutateObjects(changes: changes))
        } catch {
            return mutations.map { _ in .failure(error) }
        }
    }

    /// The mutation with its body's place.
    private func change(_ mutation: ObjectMutation) -> ObjectChange {
        let name = mutation.name
        switch mutation {
        case .put(_, var content, let staged, let conditions):
            do {
                let record = try blobRecord(of: staged)
                content.blob = record.blob
                content.sizeBytes = record.sizeBytes
                return ObjectChange(
                    name: name, kind: .put(content, record, staged), conditions: conditions)
            } catch {
                return ObjectChange(name: name, kind: .refused(error), conditions: conditions)
            }
        case .link(_, let content, let conditions):
            return ObjectChange(name: name, kind: .link(content), conditions: conditions)
        case .delete(_, let conditions):
            return ObjectChange(name: name, kind: .delete, conditions: conditions)
        case .expire(_, let version):
            return ObjectChange(name: name, kind: .expire(version), conditions: .none)
        case .purge(_, let id, let conditions):
            return ObjectChange(name: name, kind: .purge(id), conditions: conditions)
        case .amend(_, let content, let version):
            return ObjectChange(
                name: name, kind: .amend(content, version), conditions: .none)
        }
    }

    private func prefetch(for changes: [ObjectChange]) async throws(StorageError) {
        var keys: [Bytes] = []
        for change in changes {
            keys += Self.keys(of: change.name)
            switch change.kind {
            case .put(let content, _, _), .link(let content):
                keys.append(KeySchema.blob(content.blob))
            case .purge(let id):
                if let stamp = id.stamp { keys.append(KeySchema.listed(change.name, stamp)) }
            case .amend, .delete, .expire, .refused: break
            }
        }
        do { try await prefetch(keys) } catch { throw StorageError(opening: error) }
    }
}
