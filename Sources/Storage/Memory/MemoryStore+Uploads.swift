// Uploads in memory.

internal import Checksums
internal import NIOCore
internal import Synchronization

/// A session and its parts' bytes.
struct MemoryUpload: Sendable {
    var upload: Upload
    var parts: [Int: UploadPart] = [:]
    var bytes: [Int: ByteBuffer] = [:]
    /// Those that were staged sealed, or copied from what is.
    var sealed: Set<Int> = []
}

/// What is remembered of a session that was completed, so that completing again answers the same.
struct CompletedUpload: Sendable {
    enum Outcome: Sendable {
        case object(ObjectVersion)
        case blob(BlobInfo)
    }

    var name: ObjectName
    var parts: [CompletedPart]
    var outcome: Outcome
}

extension MemoryStore: UploadStore {
    package func create(_ upload: Upload) async throws -> Upload {
        try state.withLock { state throws in
            try state.requireBucket(upload.name.bucket)
            state.nextUpload += 1
            var upload = upload
            let ordinal = String(state.nextUpload)
            let padding = String(repeating: "0", count: 12 - min(12, ordinal.utf8.count))
            upload.id = UploadID("upload-" + padding + ordinal)
            upload.initiatedMilliseconds = wallClock.milliseconds()
            upload.isSealed = upload.isSealed || state.demandsSealing(upload.name.bucket)
            state.uploads[upload.id] = MemoryUpload(upload: upload)
            return upload
        }
    }

    package func upload(_ id: UploadID, of name: ObjectName) async throws -> Upload {
        try state.withLock { state throws in try state.session(id, name).upload }
    }

    package func putPart(
        _ id: UploadID, of name: ObjectName, number: Int, staged: StagedBlob
    ) async throws -> UploadPart {
        try state.withLock { state throws in
            guard let bytes = state.staged[staged.ticket] else {
                throw StorageError(.invalidArgument, "the part was not staged here")
            }
            let md5 = staged.md5 ?? MessageDigest.hash(.md5, bytes)
            let part = UploadPart(
                number: number, sizeBytes: staged.sizeBytes, etag: Hexadecimal.encode(md5),
                lastModifiedMilliseconds: wallClock.milliseconds(), checksums: staged.checksums)
            return try state.add(
                part, bytes, isSealed: state.stagedSealed.contains(staged.ticket), to: id, name)
        }
    }

    package func copyPart(
        _ id: UploadID, of name: ObjectName, number: Int, blob: BlobID, range: Range<UInt64>
    ) async throws -> UploadPart {
        try state.withLock { state throws in
            guard let whole = state.blobs[blob] else {
                throw StorageError(.noSuchBlob, "blob \(blob) is not here")
            }
            guard range.upperBound <= UInt64(whole.readableBytes),
                let bytes = whole.getSlice(
                    at: whole.readerIndex + Int(range.lowerBound), length: range.count)
            else { throw StorageError(.invalidRange, "the range is not within blob \(blob)") }
            let part = UploadPart(
                number: number, sizeBytes: UInt64(range.count),
                etag: MultipartRules.etag(ofCopied: blob, range: range),
                lastModifiedMilliseconds: wallClock.milliseconds())
            return try state.add(
                part, bytes, isSealed: state.sealed.contains(blob), to: id, name)
        }
    }

    package func parts(
        of id: UploadID, _ name: ObjectName, after: Int, limit: Int
    ) async throws -> (parts: [UploadPart], isTruncated: Bool) {
        try state.withLock { state throws in
            let parts = try state.session(id, name).parts.values.filter { $0.number > after }
            let sorted = parts.sorted { $0.number < $1.number }
            return (Array(sorted.prefix(limit)), sorted.count > limit)
        }
    }

    package func uploads(_ request: UploadListRequest) async throws -> UploadListPage {
        try state.withLock { state throws in
            try state.requireBucket(request.bucket)
            return state.list(request)
        }
    }

    package func complete(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> ObjectVersion {
        defer { changes.advance() }
        return try state.withLock { state throws in
            if case .object(let object) = state.outcome(of: id, name, completion) {
                return object
            }
            let upload = try state.session(id, name).upload
            try state.check(completion.preconditions, name)
            let (parts, info) = try state.assemble(id, name, completion)
            try state.requireQuota(name, sizeBytes: info.sizeBytes)
            let content = ObjectContent(
                blob: info.blob, sizeBytes: info.sizeBytes, lastModifiedMilliseconds: 0,
                etag: MultipartRules.etag(of: parts), headers: upload.headers,
                checksum: MultipartRules.checksum(of: parts, upload: upload),
                partSizes: parts.map(\.sizeBytes), userMetadata: upload.userMetadata,
                tags: upload.tags, isSealed: info.isSealed, writer: upload.writer)
            let object = put(content, name, &state)
            state.uploads[id] = nil
            state.completed[id] = CompletedUpload(
                name: name, parts: completion.parts, outcome: .object(object))
            return object
        }
    }

    package func completeBlob(
        _ id: UploadID, of name: ObjectName, _ completion: Completion
    ) async throws -> BlobInfo {
        try state.withLock { state throws in
            if case .blob(let info) = state.outcome(of: id, name, completion) { return info }
            let (_, info) = try state.assemble(id, name, completion)
            state.uploads[id] = nil
            state.completed[id] = CompletedUpload(
                name: name, parts: completion.parts, outcome: .blob(info))
            return info
        }
    }

    package func abort(_ id: UploadID, of name: ObjectName) async throws {
        try state.withLock { state throws in
            _ = try state.session(id, name)
            state.uploads[id] = nil
        }
    }
}

extension MemoryStore.State {
    /// What a session ended as, for who ends it again with the same list.
    fileprivate func outcome(
        of id: UploadID, _ name: ObjectName, _ completion: Completion
    ) -> CompletedUpload.Outcome? {
        guard let done = completed[id], done.name == name, done.parts == completion.parts else {
            return nil
        }
        return done.outcome
    }

    fileprivate func session(
        _ id: UploadID, _ name: ObjectName
    ) throws(StorageError) -> MemoryUpload {
        guard let session = uploads[id], session.upload.name == name else {
            throw StorageError(.noSuchUpload, "there is no upload \(id) of \(name)")
        }
        return session
    }

    fileprivate mutating func add(
        _ part: UploadPart, _ bytes: ByteBuffer, isSealed: Bool, to id: UploadID,
        _ name: ObjectName
    ) throws(StorageError) -> UploadPart {
        var session = try session(id, name)
        guard MultipartRules.partNumbers.contains(part.number) else {
            throw StorageError(.invalidArgument, "part numbers are 1 to 10 000")
        }
        session.parts[part.number] = part
        session.bytes[part.number] = bytes
        if isSealed {
            session.sealed.insert(part.number)
        } else {
            session.sealed.remove(part.number)
        }
        uploads[id] = session
        return part
    }

    /// The object's parts joined into a blob of the store.
    fileprivate mutating func assemble(
        _ id: UploadID, _ name: ObjectName, _ completion: Completion
    ) throws(StorageError) -> (parts: [UploadPart], info: BlobInfo) {
        let session = try session(id, name)
        let parts = try MultipartRules.select(completion, from: session.parts)
        var whole = ByteBuffer()
        for part in parts {
            if let bytes = session.bytes[part.number] { whole.writeImmutableBuffer(bytes) }
        }
        let body = HashedBody(
            whole, plan: HashPlan(sha512: true, checksums: Set(completion.promise.checksums.keys)))
        try body.check(completion.promise)
        guard let blob = body.blob else { preconditionFailure("the plan asked for SHA-256") }
        blobs[blob] = whole
        let isSealed =
            session.upload.isSealed || demandsSealing(name.bucket)
            || parts.contains { session.sealed.contains($0.number) }
        if isSealed { sealed.insert(blob) }
        return (
            parts, BlobInfo(blob: blob, sizeBytes: body.sizeBytes, isSealed: isSealed)
        )
    }

    fileprivate func list(_ request: UploadListRequest) -> UploadListPage {
        var page = UploadListPage(entries: [], isTruncated: false)
        let sessions = uploads.values.map(\.upload).filter {
            $0.name.bucket == request.bucket && $0.name.key.hasPrefix(request.prefix)
        }
        for upload in sessions.sorted(by: { $0.precedes($1) }) {
            let key = upload.name.key
            let rolled = key.commonPrefix(behind: request.prefix, delimiter: request.delimiter)
            guard isPast(upload, rolled: rolled, request) else { continue }
            let entry = rolled.map(UploadListEntry.commonPrefix) ?? .upload(upload)
            if page.entries.last == entry { continue }
            guard page.entries.count < request.limit else {
                page.isTruncated = request.limit > 0
                break
            }
            page.entries.append(entry)
        }
        return page
    }

    private func isPast(
        _ upload: Upload, rolled: ObjectKey?, _ request: UploadListRequest
    ) -> Bool {
        switch request.after {
        case nil:
            return true
        case .key(let key):
            return rolled ?? upload.name.key > key
        case .upload(let id, let key):
            guard let marker = uploads[id]?.upload else {
                return key.map { upload.name.key > $0 || upload.name.key == $0 && upload.id > id }
                    ?? (upload.id > id)
            }
            return marker.precedes(upload)
        }
    }
}

extension Upload {
    /// The order of lists: by key, then by time of initiation, then by id.
    package func precedes(_ other: Upload) -> Bool {
        if name.key != other.name.key { return name.key < other.name.key }
        return (initiatedMilliseconds, id) < (other.initiatedMilliseconds, other.id)
    }
}
