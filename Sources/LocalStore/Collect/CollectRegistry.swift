// Collects what nobody needs any more in a bucket that holds a registry in CNCF Distribution's layout: links
// of layers that no manifest names, manifests that nothing reaches where untagged ones are to go, and the
// keys of blobs that no repository links. It deletes keys; bytes go when nothing names their blob
// (`CollectGarbage`). There is no read-only mode: pushes, pulls, mounts and deletes go on in every region.
//
// When a key may go. A run marks what is needed from nothing but the store as it stands (`RepositoryMark`
// says what reaches what). A key is removed where, all at once,
//   1. this run's mark does not need it,
//   2. it is in quarantine, put there by this region, for at least the period,
//   3. every region that is known had confirmed the quarantine before this run's mark began, and is heard,
//   4. it still shows the very version that was judged when the committer decides.
// A key enters quarantine where the mark does not need it and it was last written longer ago than the
// grace. What is younger than the grace counts as needed, with all that it reaches: what a push has written
// already is safe until its manifest and its tag are there. `_uploads/` is never looked at.
//
// Stamps. Quarantine is a version just above the one that was judged (its stamp plus one), and so is the
// tombstone. Whatever anyone writes, anywhere, is stamped by a clock that is far past that, so it wins
// whatever the order in which they meet; that is why the grace is never less than regions' clocks may
// differ where others are known.
//
// Looking up takes out. A reader who finds an object in quarantine gets it only after a new version of it and
// of all that it needs, without the mark, is durable (`TakeOutOfQuarantine.swift`). So whoever was told that a
// layer or a manifest exists, by HEAD, by a list of exactly that key, by a mount or by a pull, in any region
// that knows of the quarantine, holds keys that no running collection can remove (4), and that are young for
// the next.
//
// What this survives (RegistryInterleavingTests; RegistryGuardTests has each condition by itself):
//  - A tag is pushed while the mark runs. Its manifest is young. Its layers were looked up: those that were
//    in quarantine are out (4). Those that were not are put in quarantine at worst; the next run needs them
//    and takes them out, and none goes before (1).
//  - A quarantined blob is looked up or mounted in another region. Its new version beats the tombstone by
//    its stamp, here and there. What was looked up there before the quarantine came, and used, was written
//    before that region confirmed, so this mark has it (3).
//  - A quarantined manifest is looked up, here or in another region, while a run removes it and its layers;
//    an index or a tag that names it is pushed. They have come out with it; or a part was gone when it was
//    looked up, and then the answer was that it is not there (TakeOutOfQuarantineTests).
//  - A quarantined manifest is pushed again: it is written again, so (4) fails, and the new version wins.
//  - A crash at any point: every step is one version of one key. A run carries nothing over to the next.
//  - Two regions collect at once: each removes only what it put in quarantine itself. A quarantine whose
//    region is no more is taken over after twice the period, and thirty days where that region has the
//    lesser id, so that regions that collect by turns do not take it from each other for ever.
//  - A tag is deleted or moved: its old version is history, and history reaches as tags do. What such a
//    version reaches stays if it shows, and stays as history itself if it was deleted; where no tag's
//    version reaches it, such history ends here, before its time.
//  - A link or manifest that cannot be read: the repository is left alone in this run, reported, and every
//    blob that any of its links names, deleted ones included, counts as linked.
// What it does not survive is a registry that answers from a cache of its own that a layer exists, without
// asking here, for longer than the period, of a layer that no manifest names.

internal import RegistryLayout
internal import Storage

/// What a run is asked to do.
struct RegistryCollection: Sendable {
    var bucket: String
    /// Manifests that no tag reaches go as well; without, only what no manifest needs.
    var deletesUntagged: Bool
    /// What is done about what the mark says.
    var effect: Effect
    /// History that no tag needs ends; not where the bucket keeps history of every key.
    var releasesHistory: Bool
    var rule: QuarantineRule
    /// Bytes for remembering which blobs are linked.
    var filterBytes = 16 << 20
    /// Of this run (see `LinkedDigests`).
    var salt: UInt64

    enum Effect: Sendable {
        /// Only told.
        case none
        /// No key that shows is touched: history that no tag needs ends, and nothing else.
        case release
        case collect
    }
}

struct CollectRegistry: Sendable {
    let store: DurableStore
    let collection: RegistryCollection
    let report: JobProgressReport

    /// Throws `invalidArgument` for a bucket of another layout.
    func run() async throws {
        let layout = try await RecogniseLayout(store: store).layout(of: collection.bucket)
        guard case .distribution(let roots) = layout else {
            throw StorageError(
                .invalidArgument,
                "bucket “\(collection.bucket)” is left alone: "
                    + (layout.reasonToLeaveAlone ?? "it holds nothing"))
        }
        for root in roots { try await collect(root) }
    }

    private func collect(_ root: RegistryRoot) async throws {
        var linked = LinkedDigests(sizeBytes: collection.filterBytes, salt: collection.salt)
        report.set(JobProgress(stage: "repositories"))
        var after = root.repositories
        while let name = try await first(behind: after) {
            guard name.key.hasPrefix(root.repositories) else { break }
            guard let repository = LayoutPath(name.key)?.repository, repository.root == root else {
                after = name.key
                continue
            }
            try report.checkCancellation()
            try await collect(repository, &linked)
            report.advance(1)
            // Behind every key that begins with the prefix: its last byte plus one.
            after = ObjectKey(
                bytes: repository.prefix.bytes.dropLast() + [UInt8(ascii: "_") + 1])
        }
        try await collectBlobs(of: root, linked)
    }

    private func collect(_ repository: Repository, _ linked: inout LinkedDigests) async throws {
        let walk = CollectRepository(store: store, repository: repository, collection: collection)
        do {
            try await walk.judge(&linked) { judged in
                try report.checkCancellation()
                try await sweep(judged)
            }
        } catch let error as UnreadableEntry {
            report.add("repositories_left_alone", 1)
            report.found(
                JobFinding(
                    error.name.description, "\(repository.name) is left alone: \(error.reason)",
                    .kept))
            try await walk.linkEverything(&linked)
        }
    }

    private func collectBlobs(of root: RegistryRoot, _ linked: LinkedDigests) async throws {
        report.set(JobProgress(stage: "blobs"))
        let walk = WalkRegisters(store: store, bucket: collection.bucket)
        try await walk.pages(root.blobs) { page in
            try report.checkCancellation()
            var judged = Judgements(rule: collection.rule)
            for (name, register) in page {
                guard case .blobData(_, let digest) = LayoutPath(name.key) else { continue }
                judged.add(
                    register, isNeeded: linked.mayContain(digest),
                    releases: collection.releasesHistory)
            }
            try await sweep(judged)
            report.advance(UInt64(page.count))
        }
    }

    private func first(behind key: ObjectKey) async throws -> ObjectName? {
        try await store.registers(in: collection.bucket, after: key, limit: 1).first?.name
    }

    // MARK: Sweeping

    private func sweep(_ judged: Judgements) async throws {
        report.add("released_versions", UInt64(judged.released.count))
        if collection.effect != .none, !judged.released.isEmpty {
            try await store.expire(judged.released)
        }
        guard collection.effect != .release else { return }
        report.add("waiting_keys", judged.waiting)
        var done = judged.items.map { _ in true }
        if collection.effect == .collect, !judged.items.isEmpty {
            done = try await carryOut(judged.items)
        }
        for (item, isDone) in zip(judged.items, done) where isDone { tell(item) }
    }

    /// Which were still as they had been judged.
    private func carryOut(_ items: [SweepObjects.Item]) async throws -> [Bool] {
        try await store.prefetch(items.flatMap { DurableStore.keys(of: $0.judged.name) })
        return try await store.committer.queue.submit(SweepObjects(items: items))
    }

    private func tell(_ item: SweepObjects.Item) {
        let subject = item.judged.name.description
        switch item.step {
        case .keep, .wait: break
        case .takeOut: report.add("taken_out_keys", 1)
        case .quarantine:
            report.add("quarantined_keys", 1)
            report.found(JobFinding(subject, "nothing needs it; in quarantine now", .kept))
        case .remove:
            report.add("removed_keys", 1)
            report.add("removed_logical_bytes", item.judged.content?.sizeBytes ?? 0)
            report.found(JobFinding(subject, "nothing needed it", .removed))
        }
    }
}
