// When bytes may go.
//
// A blob may be dropped when no version and no part names it (published, pending or kept as history: each is
// a referrer in the index), no lease holds it, and nobody has used it for the grace period: written it, looked
// it up, linked it, copied from it, sent it a second time, or removed a name of it. After a start everything
// counts as used just then. Damage does not make a blob dead.
//
// A chunk is dead when no live blob and no part refers to it, and no body that is on its way in or staged has
// appended it. A dead chunk never comes back to life: a record refers to chunks only where its own body
// appended them, or where a live blob or part does when the record is decided. So what is dead once is dead
// for good, and its bytes may go when nobody reads them.
//
// A file may be unlinked when every chunk in it is dead or stands elsewhere by a durable record, that it is
// retired is durable too, and no read pins any of it.
//
// What this survives, and why. Tests replay each under its number, and each of them fails where its guard is
// taken out: DropInterleavingTests has 1 to 5, CompleteInterleavingTests 6 to 8, ReadInterleavingTests 9 and 10,
// ReclaimInterleavingTests 7 and 11 to 14, PowerLossTests a crash at every call (13).
//
//  1. *A blob gains a name, or is used, between the proposal to drop it and the drop.* The committer looks
//     again at the index, with what it decided before in the same group, and at the uses.
//  2. *A blob is looked up while its drop is under way.* Every look-up says so before it looks (`BlobUse`).
//     Said before the drop is decided, the drop is refused; said after, the blob counts as not here, until
//     the index says so too. Nobody is told of a blob that is then gone within the grace period.
//  3. *The same digest is pushed while it is dropped.* The push has chunks of its own, staged. Decided before
//     the drop, it finds the blob here, and the drop finds it used; with no grace, or decided after, the blob
//     is recorded anew with the chunks of the push.
//  4. *A link, mount or part copy is decided after the drop.* It requires the blob to be live and is refused
//     with `noSuchBlob`; the client sends the bytes.
//  5. *A name is read, removed, and its blob dropped before the reader asks for the bytes.* Removing a name
//     counts as use: the reader has the grace period.
//  6. *A blob that parts were copied from is mended, or a part replaced, while the upload is completed.* The
//     completed body would name the old chunks. The committer compares the parts, and what each source
//     consists of. (Dropped the blob cannot be: the part names it.)
//  7. *A body is staged, or on its way in, when the live chunks are marked.* Its writers hold its files
//     (`ChunkHolds`), from before a file is made until the record is visible: a held file is left alone.
//  8. *A reference goes from one record to another behind the walk that marks.* The committer notes what is
//     referred to while the walk is under way (`ReferenceWatch`).
//  9. *A reader has found a record, and its chunks are moved, punched or unlinked before it pins them.* Before
//     bytes go, every look-up that was open when they became dead or stood elsewhere has ended
//     (`OpenLookups`); what it found is pinned then, or given up. A scrub reads in the same way.
// 10. *A read is under way.* Its pins keep its stretches from being punched and its files from being unlinked,
//     until its last byte is written. What is being hashed ahead is pinned as well.
// 11. *A blob or part goes while its chunks are copied on.* The committer moves only chunks that their owner
//     still names and that stand where they were copied from. The copy of any other is dead.
// 12. *A chunk rots before it is copied on, or the copy does.* Both are checked, the copy as the disk has it;
//     a chunk that fails is not moved, and its file stays.
// 13. *A crash between any two steps.* Drops, moves and retirements are records; a punched chunk and an
//     unlinked file were dead by records that are durable, since the index shows nothing else. Copies that
//     nobody refers to, and retired files that were not unlinked, are dead in the next run.
// 14. *A commit fails and its records reach the disk all the same.* After a failed write nothing is reclaimed
//     before a later one has voided it; after a failed sync, never.
// 15. *A backup is being made.* Bytes go only within a step, and none begins while it lasts (`ReclaimGate`).
//
// What is collected is decided from the index alone, so an index rebuilt from the journal says the same, and
// nothing that was deleted comes back.

internal import ChunkFiles
package import Storage

extension DurableStore {
    /// Aborts idle uploads, drops dead blobs, and gives back what is dead in chunk files. One run at a time;
    /// it can be ended between any two steps. A dry run only says what would go.
    package func collectGarbage(
        _ options: GarbageOptions, _ job: JobProgressReport
    ) async throws {
        guard collected.begin() else {
            throw StorageError(.unavailable, "garbage is being collected already")
        }
        defer { collected.end() }
        let limits = configuration.limits.collect
        let pace = collectPace(job)
        let freed = collected.figures.freedBytes
        try await AbortIdleUploads(
            store: self, limits: limits, job: job, pace: pace, isDryRun: options.isDryRun
        ).run()
        let drops = DropDeadBlobs(
            store: self, limits: limits, grace: options.grace ?? limits.grace, job: job,
            pace: pace, isDryRun: options.isDryRun)
        try await renewal.postponed(on: background) { try await drops.run() }
        let note = options.isDryRun ? nil : try await clearBytesNote()
        let isComplete = try await ReclaimSpace(
            store: self, limits: limits, job: job, pace: pace, isDryRun: options.isDryRun,
            isThorough: note != nil
        ).run()
        if let note, isComplete { try await forgetClearBytes(note) }
        let physical = try await background.run { [chunks] in try chunks.space.allocatedBytes() }
        job.add("physical_bytes", physical)
        job.add("freed_bytes", UInt64(max(0, collected.figures.freedBytes - freed)))
    }
}
