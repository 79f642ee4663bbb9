// Bringing back tags and keys: whole, in order, as new versions; or not at all.

import NIOCore
import RegistryLayout
import Simulation
import Storage
import Testing

@testable import LocalStore

@Suite("Rolling back")
struct RollbackTests {
    private static let subject = HistorySubject.tag(
        bucket: RegistryFixture.bucket, repository: "team/app", tag: "v1")
    private static let repository = RegistryFixture.repository("team/app")
    private static let link = LayoutPath.tagCurrentLink(repository, tag: "v1")

    private static func version(of path: LayoutPath, _ store: DurableStore) async throws -> Version
    {
        try #require(try await store.object(RegistryFixture.name(path))).version
    }

    /// An index of two images under a tag, which then moves on; all that the first one had is deleted.
    private static func moved(
        _ fixture: RegistryFixture
    ) async throws -> (old: Version, gone: Set<String>) {
        let store = fixture.store
        let children = [
            try await fixture.image("team/app", seed: 1),
            try await fixture.image("team/app", seed: 2),
        ]
        try await fixture.index("team/app", children, tag: "v1")
        let before = try await fixture.keys()
        let old = try await version(of: link, store)
        try await fixture.image("team/app", seed: 3, tag: "v1")
        for key in before
        where key != String(link.key.string.dropFirst(RegistryFixture.root.prefix.count)) {
            let name = ObjectName(
                bucket: RegistryFixture.bucket,
                key: ObjectKey(RegistryFixture.root.prefix + key))
            try await store.commit(.delete(name, .none))
        }
        return (old, before)
    }

    @Test("a moved tag comes back with everything that was deleted of it, the tag last")
    func whole() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let (old, gone) = try await Self.moved(fixture)
        let after = try await fixture.keys()
        let dry = try await RollBack(store).rollBack(
            Self.subject, to: .version(old), isDryRun: true)
        #expect(try await fixture.keys() == after)
        let feed = try await store.cursors()[store.region]
        let report = try await RollBack(store).rollBack(
            Self.subject, to: .version(old), isDryRun: false)
        #expect(report.written == dry.written)
        #expect(report.written.last == RegistryFixture.name(Self.link))
        #expect(gone.subtracting(try await fixture.keys()).isEmpty)
        #expect(try await fixture.pulls("team/app", "v1"))
        // In the feed each name stands behind what it reaches, so that a peer publishes it in one go.
        let entries = try await store.entries(
            of: store.region, after: try #require(feed), limit: 100
        ).entries.map(\.object)
        #expect(entries.map(\.name) == report.written)
        var seen: Set<ObjectKey> = []
        for entry in entries {
            let path = try #require(LayoutPath(entry.name.key))
            for dependency in Closure.dependencies(of: path) { #expect(seen.contains(dependency)) }
            if case .revisionLink(let owner, let digest) = path {
                #expect(seen.contains(LayoutPath.blobData(owner.root, digest).key))
            }
            seen.insert(entry.name.key)
        }
        try await store.close()
    }

    @Test("a deleted tag comes back by a time, and a rollback can itself be rolled back")
    func times() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let digest = try await fixture.image("team/app", seed: 1, tag: "v1")
        region.clock.advance(milliseconds: 1000)
        let then = region.clock.milliseconds()
        region.clock.advance(milliseconds: 1000)
        try await fixture.delete(Self.link)
        let deleted = region.clock.milliseconds()
        let rollback = RollBack(store)
        await #expect(throws: StorageError.self) {
            try await rollback.rollBack(
                Self.subject, to: .time(milliseconds: deleted), isDryRun: false)
        }
        region.clock.advance(milliseconds: 1000)
        let report = try await rollback.rollBack(
            Self.subject, to: .time(milliseconds: then), isDryRun: false)
        #expect(report.written == [RegistryFixture.name(Self.link)])
        let shown = try #require(try await store.object(RegistryFixture.name(Self.link)))
        #expect(try await rollback.digest(namedBy: shown) == digest)
        #expect(shown.version > report.target.version)
        let again = try await rollback.rollBack(
            Self.subject, to: .time(milliseconds: then), isDryRun: false)
        #expect(again.written.isEmpty)
        await #expect(throws: StorageError.self) {
            try await rollback.rollBack(Self.subject, to: .time(milliseconds: 1), isDryRun: true)
        }
        try await store.close()
    }

    @Test("a tag of which a part is gone is refused, naming it, and nothing is changed")
    func gone() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let (old, _) = try await Self.moved(fixture)
        let lost = try #require(
            try await store.history(after: nil, limit: 100).map(\.reference).first {
                if case .layerLink = LayoutPath($0.name.key) { true } else { false }
            })
        try await store.expire([lost])
        let before = try await fixture.keys()
        do {
            _ = try await RollBack(store).rollBack(
                Self.subject, to: .version(old), isDryRun: false)
            Issue.record("it was rolled back")
        } catch let error as StorageError {
            #expect(error.message.contains(lost.name.description))
        }
        #expect(try await fixture.keys() == before)
        try await store.close()
    }

    @Test("a plain key comes back where its bucket keeps history")
    func plain() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let buckets = Buckets(objects: store, blobs: store)
        try await buckets.create("plain")
        try await buckets.setRetention(
            HistoryRetention(othersMilliseconds: 60_000), of: "plain")
        let name = ObjectName(bucket: "plain", key: "a:b/c")
        var versions: [ObjectVersion] = []
        for text in ["one", "two"] {
            let staged = try await store.stage(bytes: ByteBuffer(string: text))
            let content = ObjectContent(
                blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
                lastModifiedMilliseconds: 0, etag: text)
            versions.append(
                try #require(try await store.commit(.put(name, content, staged, .none))))
        }
        let report = try await RollBack(store).rollBack(
            .name(name), to: .version(versions[0].version), isDryRun: false)
        #expect(report.written == [name])
        #expect(try await store.object(name)?.content?.etag == "one")
        await #expect(throws: StorageError.self) {
            try await RollBack(store).name(
                of: .tag(bucket: "plain", repository: "r", tag: "t"))
        }
        try await store.close()
    }
}
