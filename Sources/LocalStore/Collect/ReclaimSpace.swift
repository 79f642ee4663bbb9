// What is dead in chunk files is given back to the disk: a file with nothing live in it goes, one of which
// little is live is compacted, in any other the dead payloads are punched out.
//
// A file goes in this order: `file retired` is durable; the look-ups that were open have ended; no read pins
// any of it; it is unlinked, and its directory is synced. A read that goes on for long does not hold up the
// rest: its file goes another time. A file that a crash left behind is empty, and goes in the next run.
//
// A thorough run leaves nothing of what is dead, where the waste alone would not be worth the trouble: for bytes
// that lay in the clear and were sealed (`ForgetClearBytes.swift`).

internal import ChunkFiles
internal import DiskIO
internal import Storage
internal import Synchronization

struct ReclaimSpace: Sendable {
    let store: DurableStore
    let limits: CollectLimits
    let job: JobProgressReport
    let pace: CollectPace
    let isDryRun: Bool
    var isThorough = false

    /// Whether, in a thorough run, nothing of what was dead is left.
    @discardableResult
    func run() async throws -> Bool {
        guard store.journalDamage.isEmpty else {
            // What a lost record named looks dead, and may be all there is to mend it from.
            job.found(
                JobFinding("chunk files", "the journal was found damaged at the start", .kept))
            return false
        }
        if !isDryRun, store.gate.isClosed {
            job.found(JobFinding("chunk files", ReclaimGate.reason, .kept))
        }
        try await unlinkRetired()
        let all = try await store.background.run { [store] in try store.chunks.reader.files() }
        // Full files are let go of by their lanes, and count as done with from now on.
        store.chunks.appender.seal(isThorough ? Set(all) : [])
        let files = all.filter { !store.collected.isRetired($0) }
        job.set(JobProgress(stage: "chunk files", total: UInt64(files.count)))
        var sums = LiveSums()
        var held = try await reclaim(files, &sums)
        if !isDryRun {
            // What is still written takes no more chunks where too much of it is dead, and has its turn.
            store.chunks.appender.seal(Set(held.filter { $0.isWasteful(limits) }.map(\.file)))
            let sealed = held.map(\.file).filter { !store.chunks.appender.isHeld($0) }
            held.removeAll { sealed.contains($0.file) }
            held += try await reclaim(sealed, &sums)
        }
        for space in held { sums.add(space) }
        store.collected.note(sums)
        job.add("live_bytes", sums.liveBytes)
        job.add("dead_bytes", sums.deadBytes)
        return !sums.isIncomplete && !held.contains { $0.hasDeadBytes }
    }

    /// Marks and reclaims files, as many at a time as there is room for. Returns those that are held.
    private func reclaim(_ files: [UInt64], _ sums: inout LiveSums) async throws -> [FileSpace] {
        var held: [FileSpace] = []
        var rest = files[...]
        let marking = MarkLiveChunks(
            store: store, stepEntries: limits.stepEntries, limit: limits.markedChunks,
            pause: { [pace] in try await pace.step() })
        while !rest.isEmpty {
            // Chosen before the marking begins.
            let idle = Set(rest.filter { !store.chunks.appender.isHeld($0) })
            guard let live = try await marking.run(rest) else {
                job.found(JobFinding("chunk files", "too much changed meanwhile", .kept))
                sums.isIncomplete = true
                return held
            }
            try requireSettled()
            if !isDryRun { try await ForgetDeadMoves(store: store, pace: pace).run(live, idle) }
            for file in live.files {
                let space = try await measure(file, live.take(file))
                if !idle.contains(file) {
                    held.append(space)
                } else if isDryRun {
                    sums.add(space)
                } else {
                    try await reclaimOrKeep(space, &sums)
                }
                job.advance(1)
            }
            rest = rest.dropFirst(live.files.count)
        }
        return held
    }

    /// What a crash could bring back must not be taken for dead.
    private func requireSettled() throws {
        guard store.committer.isSettled else {
            throw StorageError(
                .unavailable, "a commit failed; nothing is reclaimed before the next one")
        }
    }

    private func measure(_ file: UInt64, _ live: [LiveChunk]) async throws -> FileSpace {
        try await store.background.run { [store] in
            try FileSpace(
                file: file, live: live, space: store.chunks.space, reader: store.chunks.reader)
        }
    }

    // MARK: One file

    /// Trouble with one file is no reason to leave the others.
    private func reclaimOrKeep(_ space: FileSpace, _ sums: inout LiveSums) async throws {
        do {
            try await pace.step()
            let rest = try await reclaim(space)
            if let rest { sums.add(rest) }
            if isThorough, let rest, rest.hasDeadBytes, try await !erase(rest) {
                sums.isIncomplete = true
            }
            // What was live and is not any more in this file stands elsewhere.
            sums.liveBytes += space.liveBytes - (rest?.liveBytes ?? 0)
        } catch let error as CancellationError {
            throw error
        } catch {
            try requireSettled()
            sums.add(space)
            sums.isIncomplete = true
            job.found(JobFinding("chunk file \(space.file)", "\(error)", .kept))
        }
    }

    /// What the file is then; `nil` where it is gone, or will be.
    private func reclaim(_ space: FileSpace) async throws -> FileSpace? {
        if let refusal = space.refusal {
            job.found(JobFinding("chunk file \(space.file)", refusal, .kept))
            return space
        }
        guard !store.gate.isClosed else { return space }
        if space.live.isEmpty {
            return try await retire(space.file) ? nil : space
        }
        var space = space
        let isCompactedFirst = space.isMostlyDead(limits)
        if isCompactedFirst {
            guard let rest = try await compact(space) else { return nil }
            space = rest
        }
        // Also of what could not be compacted, as where the disk is too full for copies.
        guard space.isWasteful(limits) else { return space }
        guard try await store.gate.step({ try await punch(space) }) else { return space }
        space = try await measure(space.file, space.live)
        guard space.isWasteful(limits), !isCompactedFirst else { return space }
        return try await compact(space)
    }

    /// What the file is then; `nil` where it is gone, or will be.
    private func compact(_ space: FileSpace) async throws -> FileSpace? {
        let outcome = try await CompactFile(
            store: store, limits: limits, pace: { [pace] in try await pace.step(bytes: $0) }
        ).run(space.live)
        job.add("copied_bytes", outcome.copiedBytes)
        store.collected.addCopied(outcome.copiedBytes)
        guard outcome.kept.isEmpty else {
            job.found(JobFinding("chunk file \(space.file)", Self.reason(outcome), .kept))
            // Whoever found one of the others where it stood before has pinned it now.
            await store.lookups.settled()
            return try await measure(space.file, outcome.kept)
        }
        job.add("compacted_files", 1)
        return try await retire(space.file) ? nil : measure(space.file, [])
    }

    /// Why something of a file could not be moved.
    private static func reason(_ outcome: CompactFile.Outcome) -> String {
        if outcome.damagedChunks > 0 { return "\(outcome.damagedChunks) of its chunks are damaged" }
        if outcome.lackedRoom { return "the disk has no room for copies of its chunks" }
        return "some of its chunks were referred to anew"
    }

    private func punch(_ space: FileSpace) async throws {
        let freed = try await store.background.run { [store] in
            let ranges = try DeadPayloads(space.file, reader: store.chunks.reader)
                .ranges(besides: space.live.map(\.record))
                .filter { !store.chunks.pins.isPinned($0, of: space.file) }
            try store.chunks.space.punch(ranges, of: space.file)
            let after = try store.chunks.space.allocatedBytes(of: space.file)
            return space.allocatedBytes - min(after, space.allocatedBytes)
        }
        job.add("punched_bytes", freed)
        store.collected.addFreed(freed)
    }

    /// Punches out every byte of what is dead. Whether all of it is gone: not what a read still pins.
    private func erase(_ space: FileSpace) async throws -> Bool {
        guard space.refusal == nil else { return false }
        var isErased = false
        let mayGo = try await store.gate.step {
            isErased = try await store.background.run { [store] in
                let all = try DeadPayloads(space.file, reader: store.chunks.reader)
                    .ranges(besides: space.live.map(\.record), isExact: true)
                let free = all.filter { !store.chunks.pins.isPinned($0, of: space.file) }
                try store.chunks.space.punch(free, of: space.file, isDurable: true)
                return free == all
            }
        }
        return mayGo && isErased
    }

    /// Whether the file is gone, or will be: not while a backup is being made.
    private func retire(_ file: UInt64) async throws -> Bool {
        try await store.gate.step {
            try await store.committer.queue.submit(RetireFile(file: file))
            store.collected.retire(file)
            await store.lookups.settled()
            try await unlink(file)
        }
    }

    // MARK: Unlinking

    private func unlinkRetired() async throws {
        guard !isDryRun else { return }
        // The run that retired them has waited for look-ups; a read may still pin them.
        for file in store.collected.retired {
            guard try await store.gate.step({ try await unlink(file) }) else { return }
        }
    }

    private func unlink(_ file: UInt64) async throws {
        guard !store.chunks.pins.isPinned(0..<UInt64.max, of: file) else { return }
        let freed = try await store.background.run { [store] in
            let freed = try store.chunks.space.allocatedBytes(of: file)
            try store.chunks.space.remove(file)
            return freed
        }
        store.collected.unlinked(file)
        store.collected.addFreed(freed)
        job.add("removed_files", 1)
        job.add("removed_file_bytes", freed)
    }
}
