// Deleting a path: the file, everything below, and what is being written there. Where registries cancel an
// upload by deleting its directory, its parts go with it.

extension StoreDriver {
    package func delete(_ path: DriverPath) async throws {
        let name = try fileName(path)
        try await DriverError.mapping {
            var isFound = try await cancelWriters(prefix: path.key) { $0 == path.key }
            if try await cancelWriters(prefix: path.keyPrefix, where: { _ in true }) {
                isFound = true
            }
            if try await deleteFile(name) { isFound = true }
            if try await deleteBelow(path) { isFound = true }
            guard isFound else { throw DriverError.notFound(path) }
        }
    }

    /// Whether it was there. In a bucket with versioning the deletion of what is not there is a version as well.
    private func deleteFile(_ name: ObjectName) async throws -> Bool {
        guard try await stores.objects.object(name) != nil else { return false }
        try await stores.objects.commit(.delete(name, .none))
        return true
    }

    /// Whether there was anything.
    private func deleteBelow(_ path: DriverPath) async throws -> Bool {
        var request = ListRequest(
            bucket: bucket, prefix: path.keyPrefix, limit: DriverLimits.pageEntries)
        while true {
            let page = try await stores.objects.list(request)
            let names = page.entries.map { ObjectName(bucket: bucket, key: $0.key) }
            for result in await stores.objects.commit(names.map { .delete($0, .none) }) {
                _ = try result.get()
            }
            guard page.isTruncated, let last = names.last else {
                return request.after != nil || !names.isEmpty
            }
            request.after = last.key
        }
    }

    /// Cancels from the first of that prefix on, as long as `isMeant`. Whether there was any.
    private func cancelWriters(
        prefix: ObjectKey, where isMeant: (ObjectKey) -> Bool
    ) async throws -> Bool {
        var isFound = false
        for upload in try await openUploads(prefix: prefix, while: isMeant) {
            do {
                try await stores.uploads.abort(upload.id, of: upload.name)
                isFound = true
            } catch let error as StorageError where error.code == .noSuchUpload {
                // It was committed or cancelled since it was listed.
            }
        }
        return isFound
    }

    /// Sessions in order of their key and age.
    func openUploads(
        prefix: ObjectKey, while isMeant: (ObjectKey) -> Bool
    ) async throws -> [Upload] {
        var request = UploadListRequest(
            bucket: bucket, prefix: prefix, limit: DriverLimits.pageEntries)
        var uploads: [Upload] = []
        while true {
            let page = try await stores.uploads.uploads(request)
            for case .upload(let upload) in page.entries {
                guard isMeant(upload.name.key) else { return uploads }
                uploads.append(upload)
            }
            guard page.isTruncated, let last = uploads.last else { return uploads }
            request.after = .upload(last.id, key: last.name.key)
        }
    }
}
