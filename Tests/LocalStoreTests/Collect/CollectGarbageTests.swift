// What a collection takes, what it leaves, and what it says of that.

import ChunkFiles
import DiskIO
import MetadataIndex
import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

@Suite("Collecting garbage")
struct CollectGarbageTests {
    @Test(
        "after nine objects of ten are deleted, what is on the disk is at most 1.2 times what is live"
    )
    func spaceComesBack() async throws {
        var limits = testLimits()
        limits.collect = collectLimits().collect
        limits.collect.leastWasteBytes = 64 << 10
        let directory = try TemporaryDirectory()
        let store = try await openReal(directory, limits: limits)
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for number in 0..<50 {
            // Of one chunk and of several, some too small to leave a hole.
            let bytes = pattern(9000 + number % 10 * 90_000, seed: UInt64(number + 1))
            try await store.put(ObjectKey("\(number)"), bytes, ledger)
        }
        for number in 0..<50 where number % 10 != number / 10 + 3 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        let before = try store.physicalBytes()
        let report = try await store.collect()
        #expect(report.state == .done)
        let physical = try store.physicalBytes()
        let live = try #require(report.figures["live_bytes"])
        #expect(live > 2_000_000)
        #expect(physical * 10 <= live * 12, "\(physical) bytes for \(live)")
        #expect(report.figures["removed_blobs"] == 45)
        #expect(report.figures["physical_bytes"] == physical)
        #expect(report.figures["freed_bytes"] ?? 0 > before / 2)
        try await ledger.check(store, "after the collection")
        try await store.close()
        let again = try await openReal(directory, limits: limits)
        try await ledger.check(again, "after a start")
        #expect(try await again.figures().physicalBytes == again.physicalBytes())
        try await again.close()
    }

    @Test("the physical figure is the blocks of the files")
    func physicalFigure() async throws {
        let directory = try TemporaryDirectory()
        let store = try await openReal(directory, limits: collectLimits())
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for number in 0..<12 {
            try await store.put(
                ObjectKey("\(number)"), pattern(50_000, seed: UInt64(number + 1)), ledger)
        }
        for number in 0..<6 { try await store.delete(ObjectKey("\(number)"), ledger) }
        try await store.collect()
        let disk = PosixDisk()
        var blocks: UInt64 = 0
        for name in try disk.list(directory.path + "/data/chunks") {
            let file = try disk.open(directory.path + "/data/chunks/" + name, .read)
            blocks += try file.allocatedBytes()
        }
        let figures = try await store.figures()
        #expect(figures.physicalBytes == blocks)
        #expect(figures.deadBytes != nil)
        #expect(figures.freedBytes > 0)
        try await store.close()
    }

    @Test("a dry run says what would go, and changes nothing")
    func dryRun() async throws {
        let region = SimulatedRegion()
        let store = try await region.open(limits: collectLimits())
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        try await store.put("kept", Scenario.large, ledger)
        try await store.put("gone", Scenario.other, ledger)
        let blob = try await store.blob(at: "gone")
        try await store.delete("gone", ledger)
        let calls = region.disk.calls.count
        let entries = try region.indexEntries()
        let report = try await store.collect(GarbageOptions(isDryRun: true))
        #expect(report.findings.map(\.subject) == [blob.description])
        #expect(report.figures["removed_blobs"] == 1)
        #expect(report.figures["removed_bytes"] == UInt64(Scenario.other.readableBytes))
        #expect(region.disk.calls.count == calls)
        #expect(try region.indexEntries() == entries)
        #expect(try await store.stat(blob) != nil)
        try await store.collect()
        #expect(try await store.stat(blob) == nil)
        try await store.close()
    }

    @Test("a blob that nothing names stays for the grace period after its last use")
    func grace() async throws {
        let region = SimulatedRegion()
        let uptime = TestUptime()
        let store = try await region.open(limits: collectLimits(), uptime: uptime.elapsed)
        let grace = GarbageOptions(grace: .seconds(100))
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let uses: [@Sendable () async throws -> Void] = [
            { _ = try await store.stat(blob) },
            { _ = try await store.read(blob, range: 0..<1) },
            { _ = try await store.keep(store.stage(bytes: Scenario.large)) },
            { try await store.linkAndDelete(blob) },
        ]
        try await store.makeLedgerBucket()
        for use in uses {
            uptime.advance(.seconds(99))
            try await use()
            uptime.advance(.seconds(99))
            let report = try await store.collect(grace)
            #expect(report.figures["removed_blobs"] == nil)
        }
        uptime.advance(.seconds(102))
        #expect(try await store.collect(grace).figures["removed_blobs"] == 1)
        try await store.close()
    }

    @Test("what a version, pending or shown, or a part names stays")
    func named() async throws {
        let region = SimulatedRegion()
        let store = try await region.open(limits: collectLimits())
        try await store.makeLedgerBucket()
        let shown = try await store.keep(store.stage(bytes: Scenario.large)).blob
        try await store.link(shown, "shown")
        let pending = try await store.keep(store.stage(bytes: Scenario.other)).blob
        try await store.mergePending(pending, "foreign")
        let copied = try await store.keep(store.stage(bytes: pattern(40_000, seed: 9))).blob
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        _ = try await store.copyPart(
            upload.id, of: upload.name, number: 1, blob: copied, range: 0..<1000)
        let report = try await store.collect()
        #expect(report.figures["removed_blobs"] == nil)
        for blob in [shown, pending, copied] { #expect(try await store.stat(blob) != nil) }
        try await store.abort(upload.id, of: upload.name)
        #expect(try await store.collect().figures["removed_blobs"] == 1)
        #expect(try await store.stat(copied) == nil)
        try await store.close()
    }

    @Test("uploads that nobody goes on with are aborted, others are not")
    func idleUploads() async throws {
        var limits = collectLimits()
        limits.collect.idleUploads = .seconds(3600)
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await store.makeLedgerBucket()
        var uploads: [Upload] = []
        for key: ObjectKey in ["idle", "busy"] {
            uploads.append(
                try await store.create(
                    Upload(id: UploadID(""), name: Ledger.name(key), initiatedMilliseconds: 0)))
        }
        let staged = try await store.stage(bytes: Scenario.large)
        for upload in uploads {
            _ = try await store.putPart(upload.id, of: upload.name, number: 1, staged: staged)
        }
        region.clock.advance(milliseconds: 3_599_000)
        _ = try await store.putPart(uploads[1].id, of: uploads[1].name, number: 2, staged: staged)
        region.clock.advance(milliseconds: 1000)
        let dry = try await store.collect(GarbageOptions(isDryRun: true))
        #expect(dry.figures["aborted_uploads"] == 1)
        #expect(try await store.upload(uploads[0].id, of: uploads[0].name) == uploads[0])
        let report = try await store.collect()
        #expect(report.figures["aborted_uploads"] == 1)
        await #expect(throws: StorageError.self) {
            try await store.upload(uploads[0].id, of: uploads[0].name)
        }
        #expect(try await store.upload(uploads[1].id, of: uploads[1].name) == uploads[1])
        try await store.close()
    }

    @Test("nothing that was dropped comes back when the index is rebuilt")
    func rebuilt() async throws {
        let region = SimulatedRegion()
        let store = try await region.open(limits: collectLimits())
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for number in 0..<20 {
            try await store.put(
                ObjectKey("\(number)"), pattern(30_000, seed: UInt64(number + 1)), ledger)
        }
        for number in 0..<20 where number % 4 != 0 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        let report = try await store.collect()
        #expect(report.figures["compacted_files"] ?? 0 > 0)
        let entries = try region.indexEntries()
        let head = store.committer.head
        try await store.close()
        region.dropIndex()
        let again = try await region.open(limits: collectLimits())
        let rebuilt = try region.indexEntries().filter {
            entries[$0.key] != nil || $0.key.first != UInt8(ascii: "i")
        }
        #expect(rebuilt == entries)
        #expect(again.committer.head.blobs == head.blobs)
        #expect(again.committer.head.movedChunks == head.movedChunks)
        try await ledger.check(again, "rebuilt")
        try await again.close()
    }

    @Test("where dead chunks were moved to is forgotten")
    func forgottenMoves() async throws {
        let region = SimulatedRegion()
        let store = try await region.open(limits: collectLimits())
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for number in 0..<16 {
            try await store.put(
                ObjectKey("\(number)"), pattern(30_000, seed: UInt64(number + 1)), ledger)
        }
        for number in 0..<16 where number % 4 != 0 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        try await store.collect()
        #expect(store.committer.head.movedChunks > 0)
        for number in 0..<16 where number % 4 == 0 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        try await store.collect()
        #expect(store.committer.head.movedChunks == 0)
        let moved = try region.indexEntries().keys.filter { $0.first == UInt8(ascii: "m") }
        #expect(moved.isEmpty)
        #expect(try store.physicalBytes() == 0)
        try await store.close()
    }

    @Test("more live chunks than there is room for are marked file by file")
    func windows() async throws {
        var limits = collectLimits()
        limits.collect.markedChunks = 6
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for number in 0..<40 {
            try await store.put(
                ObjectKey("\(number)"), pattern(20_000, seed: UInt64(number + 1)), ledger)
        }
        for number in 0..<40 where number % 3 != 0 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        let report = try await store.collect()
        #expect(report.state == .done)
        try await ledger.check(store, "after the collection")
        let live = try await store.liveBytes()
        #expect(try store.physicalBytes() * 10 <= live * 12)
        try await store.close()
    }

    @Test("a run is ended between two steps, and a second one at once is refused")
    func oneAtATime() async throws {
        let region = SimulatedRegion()
        let store = try await region.open(limits: collectLimits())
        #expect(store.collected.begin())
        let refused = try await store.collect()
        guard case .failed = refused.state else {
            Issue.record("two runs at once")
            return
        }
        store.collected.end()
        #expect(try await store.collect().state == .done)
        try await store.close()
    }
}

extension DurableStore {
    func link(_ blob: BlobID, _ key: ObjectKey) async throws {
        let info = try #require(try await stat(blob))
        let content = ObjectContent(
            blob: blob, sizeBytes: info.sizeBytes, lastModifiedMilliseconds: 0, etag: "e")
        try await commit(.link(Ledger.name(key), content, .none))
    }

    func linkAndDelete(_ blob: BlobID) async throws {
        try await link(blob, "linked")
        try await commit(.delete(Ledger.name("linked"), .none))
    }

    /// A version of another region that waits to be published.
    func mergePending(_ blob: BlobID, _ key: ObjectKey) async throws {
        try await merge([
            FeedEntry(
                object: ObjectVersion(
                    name: Ledger.name(key),
                    version: Version(
                        stamp: HybridTimestamp(milliseconds: 1 << 41), region: RegionID(7)),
                    position: FeedPosition(incarnation: 1, number: 1),
                    kind: .put(
                        ObjectContent(
                            blob: blob, sizeBytes: 5, lastModifiedMilliseconds: 1, etag: "e")),
                    state: .pending))
        ])
    }
}
