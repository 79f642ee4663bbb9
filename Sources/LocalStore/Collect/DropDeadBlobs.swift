// Finding the blobs that may go, and having them dropped. All blobs are walked over, in bounded steps, beside
// the keys of what names them; what nothing names is proposed to the committer, which looks again.

internal import Journal
internal import MetadataIndex
internal import Storage

/// Drops those that are dead, a bounded number at a time: while the committer decides on some, the walk goes
/// on to the next.
struct DropDeadBlobs: Sendable {
    let store: DurableStore
    let limits: CollectLimits
    let grace: Duration
    let job: JobProgressReport
    let pace: CollectPace
    let isDryRun: Bool

    func run() async throws {
        let total = store.committer.head.blobs
        job.set(JobProgress(stage: "dead blobs", total: total))
        let find = FindDeadBlobs(use: store.use, grace: grace, limit: UInt64(limits.stepEntries))
        var found = try await step(find, from: KeySchema.allBlobs.from)
        while true {
            try await pace.step()
            let (dead, next) = (found.dead, found.next)
            async let dropped: Void = drop(dead)
            if let next { found = try await step(find, from: next) }
            try await dropped
            guard next != nil else { return }
        }
    }

    private func step(_ find: FindDeadBlobs, from start: Bytes) async throws -> FindDeadBlobs.Found
    {
        let found = try await store.walk { (index) throws(IndexError) in
            try find.step(from: start, index)
        }
        job.advance(found.examined)
        return found
    }

    private func drop(_ dead: [DeadBlob]) async throws {
        var rest = dead[...]
        while !rest.isEmpty {
            let batch = Array(rest.prefix(limits.dropsPerCommit))
            rest = rest.dropFirst(batch.count)
            if isDryRun {
                report(batch)
            } else {
                report(
                    try await store.committer.queue.submit(
                        DropBlobs(candidates: batch, grace: grace)))
            }
        }
    }

    private func report(_ dropped: [DeadBlob]) {
        guard !dropped.isEmpty else { return }
        job.add("removed_blobs", UInt64(dropped.count))
        job.add("removed_bytes", dropped.reduce(0) { $0 + $1.sizeBytes })
        job.removed(dropped) {
            ($0.blob.description, "\($0.sizeBytes) bytes that nothing names")
        }
        if !isDryRun { store.collected.addDropped(dropped.count) }
    }
}

/// The steps of the walk.
struct FindDeadBlobs: Sendable {
    /// What one step found.
    struct Found: Sendable {
        var dead: [DeadBlob] = []
        var examined: UInt64 = 0
        /// Where the next step begins; `nil` at the end.
        var next: Bytes?
    }

    let use: BlobUse
    let grace: Duration
    /// Blobs that one step looks at.
    let limit: UInt64

    func step(
        from start: Bytes, _ index: any KeyValueIndex
    ) throws(IndexError) -> Found {
        var found = Found()
        let entries = try entries(from: start, index, &found)
        guard let first = entries.first?.blob, let last = entries.last?.blob else { return found }
        var named = try NamedBlobs(index, from: first, through: last)
        for entry in entries {
            guard try !named.isNamed(entry.blob), use.isIdle(entry.blob, grace: grace) else {
                continue
            }
            found.dead.append(entry)
        }
        return found
    }

    private func entries(
        from start: Bytes, _ index: any KeyValueIndex, _ found: inout Found
    ) throws(IndexError) -> [DeadBlob] {
        var entries: [DeadBlob] = []
        let cursor = try index.cursor(from: start, to: KeySchema.allBlobs.to)
        try cursor.seek(to: start)
        while let key = cursor.key {
            guard found.examined < limit else {
                found.next = key
                break
            }
            guard let blob = KeySchema.blob(ofBlob: key) else {
                throw .corrupt("the key of a blob")
            }
            let sizeBytes = try BlobEntry.sizeBytes(encoded: cursor.value)
            entries.append(DeadBlob(blob: blob, sizeBytes: sizeBytes))
            found.examined += 1
            try cursor.next()
        }
        return entries
    }
}
