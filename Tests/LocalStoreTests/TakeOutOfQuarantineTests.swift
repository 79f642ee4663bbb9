// What a look-up of one name in quarantine takes out with it, whatever collections do meanwhile, here and in
// another region.

import NIOCore
import RegistryLayout
import Simulation
import Storage
import Testing

@testable import LocalStore

@Suite("Looking up what is in quarantine")
struct TakeOutOfQuarantineTests {
    private static let app = CollectRegistryTests.app
    private static let root = RegistryFixture.root

    /// An untagged image in quarantine, beside one that is needed.
    private struct Garbage {
        let layer: ContentDigest
        let config = RegistryFixture.digest(ByteBuffer(string: "{\"seed\":1}"))
        let manifest: ContentDigest

        init(_ region: SimulatedRegion, _ fixture: RegistryFixture) async throws {
            layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            manifest = try await fixture.image("team/app", seed: 1, layers: [layer])
            try await fixture.image("team/app", seed: 2, tag: "latest")
            CollectRegistryTests.age(region)
            try await CollectRegistryTests.collect(region, fixture.store)
        }

        var link: LayoutPath { .layerLink(app, layer) }
        var data: LayoutPath { .blobData(root, layer) }
        var revision: LayoutPath { .revisionLink(app, manifest) }

        var paths: [LayoutPath] {
            [
                data, link, .blobData(root, config), .layerLink(app, config),
                .blobData(root, manifest), revision,
            ]
        }
    }

    private static func content(
        _ path: LayoutPath, _ store: DurableStore
    ) async throws -> ObjectContent? {
        try await store.registers(of: [RegistryFixture.name(path)]).first?.visible?.content
    }

    /// Which of the paths show, in quarantine or not.
    private static func shown(
        _ paths: [LayoutPath], _ store: DurableStore, quarantined: Bool
    ) async throws -> [LayoutPath] {
        var shown: [LayoutPath] = []
        for path in paths {
            guard let content = try await content(path, store) else { continue }
            if (content.quarantinedMilliseconds != nil) == quarantined { shown.append(path) }
        }
        return shown
    }

    private static func findings(_ store: DurableStore) async throws -> [JobFinding] {
        let report = Recorded()
        _ = try await store.scrub(ScrubOptions(), report, passed: { _ in })
        return report.findings
    }

    private static func looksUp(_ path: LayoutPath, _ store: DurableStore) async throws -> Bool {
        try await store.object(RegistryFixture.name(path)) != nil
    }

    /// Removes the keys as a collection that had judged them.
    private static func remove(_ paths: [LayoutPath], _ store: DurableStore) async throws {
        let registers = try await store.registers(of: paths.map(RegistryFixture.name))
        let items = registers.compactMap(\.visible).map {
            SweepObjects.Item(judged: $0, step: .remove)
        }
        let done = try await store.committer.queue.submit(SweepObjects(items: items))
        #expect(done == paths.map { _ in true })
    }

    @Test(
        "a layer’s link comes back with its bytes, and never alone, when another region removes both"
    )
    func layerElsewhere() async throws {
        let two = try await TwoRegions()
        let fixture = try await RegistryFixture(two.a)
        let garbage = try await Garbage(two.west, fixture)
        try await two.meet()
        two.age()
        // A registry looks for the link, and has not come to the bytes yet.
        #expect(try await Self.looksUp(garbage.link, two.b))
        try await CollectRegistryTests.collect(two.west, two.a)
        #expect(try await Self.content(garbage.data, two.a) == nil)
        try await two.exchange()
        for store in [two.a, two.b] {
            let back = [garbage.data, garbage.link]
            #expect(try await Self.shown(garbage.paths, store, quarantined: false) == back)
            #expect(try await Self.findings(store).isEmpty)
        }
        try await two.close()
    }

    @Test("a manifest comes back with all that it names: an index that is pushed over it is whole")
    func manifestElsewhere() async throws {
        let two = try await TwoRegions()
        let fixture = try await RegistryFixture(two.a)
        let garbage = try await Garbage(two.west, fixture)
        try await two.meet()
        two.age()
        // A client asks for the manifest, and need not ask for its layers then.
        #expect(try await Self.looksUp(garbage.revision, two.b))
        try await RegistryFixture(continuing: two.b).index(
            "team/app", [garbage.manifest], tag: "multi")
        try await CollectRegistryTests.collect(two.west, two.a)
        try await two.exchange()
        for store in [two.a, two.b] {
            #expect(try await RegistryFixture.pulls("team/app", "multi", from: store))
            #expect(
                try await Self.shown(garbage.paths, store, quarantined: false) == garbage.paths)
        }
        try await two.close()
    }

    @Test("a manifest that is looked up while a collection runs keeps all that it names")
    func duringMark() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let garbage = try await Garbage(region, fixture)
        CollectRegistryTests.age(region)
        let rule = QuarantineRule(
            region: store.region, nowMilliseconds: region.clock.milliseconds(),
            graceMilliseconds: 86_400_000, periodMilliseconds: 86_400_000, confirmedNumber: .max)
        let collection = RegistryCollection(
            bucket: RegistryFixture.bucket, deletesUntagged: true, effect: .collect,
            releasesHistory: true, rule: rule, salt: 1)
        var linked = LinkedDigests(sizeBytes: 1024, salt: 1)
        var refused = 0
        try await CollectRepository(
            store: store, repository: Self.app, collection: collection
        ).judge(&linked) { judged in
            // Judged, and not swept yet.
            let names = judged.items.map(\.judged.name)
            if names.contains(RegistryFixture.name(garbage.revision)) {
                #expect(try await Self.looksUp(garbage.revision, store))
            }
            let done = try await store.committer.queue.submit(SweepObjects(items: judged.items))
            refused += done.count { !$0 }
        }
        #expect(refused == 1)
        try await fixture.index("team/app", [garbage.manifest], tag: "multi")
        #expect(try await fixture.pulls("team/app", "multi"))
        try await store.close()
    }

    @Test("what lost a part counts as not there, and is no damage; pushed again it is whole")
    func partlyRemoved() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let garbage = try await Garbage(region, fixture)
        try await Self.remove([garbage.data], store)
        for path in [garbage.link, garbage.revision] {
            #expect(try await !Self.looksUp(path, store))
            #expect(try await Self.content(path, store)?.quarantinedMilliseconds != nil)
        }
        #expect(try await Self.findings(store).isEmpty)
        // What does not need that part is taken out as ever.
        #expect(try await Self.looksUp(.layerLink(Self.app, garbage.config), store))
        try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
        #expect(try await Self.looksUp(garbage.revision, store))
        #expect(
            try await Self.shown(garbage.paths, store, quarantined: false) == garbage.paths)
        try await store.close()
    }

    @Test("what was removed between the look and the commit is seen by the commit")
    func removedMeanwhile() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let garbage = try await Garbage(region, try await RegistryFixture(store))
        try await Self.remove([garbage.data], store)
        let takeOut = TakeOutOfQuarantine(
            name: RegistryFixture.name(garbage.link), needs: [RegistryFixture.name(garbage.data)])
        #expect(try await store.committer.queue.submit(takeOut) == nil)
        #expect(try await Self.content(garbage.link, store)?.quarantinedMilliseconds != nil)
        try await store.close()
    }

    @Test("children of an index come out with it, but for those that were never here")
    func sparseIndex() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let child = try await fixture.image("team/app", seed: 5)
        let elsewhere = RegistryFixture.digest(ByteBuffer(string: "never pushed"))
        let index = try await fixture.index("team/app", [child, elsewhere])
        _ = try await Garbage(region, fixture)
        let revisions = [child, index].map { LayoutPath.revisionLink(Self.app, $0) }
        #expect(try await Self.shown(revisions, store, quarantined: true) == revisions)
        #expect(try await Self.looksUp(.revisionLink(Self.app, index), store))
        #expect(try await Self.shown(revisions, store, quarantined: false) == revisions)
        // A child that was here is a part of it.
        _ = try await Garbage(region, fixture)
        try await Self.remove([.revisionLink(Self.app, child)], store)
        #expect(try await !Self.looksUp(.revisionLink(Self.app, index), store))
        try await store.close()
    }

    @Test("a manifest whose bytes are lost is not taken out: nobody knows what it needs")
    func unreadable() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let garbage = try await Garbage(region, try await RegistryFixture(store))
        try await store.dropWhatever(try #require(garbage.manifest.blob))
        #expect(try await !Self.looksUp(garbage.revision, store))
        #expect(try await Self.looksUp(garbage.link, store))
        try await store.close()
    }
}
