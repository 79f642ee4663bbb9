// History and recovery: what is kept follows from the journal, whatever the clock and the settings say
// when it is read again.

import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

@Suite("History")
struct HistoryTests {
    private static let tag = ObjectName(
        bucket: "images", key: "docker/registry/v2/repositories/r/_manifests/tags/t/current/link")

    private static func write(_ size: Int, to store: DurableStore) async throws {
        let staged = try await store.stage(bytes: pattern(size))
        let content = ObjectContent(
            blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
            lastModifiedMilliseconds: 0, etag: "e")
        try await store.commit(.put(tag, content, staged, .none))
    }

    private static func tagged(_ region: SimulatedRegion) async throws -> DurableStore {
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(tag.bucket)
        for size in 1...4 {
            try await write(size, to: store)
            region.clock.advance(milliseconds: 1000)
        }
        return store
    }

    private static func marks(_ store: DurableStore) async throws -> [HistoryMark] {
        try await store.history(after: nil, limit: 100)
    }

    @Test("is the same when the index is rebuilt under another setting, at another time")
    func rebuilt() async throws {
        let region = SimulatedRegion()
        let store = try await Self.tagged(region)
        let first = try await Self.marks(store)
        try await store.expire([try #require(first.first).reference])
        let buckets = Buckets(objects: store, blobs: store)
        try await buckets.setRetention(
            HistoryRetention(tagLinksMilliseconds: 0), of: Self.tag.bucket)
        let marks = try await Self.marks(store)
        #expect(marks == Array(first.dropFirst()))
        let versions = try await store.versions(of: Self.tag, before: nil, limit: 9)
        try await store.close()
        region.clock.advance(milliseconds: 90 * 86_400_000)
        region.dropIndex()
        let again = try await region.open()
        #expect(try await Self.marks(again) == marks)
        #expect(try await again.versions(of: Self.tag, before: nil, limit: 9) == versions)
        try await Self.write(9, to: again)
        #expect(try await Self.marks(again) == marks)
        try await again.close()
    }

    @Test("survives a loss of power wherever its write did")
    func powerLoss() async throws {
        let region = SimulatedRegion()
        let store = try await Self.tagged(region)
        let marks = try await Self.marks(store)
        region.losePower(.everything)
        try await store.close()
        let again = try await region.open()
        #expect(try await Self.marks(again) == marks)
        try await again.close()
    }

    @Test("keeps its blobs referred to, and lets go of them when it ends")
    func referrers() async throws {
        let region = SimulatedRegion()
        let store = try await Self.tagged(region)
        let versions = try await store.versions(of: Self.tag, before: nil, limit: 9).versions
        let referrers = try region.indexEntries().keys.filter { $0.first == UInt8(ascii: "f") }
        for blob in versions.compactMap(\.content?.blob) {
            #expect(referrers.contains { $0.dropFirst().starts(with: blob.bytes) })
        }
        let ended = try await store.expireHistory(nowMilliseconds: .max, limit: 9)
        #expect(ended == 3)
        let left = try region.indexEntries().keys
        let shown = try #require(versions.first?.content?.blob)
        for blob in versions.compactMap(\.content?.blob) where blob != shown {
            #expect(
                !left.contains {
                    $0.first == UInt8(ascii: "f") && $0.dropFirst().starts(with: blob.bytes)
                })
        }
        #expect(!left.contains { $0.first == UInt8(ascii: "x") })
        try await store.close()
    }
}
