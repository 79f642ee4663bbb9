// Reads all chunk files from one end to the other, as fast as a disk gives them, and remembers where no
// intact chunk is; then looks which live chunks stand there (`ConfirmDamage`). So a file is read once and
// in order, whatever the number of its chunks and of the blobs they belong to, and rot of what is dead is
// not spoken of. Files and ends of files that are gone are found the same way: a live chunk stands where
// nothing was read.

internal import ChunkFiles
internal import DiskIO
internal import Storage

struct ScrubChunkFiles {
    let store: DurableStore
    let report: any WorkReport
    var pace: ScrubPace

    private var limits: ScrubLimits { store.configuration.limits.scrub }

    init(_ store: DurableStore, _ report: any WorkReport, _ pace: ScrubPace) {
        self.store = store
        self.report = report
        self.pace = pace
    }

    mutating func run(
        from first: UInt64, passed: @Sendable (_ chunkFile: UInt64) async throws -> Void
    ) async throws {
        // Ids above it are given to files made from now on.
        let lastNamed = store.committer.head.lastChunkFile
        let reader = store.chunks.reader
        let (files, total) = try await store.pool.run {
            let files = try reader.files().filter { $0 >= first }
            return (files, try reader.occupiedBytes(files))
        }
        report.set(JobProgress(stage: "chunk files", total: total, isBytes: true))
        let last = max(files.last ?? 0, lastNamed)
        var rest = files[...]
        var from = first
        repeat {
            let batch = rest.prefix(limits.filesBetweenChecks)
            rest = rest.dropFirst(batch.count)
            let upTo = rest.isEmpty ? max(last, from) : batch.last ?? last
            var suspects = SuspectPlaces(files: from...upTo)
            for file in batch { try await read(file, &suspects) }
            try await ConfirmDamage(store: store, report: report).run(suspects)
            try await passed(upTo)
            from = upTo + 1
        } while !rest.isEmpty
    }

    private mutating func read(_ file: UInt64, _ suspects: inout SuspectPlaces) async throws {
        let reader = store.chunks.reader
        let scan: ChunkScan
        do {
            scan = try await store.pool.run { try ChunkScan(file, reader: reader) }
        } catch let error as ChunkFileError {
            return note(error)
        }
        if !scan.hasIntactHeader {
            report.found(
                JobFinding(
                    "chunk file \(file)",
                    "its header is damaged; what is in it is read all the same",
                    .kept))
        }
        let (limits, verified) = (limits, store.reads.verified)
        var isAtEnd = false
        while !isAtEnd {
            try report.checkCancellation()
            let step = try await store.pool.run {
                try ScanStep(scan, limits: limits, forgetting: verified)
            }
            for range in step.suspects where suspects.count < limits.suspects {
                suspects.add(range, of: file)
            }
            isAtEnd = step.isAtEnd
            // With too many to remember, all that follows is looked at again.
            let end = suspects.count < limits.suspects ? scan.sizeBytes : step.from
            suspects.read(file, sizeBytes: end)
            report.advance(step.bytes)
            report.add("checked_bytes", step.bytes)
            report.add("checked_chunks", step.chunks)
            try await pace.took(step.bytes)
        }
    }

    /// What cannot be opened was not read: whoever has chunks in it is looked at.
    private func note(_ error: ChunkFileError) {
        guard case .refused(let file, let reason) = error else { return }
        report.found(JobFinding("chunk file \(file)", reason, .beyondRepair))
    }
}

/// One stretch of a scan.
private struct ScanStep: Sendable {
    var from: UInt64
    var bytes: UInt64 = 0
    var chunks: UInt64 = 0
    var suspects: [Range<UInt64>] = []
    var isAtEnd = false

    init(_ scan: ChunkScan, limits: ScrubLimits, forgetting verified: VerifiedChunks) throws {
        from = scan.offsetBytes
        while bytes < UInt64(limits.stepBytes) {
            guard let stretch = try scan.next() else {
                isAtEnd = true
                break
            }
            switch stretch {
            case .chunk(let reference, let isIntact):
                chunks += 1
                guard !isIntact else { break }
                let start = reference.id.offsetBytes
                suspects.append(start..<start + ChunkFormat.alignmentBytes)
                verified.forget(ChunkPlace(reference.id))
            case .gap(let range):
                suspects.append(range)
            }
            bytes = scan.offsetBytes - from
        }
    }
}
