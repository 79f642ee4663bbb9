// Upload sessions that nobody goes on with are aborted; what they were the last to refer to is dead. A session
// is idle since its last part came, or since it was opened. By the time of day, since that survives a start.

internal import Journal
internal import MetadataIndex
internal import Storage

struct AbortIdleUploads: Sendable {
    let store: DurableStore
    let limits: CollectLimits
    let job: JobProgressReport
    let pace: CollectPace
    let isDryRun: Bool

    func run() async throws {
        guard let limit = limits.idleUploads else { return }
        let idleMilliseconds = Int64(limit / .milliseconds(1))
        job.set(JobProgress(stage: "idle uploads"))
        var next: Bytes? = KeySchema.allUploads.from
        while let start = next {
            try await pace.step()
            let (uploads, following) = try await store.walk { [self] (index) throws(IndexError) in
                try step(from: start, index)
            }
            next = following
            for upload in uploads {
                try await abort(AbortIdleUpload(upload: upload, idleMilliseconds: idleMilliseconds))
            }
            job.advance(UInt64(uploads.count))
        }
    }

    private func abort(_ decision: AbortIdleUpload) async throws {
        let upload = decision.upload
        // Looked at here first: an upload may have thousands of parts, for which the committer, and everyone
        // behind it, would wait.
        let (head, now) = (store.committer.head, store.clock.milliseconds())
        let isIdle = try await store.walk { (index) throws(IndexError) in
            try decision.isIdle(IndexTransaction(index, head: head), wallMilliseconds: now)
        }
        guard isIdle else { return }
        if !isDryRun {
            guard try await store.committer.queue.submit(decision) else { return }
            store.follower.forget(upload.id)
        }
        job.add("aborted_uploads", 1)
        job.found(
            JobFinding("\(upload.name) upload \(upload.id)", "nobody went on with it", .removed))
    }

    private func step(
        from start: Bytes, _ index: any KeyValueIndex
    ) throws(IndexError) -> ([Upload], Bytes?) {
        let cursor = try index.cursor(from: start, to: KeySchema.allUploads.to)
        try cursor.seek(to: start)
        var uploads: [Upload] = []
        while let key = cursor.key {
            guard uploads.count < limits.stepEntries else { return (uploads, key) }
            let value = cursor.value
            uploads.append(
                try decoding { () throws(RecordError) in
                    try UploadRecord.decode(encoded: value[...])
                })
            try cursor.next()
        }
        return (uploads, nil)
    }
}

/// Aborts an upload, if it has been idle for so long. Answers whether it was.
struct AbortIdleUpload: Decision {
    let upload: Upload
    let idleMilliseconds: Int64

    func decide(_ context: inout CommitContext) throws(StorageError) -> Bool {
        let wallMilliseconds = context.wallMilliseconds
        let isIdle = try context.look { (index) throws(IndexError) -> Bool in
            try self.isIdle(index, wallMilliseconds: wallMilliseconds)
        }
        guard isIdle else { return false }
        try context.record(
            .uploadEnded(
                UploadEndedRecord(
                    upload: upload.id, name: upload.name, outcome: .aborted,
                    endedMilliseconds: wallMilliseconds)))
        return true
    }

    func isIdle(
        _ index: IndexTransaction, wallMilliseconds: Int64
    ) throws(IndexError) -> Bool {
        guard let upload = try index.upload(upload.id) else { return false }
        func isLongAgo(_ milliseconds: Int64) -> Bool {
            wallMilliseconds - milliseconds >= idleMilliseconds
        }
        guard isLongAgo(upload.initiatedMilliseconds) else { return false }
        for key in try index.keys(in: KeySchema.parts(of: upload.id)) {
            guard let part = try index.part(upload.id, KeySchema.partNumber(of: key)) else {
                continue
            }
            guard isLongAgo(part.part.lastModifiedMilliseconds) else { return false }
        }
        return true
    }
}
