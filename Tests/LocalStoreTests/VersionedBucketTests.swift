// What a bucket with versioning costs, frees, and keeps through rebuilds and generations.

import Journal
import MetadataIndex
import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

@Suite("A bucket with versioning")
struct VersionedBucketTests {
    private static let name = Ledger.name("k")

    private static func versioned(
        _ region: SimulatedRegion, limits: LocalStoreLimits = testLimits()
    ) async throws -> DurableStore {
        let store = try await region.open(limits: limits)
        let buckets = Buckets(objects: store, blobs: store)
        try await buckets.create(Ledger.bucket)
        try await buckets.set(
            .versioning, to: ByteBuffer(string: BucketVersioning.enabled.document),
            of: Ledger.bucket)
        return store
    }

    private static func put(_ store: DurableStore, _ seed: Int) async throws -> ObjectVersion {
        let staged = try await store.stage(bytes: pattern(20, seed: UInt64(seed)))
        let content = ObjectContent(
            blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
            lastModifiedMilliseconds: 0, etag: "\(seed)")
        return try #require(try await store.commit(.put(name, content, staged, .none)))
    }

    private static func entry(_ key: Bytes, _ store: DurableStore) throws -> Bytes? {
        try store.index.read { (index) throws(IndexError) in try index.get(key) }
    }

    @Test("a write costs the same however many versions there are")
    func cost() async throws {
        let region = SimulatedRegion()
        let store = try await Self.versioned(region)
        var sizes: [Int] = []
        for seed in 0..<300 {
            _ = try await Self.put(store, seed)
            sizes.append(try Self.entry(KeySchema.register(Self.name), store)?.count ?? 0)
        }
        #expect(sizes[2] > 0)
        let growth = sizes[299] - sizes[2]
        #expect(growth < 8, "the register holds what is not kept by its id; numbers grow")
        let versions = try await store.registers(of: [Self.name])[0].versions
        #expect(versions.count == 300)
        try await store.close()
    }

    @Test("what is kept and what was purged is so after a rebuild, and after a generation")
    func rebuilt() async throws {
        let region = SimulatedRegion()
        var store = try await Self.versioned(region)
        var written: [ObjectVersion] = []
        for seed in 0..<250 { written.append(try await Self.put(store, seed)) }
        for number in stride(from: 0, to: 240, by: 2) {
            try await store.commit(.purge(Self.name, written[number].versionID, .none))
        }
        try await store.commit(.delete(Self.name, .none))
        let list = VersionListRequest(bucket: Ledger.bucket)
        let before = try await store.list(list)
        #expect(before.entries.count == 131)
        for isRenewed in [false, true, true] {
            if isRenewed { try await store.renewJournal() }
            store = try await GenerationTests.expectRebuilt(
                region, store, isRenewed ? "renewed" : "followed")
            #expect(try await store.list(list) == before)
            #expect(try await store.object(Self.name) == nil)
        }
        try await store.merge([FeedEntry(object: written[0])])
        #expect(try await store.pending(after: nil, limit: 9).isEmpty, "it stays purged")
        try await store.close()
    }

    @Test("bytes stay while a version has them, and go once it is purged")
    func garbage() async throws {
        let region = SimulatedRegion()
        let store = try await Self.versioned(region, limits: collectLimits())
        let first = try await Self.put(store, 1)
        let second = try await Self.put(store, 2)
        try await store.commit(.delete(Self.name, .none))
        let blobs = try [first, second].map { try #require($0.content?.blob) }
        try await store.collect()
        for blob in blobs { #expect(try await store.stat(blob) != nil) }
        try await store.commit(.purge(Self.name, first.versionID, .none))
        try await store.collect()
        #expect(try await store.stat(blobs[0]) == nil)
        #expect(try await store.stat(blobs[1]) != nil)
        try await store.close()
    }

    @Test("a delete marker is not forgotten like a tombstone, a purge is")
    func forgotten() async throws {
        let region = SimulatedRegion()
        let store = try await Self.versioned(region)
        let first = try await Self.put(store, 1)
        let marker = try #require(try await store.commit(.delete(Self.name, .none)))
        try await store.commit(.purge(Self.name, first.versionID, .none))
        let number = try #require(try await store.cursors()[store.region]).number
        let east = RegionID(0xea57)
        let receipt = ReceiptRecord(
            region: east, origin: store.region,
            through: FeedPosition(incarnation: store.incarnation, number: number),
            atMilliseconds: 1)
        try await store.committer.queue.submit(RecordAll(records: [.receipt(receipt)]))
        region.clock.advance(
            milliseconds: store.configuration.limits.generations.tombstoneMilliseconds + 1)
        try await store.renewJournal()
        let register = try await store.registers(of: [Self.name])[0]
        #expect(register.versions == [marker])
        #expect(register.purges.isEmpty)
        let again = try await GenerationTests.expectRebuilt(region, store, "rebuilt")
        #expect(try await again.version(of: Self.name, id: nil) == marker)
        try await again.close()
    }

    @Test("a rollback brings a kept version back, and history shows them all")
    func rollback() async throws {
        let region = SimulatedRegion()
        let store = try await Self.versioned(region)
        let first = try await Self.put(store, 1)
        let second = try await Self.put(store, 2)
        let report = try await RollBack(store).rollBack(
            .name(Self.name), to: .version(first.version), isDryRun: false)
        #expect(report.written == [Self.name])
        let shown = try #require(try await store.object(Self.name))
        #expect(shown.content?.blob == first.content?.blob)
        let page = try await store.versions(of: Self.name, before: nil, limit: 9)
        #expect(page.versions == [shown, second, first])
        let rest = try await store.versions(of: Self.name, before: second.version, limit: 9)
        #expect(rest.versions == [first])
        try await store.close()
    }
}
