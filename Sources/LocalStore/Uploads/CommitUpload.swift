// The decision that ends an upload, and the one that remembers how an upload ended.

internal import Journal
internal import MetadataIndex
internal import Storage

/// Answers `nil` where the parts, or the blobs they were copied from, are not any more what they were when
/// the body was assembled.
struct CommitUpload: Decision {
    enum Ended: Sendable {
        case object(ObjectVersion)
        case blob(BlobInfo)
    }

    let upload: Upload
    let parts: [PartRecord]
    let body: AssembledBody
    /// `nil` where the body is a blob that is here.
    let record: BlobRecord?
    let blob: BlobID
    let conditions: Preconditions
    let list: BlobID
    let asObject: Bool

    func decide(_ context: inout CommitContext) throws(StorageError) -> Ended? {
        let id = upload.id
        // Another call may have ended it just now, with the same list.
        guard try context.look({ (index) throws(IndexError) in try index.upload(id) }) != nil else {
            return try RecallUpload(id: id, name: upload.name, list: list).decide(&context)
        }
        for part in parts {
            let present = try context.look { (index) throws(IndexError) in
                try index.part(id, part.part.number)
            }
            guard present == part else { return nil }
        }
        for (source, bytes) in body.sources {
            // Dropped and pushed again, or mended, it consists of other chunks.
            guard try context.requireLive(source).record.bytes == bytes else { return nil }
        }
        try context.requireSpace()
        if asObject {
            try context.requireBucket(upload.name.bucket)
            try context.check(conditions, upload.name)
            try context.requireQuota(upload.name, sizeBytes: body.sizeBytes)
        }
        let isSealed = try isSealed(in: &context)
        try context.requireForm(of: blob, incoming: record, isSealed: isSealed)
        if let record { try context.recordBlob(record) }
        // Parts that came in the clear are garbage once their body is sealed.
        if isSealed, parts.contains(where: \.isStoredClear) { try context.noteClearBytes() }
        return try end(&context, isSealed: isSealed)
    }

    private func isSealed(in context: inout CommitContext) throws(StorageError) -> Bool {
        if upload.isSealed || body.isSealed { return true }
        return asObject ? try context.demandsSealing(upload.name.bucket) : false
    }

    private func end(
        _ context: inout CommitContext, isSealed: Bool
    ) throws(StorageError) -> Ended {
        guard asObject else {
            try recordEnd(.blob(blob, list: list), &context)
            return .blob(try context.requireLive(blob).info)
        }
        let version = try context.recordPut(content(isSealed: isSealed), of: upload.name)
        try recordEnd(.object(version.version, list: list), &context)
        return .object(version)
    }

    private func recordEnd(
        _ outcome: UploadEndedRecord.Outcome, _ context: inout CommitContext
    ) throws(StorageError) {
        try context.record(
            .uploadEnded(
                UploadEndedRecord(
                    upload: upload.id, name: upload.name, outcome: outcome,
                    endedMilliseconds: context.wallMilliseconds)))
    }

    private func content(isSealed: Bool) -> ObjectContent {
        let named = parts.map(\.part)
        return ObjectContent(
            blob: blob, sizeBytes: body.sizeBytes, lastModifiedMilliseconds: 0,
            etag: MultipartRules.etag(of: named), headers: upload.headers,
            checksum: MultipartRules.checksum(of: named, upload: upload),
            partSizes: named.map(\.sizeBytes), userMetadata: upload.userMetadata,
            tags: upload.tags, isSealed: isSealed, writer: upload.writer)
    }
}

extension PartRecord {
    /// Its bytes were sent, and lie on the disk as they came.
    fileprivate var isStoredClear: Bool {
        if case .stored(let bytes) = source { !bytes.isSealed } else { false }
    }
}

/// What an upload that has ended ended as, for who completes it again with the same list.
struct RecallUpload: Decision {
    let id: UploadID
    let name: ObjectName
    let list: BlobID

    func decide(_ context: inout CommitContext) throws(StorageError) -> CommitUpload.Ended {
        let ended = try context.look { (index) throws(IndexError) in try index.ended(id) }
        guard let ended, ended.name == name else { throw noSuchUpload }
        switch ended.outcome {
        case .object(let version, list: list):
            let register = try context.register(name)
            // Something else may have been said of it since, such as other tags.
            let object = register.versions.first {
                $0.version == version || $0.versionID == .stamp(version)
            }
            guard let object else { throw noSuchUpload }
            return .object(object)
        case .blob(let blob, list: list):
            guard let entry = try context.blob(blob) else { throw noSuchUpload }
            return .blob(entry.info)
        case .aborted, .object, .blob:
            throw noSuchUpload
        }
    }

    private var noSuchUpload: StorageError {
        StorageError(.noSuchUpload, "there is no upload \(id) of \(name)")
    }
}

extension IndexTransaction {
    func ended(_ id: UploadID) throws(IndexError) -> UploadEndedRecord? {
        guard let value = try get(KeySchema.ended(id)) else { return nil }
        return try decoding { () throws(RecordError) in
            try UploadEndedRecord(encoded: value[...])
        }
    }
}
