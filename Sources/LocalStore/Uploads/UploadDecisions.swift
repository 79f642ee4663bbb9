// What is decided of sessions and parts: opening, adding, aborting. Completing has a file of its own.

internal import Journal
internal import MetadataIndex
internal import Storage

struct CreateUpload: Decision {
    let upload: Upload

    func decide(_ context: inout CommitContext) throws(StorageError) -> Upload {
        try context.requireBucket(upload.name.bucket)
        try context.requireSpace()
        var upload = upload
        upload.initiatedMilliseconds = context.wallMilliseconds
        if try context.demandsSealing(upload.name.bucket) { upload.isSealed = true }
        try context.record(.upload(upload))
        return upload
    }
}

/// Takes a staged body as a part.
struct PutPart: Decision {
    let id: UploadID
    let name: ObjectName
    let part: UploadPart
    let bytes: StoredBytes
    /// Keeps the bytes from being thought dead until the commit is through.
    let staged: StagedBlob

    func decide(_ context: inout CommitContext) throws(StorageError) -> PartRecord {
        let upload = try context.requireUpload(id, of: name)
        try context.requireSpace()
        guard bytes.isSealed || !upload.isSealed else { throw MustSeal.staged.refusal }
        var part = part
        part.lastModifiedMilliseconds = context.wallMilliseconds
        let record = PartRecord(upload: id, part: part, source: .stored(bytes))
        try context.record(.part(record))
        return record
    }
}

/// Takes a range of a live blob as a part.
struct CopyPart: Decision {
    let id: UploadID
    let name: ObjectName
    let number: Int
    let blob: BlobID
    let range: Range<UInt64>

    func decide(_ context: inout CommitContext) throws(StorageError) -> PartRecord {
        _ = try context.requireUpload(id, of: name)
        try context.requireSpace()
        let entry = try context.requireLive(blob)
        guard range.upperBound <= entry.record.sizeBytes else {
            throw StorageError(.invalidRange, "the range is not within blob \(blob)")
        }
        let part = UploadPart(
            number: number, sizeBytes: range.upperBound - range.lowerBound,
            etag: MultipartRules.etag(ofCopied: blob, range: range),
            lastModifiedMilliseconds: context.wallMilliseconds)
        let record = PartRecord(
            upload: id, part: part, source: .copied(blob, offsetBytes: range.lowerBound))
        try context.record(.part(record))
        return record
    }
}

struct AbortUpload: Decision {
    let id: UploadID
    let name: ObjectName

    func decide(_ context: inout CommitContext) throws(StorageError) {
        _ = try context.requireUpload(id, of: name)
        let ended = UploadEndedRecord(
            upload: id, name: name, outcome: .aborted,
            endedMilliseconds: context.wallMilliseconds)
        try context.record(.uploadEnded(ended))
    }
}

extension CommitContext {
    func requireUpload(_ id: UploadID, of name: ObjectName) throws(StorageError) -> Upload {
        let upload = try look { (index) throws(IndexError) in try index.upload(id) }
        return try upload.required(id, of: name)
    }
}

extension Upload? {
    /// Throws `noSuchUpload` for a session that is not there or belongs to another name.
    func required(_ id: UploadID, of name: ObjectName) throws(StorageError) -> Upload {
        guard let upload = self, upload.name == name else {
            throw StorageError(.noSuchUpload, "there is no upload \(id) of \(name)")
        }
        return upload
    }
}
