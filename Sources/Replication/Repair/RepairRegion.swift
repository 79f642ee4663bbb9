// Scrub and mend: what a scrub of the store found bad is mended from the other regions, each thing by
// itself, and what nobody can mend is named. Nothing is dropped for being damaged: the region that has it
// may come back, and a push of the same bytes mends it as well.
//
// In this order: bytes before names, since a name that comes back shows only when its bytes are well; and
// names before the journal is written anew, since what could not be read of it is gone then.

internal import NIOCore
package import Storage

package struct RepairRegion: Sendable {
    /// The setting that tells of records of the journal that a start could not read, until they are back.
    package static let lostRecords = "local/lost-records"
    private static let pageBlobs = 100

    private let store: any Scrubbing
    private let settings: Settings
    private let mending: MendBlobs
    private let names: RecoverNames
    private let take: @Sendable (_ entries: [FeedEntry], _ peer: String) async throws -> Void

    /// `take` brings entries of a peer into the region.
    package init(
        store: any Scrubbing, settings: Settings, mending: MendBlobs, names: RecoverNames,
        take: @escaping @Sendable (_ entries: [FeedEntry], _ peer: String) async throws -> Void
    ) {
        self.store = store
        self.settings = settings
        self.mending = mending
        self.names = names
        self.take = take
    }

    package func run(
        _ options: ScrubOptions, _ report: any WorkReport,
        passed: @Sendable (_ chunkFile: UInt64) async throws -> Void = { _ in }
    ) async throws {
        let outcome = try await store.scrub(options, report, passed: passed)
        try await mendBlobs(report)
        for blob in outcome.missing {
            try report.checkCancellation()
            await mend(
                blob.blob, sizeBytes: blob.sizeBytes, "nothing is known of its bytes", report)
        }
        try await mendJournal(outcome.journalDamage, report)
    }

    private func mendBlobs(_ report: any WorkReport) async throws {
        var after: BlobID?
        report.set(JobProgress(stage: "mending"))
        while true {
            let page = try await store.damage(after: after, limit: Self.pageBlobs)
            guard let last = page.last else { return }
            report.add("damaged_blobs", UInt64(page.count))
            for damage in page {
                try report.checkCancellation()
                await mend(damage.blob, sizeBytes: damage.sizeBytes, damage.reason, report)
            }
            after = last.blob
        }
    }

    private func mend(
        _ blob: BlobID, sizeBytes: UInt64, _ reason: String, _ report: any WorkReport
    ) async {
        do {
            try await mending.mend(blob, sizeBytes: sizeBytes)
            report.add("mended_blobs", 1)
            report.add("mended_bytes", sizeBytes)
            report.found(JobFinding(blob.description, reason, .mended))
        } catch {
            let cause = (error as? StorageError)?.message ?? "\(error)"
            report.found(JobFinding(blob.description, "\(reason); \(cause)", .beyondRepair))
        }
        report.advance(1)
    }

    private func mendJournal(_ damage: [String], _ report: any WorkReport) async throws {
        let lost = try await settings.read(Self.lostRecords).map { String(buffer: $0) }
        guard lost != nil || !damage.isEmpty else { return }
        if names.hasPeers {
            do {
                try await names.run(report, take: take)
            } catch let error as TransportError {
                let reason = "a region could not be asked for the names that it knows: \(error)"
                report.found(JobFinding("names", reason, .beyondRepair))
                return
            }
        }
        if !damage.isEmpty {
            report.set(JobProgress(stage: "writing the journal anew"))
            try await store.renewJournal()
            for place in damage { report.found(JobFinding("journal", place, .mended)) }
        }
        guard let lost else { return }
        // What no region has is told once; telling it again would not bring it back.
        report.found(JobFinding("journal", lost, names.hasPeers ? .mended : .beyondRepair))
        try await settings.delete(Self.lostRecords)
    }
}
