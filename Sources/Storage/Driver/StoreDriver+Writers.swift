// Opening a file to be written: a multipart upload of the store, the same that S3 shows.

internal import Synchronization

extension StoreDriver {
    package func writer(
        _ path: DriverPath, _ start: WriterStart
    ) async throws -> any FileWriter {
        let name = try fileName(path)
        return try await DriverError.mapping {
            let upload =
                switch start {
                case .new: try await begin(name)
                case .append: try await goOn(path, name)
                case .resume(let id): try await stores.uploads.upload(id, of: name)
                }
            // Claimed before its size is looked up, which nobody changes from then on.
            let claim = try stores.claims.claim(upload.id)
            return StoreWriter(
                driver: self, path: path, id: upload.id, isSealed: upload.isSealed,
                parts: try await stores.uploads.allParts(of: upload.id, name), claim: claim)
        }
    }

    /// A session that is the newest of its path, so that appending goes on with it.
    private func begin(_ name: ObjectName) async throws -> Upload {
        while true {
            let upload = try await stores.uploads.create(
                Upload(id: UploadID(""), name: name, initiatedMilliseconds: 0, writer: user))
            guard let last = try await newestUpload(of: name), last.id != upload.id,
                last.initiatedMilliseconds == upload.initiatedMilliseconds
            else { return upload }
            // Begun in the same millisecond as another, and listed before it.
            try await stores.uploads.abort(upload.id, of: name)
        }
    }

    private func goOn(_ path: DriverPath, _ name: ObjectName) async throws -> Upload {
        if let upload = try await newestUpload(of: name) { return upload }
        let content = try await content(of: path)
        let upload = try await begin(name)
        if content.sizeBytes > 0 {
            _ = try await stores.uploads.copyPart(
                upload.id, of: name, number: 1, blob: content.blob, range: 0..<content.sizeBytes)
        }
        return upload
    }

    private func newestUpload(of name: ObjectName) async throws -> Upload? {
        try await openUploads(prefix: name.key) { $0 == name.key }.last
    }
}

extension UploadStore {
    /// Every part of a session, in order.
    func allParts(of id: UploadID, _ name: ObjectName) async throws -> [UploadPart] {
        var parts: [UploadPart] = []
        while true {
            let page = try await self.parts(
                of: id, name, after: parts.last?.number ?? 0, limit: DriverLimits.pageEntries)
            parts += page.parts
            guard page.isTruncated else { return parts }
        }
    }
}

/// Who writes by which writer now, in this process.
final class WriterClaims: Sendable {
    private let claimed = Mutex<Set<UploadID>>([])

    /// Good until it is let go of. Throws `writerBusy`.
    func claim(_ id: UploadID) throws(DriverError) -> WriterClaim {
        guard claimed.withLock({ $0.insert(id).inserted }) else {
            throw DriverError(.writerBusy, "somebody else writes by the writer \(id)")
        }
        return WriterClaim { [weak self] in self?.release(id) }
    }

    private func release(_ id: UploadID) { claimed.withLock { _ = $0.remove(id) } }
}

final class WriterClaim: Sendable {
    private let release: @Sendable () -> Void

    init(release: @escaping @Sendable () -> Void) { self.release = release }

    deinit { release() }
}
