// Scrub: the journal, then the bytes, then what was found damaged before, then the names.

internal import ChunkFiles
internal import MetadataIndex
package import Storage

extension DurableStore: Scrubbing {
    package func scrub(
        _ options: ScrubOptions, _ report: any WorkReport,
        passed: @Sendable (_ chunkFile: UInt64) async throws -> Void
    ) async throws -> ScrubOutcome {
        let limits = configuration.limits.scrub
        let pace = ScrubPace(bytesPerSecond: options.bytesPerSecond, limits: limits, pool: pool)
        var outcome = ScrubOutcome()
        try await pool.run { [reader = chunks.reader] in try reader.forgetRemoved() }
        if options.bucket == nil {
            var journal = ScrubJournal(self, report, pace)
            outcome.journalDamage = try await journal.run()
        }
        var blobs = ScrubBlobs(self, report, options, pace)
        if options.isDeep || options.bucket != nil {
            try await blobs.run()
            if options.bucket == nil {
                // Nothing was read by file: every part is looked at.
                let everywhere = SuspectPlaces(files: 0...UInt64.max)
                try await ConfirmDamage(store: self, report: report).run(
                    everywhere, of: [KeySchema.allParts])
            }
        } else {
            var files = ScrubChunkFiles(self, report, pace)
            try await files.run(from: options.firstChunkFile, passed: passed)
            report.set(JobProgress(stage: "what was damaged before"))
            try await blobs.runOverDamage()
        }
        var names = ScrubNames(self, report, options)
        try await names.run()
        outcome.missing = names.missing
        return outcome
    }
}
