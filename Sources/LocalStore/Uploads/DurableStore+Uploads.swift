// Upload sessions and their parts: reads, and the way of a change to the committer.

internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore: UploadStore {
    package func create(_ upload: Upload) async throws -> Upload {
        var upload = upload
        upload.id = UploadID(Self.identifier(random(), random()))
        try await prefetch([KeySchema.shown(Buckets.name(of: upload.name.bucket))])
        return try await committer.queue.submit(CreateUpload(upload: upload))
    }

    package func upload(_ id: UploadID, of name: ObjectName) async throws -> Upload {
        try await session(id).required(id, of: name)
    }

    package func putPart(
        _ id: UploadID, of name: ObjectName, number: Int, staged: StagedBlob
    ) async throws -> UploadPart {
        try Self.checkNumber(number)
        let etag = staged.md5.map(Hexadecimal.encode) ?? Self.identifier(random(), random())
        let part = UploadPart(
            number: number, sizeBytes: staged.sizeBytes, etag: etag,
            lastModifiedMilliseconds: 0, checksums: staged.checksums)
        try await prefetch([KeySchema.upload(id), KeySchema.part(id, number)])
        return try await sealingFirst(staged) { body in
            guard let body, let content = ingest.content(of: body) else {
                throw StorageError(.invalidArgument, "the part was not staged here")
            }
            let put = PutPart(
                id: id, name: name, part: part, bytes: StoredBytes(content.form), staged: body)
            return try await lookups.during {
                let record = try await committer.queue.submit(put)
                await follow(record, identity: staged.blob)
                return record.part
            }
        }
    }

    package func copyPart(
        _ id: UploadID, of name: ObjectName, number: Int, blob: BlobID, range: Range<UInt64>
    ) async throws -> UploadPart {
        try Self.checkNumber(number)
        try await prefetch([
            KeySchema.upload(id), KeySchema.part(id, number), KeySchema.blob(blob),
        ])
        let copy = CopyPart(id: id, name: name, number: number, blob: blob, range: range)
        return try await lookups.during {
            let record = try await committer.queue.submit(copy)
            await follow(record)
            return record.part
        }
    }

    package func parts(
        of id: UploadID, _ name: ObjectName, after: Int, limit: Int
    ) async throws -> (parts: [UploadPart], isTruncated: Bool) {
        _ = try await upload(id, of: name)
        let wanted = min(limit, configuration.limits.pageEntries)
        // One more than is wanted says whether more follow.
        let records = try await partRecords(of: id, after: after, limit: wanted + 1)
        return (records.prefix(wanted).map(\.part), wanted > 0 && records.count > wanted)
    }

    package func uploads(_ request: UploadListRequest) async throws -> UploadListPage {
        try await requireBucket(request.bucket)
        let limit = min(request.limit, configuration.limits.pageEntries)
        return try await read { (index) throws(IndexError) in
            try ListUploads(request: request, limit: limit).page(of: index)
        }
    }

    package func abort(_ id: UploadID, of name: ObjectName) async throws {
        try await prefetch([KeySchema.upload(id)])
        try await committer.queue.submit(AbortUpload(id: id, name: name))
        follower.forget(id)
    }

    // MARK: Reading

    func session(_ id: UploadID) async throws -> Upload? {
        try await lookup(KeySchema.upload(id)).map { value throws in
            try UploadRecord.decode(encoded: value.bytes[...])
        }
    }

    func partRecords(
        of id: UploadID, after: Int, limit: Int
    ) async throws -> [PartRecord] {
        try await read { (index) throws(IndexError) in
            let first = KeySchema.part(
                id, min(max(after, 0), MultipartRules.partNumbers.upperBound) + 1)
            let cursor = try index.cursor(from: first, to: KeySchema.parts(of: id).to)
            try cursor.seek(to: first)
            var records: [PartRecord] = []
            while cursor.key != nil, records.count < limit {
                let value = cursor.value
                records.append(
                    try decoding { () throws(RecordError) in try PartRecord(encoded: value[...]) })
                try cursor.next()
            }
            return records
        }
    }

    private static func checkNumber(_ number: Int) throws(StorageError) {
        guard MultipartRules.partNumbers.contains(number) else {
            throw StorageError(.invalidArgument, "part numbers are 1 to 10 000")
        }
    }

    /// 32 hexadecimal digits.
    private static func identifier(_ first: UInt64, _ second: UInt64) -> String {
        [first, second].map { value in
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
