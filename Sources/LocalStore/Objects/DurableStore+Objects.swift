// Names: reads of what they show, and the way of a change to the committer.

internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore: ObjectStore {
    package func object(_ name: ObjectName) async throws -> ObjectVersion? {
        try await requireBucket(name.bucket)
        let shown = try await lookup(KeySchema.shown(name))?.shown.version
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
        var results = await submit(mutations)
        // Mostly none of them waits for bytes to be sealed.
        for index in results.indices {
            guard case .failure(let error) = results[index], let reason = error.mustSeal else {
                continue
            }
            results[index] = await commit(mutations[index], sealing: reason)
        }
        return results
    }

    /// Commits one mutation behind the bytes that it waits for.
    private func commit(
        _ mutation: ObjectMutation, sealing reason: MustSeal
    ) async -> Result<ObjectVersion?, StorageError> {
        do {
            let staged = try await seal(reason, mutation.staged)
            let version = try await sealingFirst(staged) { staged in
                try await submit([mutation.with(staged)])[0].get()
            }
            return .success(version)
        } catch {
            return .failure(StorageError(opening: error))
        }
    }

    private func submit(
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
        case .move(let source, let version, _, let content):
            return ObjectChange(
                name: name, kind: .move(from: source, version, content), conditions: .none)
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
            case .move(let source, _, let content):
                keys += Self.keys(of: source) + [KeySchema.blob(content.blob)]
            case .amend, .delete, .expire, .refused: break
            }
        }
        do { try await prefetch(keys) } catch { throw StorageError(opening: error) }
    }
}

extension ObjectMutation {
    /// The body that it refers to.
    fileprivate var staged: StagedBlob? {
        if case .put(_, _, let staged, _) = self { staged } else { nil }
    }

    /// The same with another body of the same bytes.
    fileprivate func with(_ staged: StagedBlob?) -> ObjectMutation {
        guard case .put(let name, let content, _, let conditions) = self, let staged else {
            return self
        }
        return .put(name, content, staged, conditions)
    }
}
