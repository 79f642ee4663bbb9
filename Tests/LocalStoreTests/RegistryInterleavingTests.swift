// The interleavings that `CollectRegistry.swift` names, one by one.

import NIOCore
import RegistryLayout
import Simulation
import Storage
import Testing

@testable import LocalStore

@Suite("Collecting a registry’s garbage while it is used")
struct RegistryInterleavingTests {
    private static let app = CollectRegistryTests.app

    private static func shown(
        _ path: LayoutPath, _ store: DurableStore
    ) async throws
        -> ObjectVersion?
    {
        try await store.registers(of: [RegistryFixture.name(path)]).first?.visible
    }

    /// An untagged image in quarantine, and the paths of its keys.
    private static func quarantined(
        _ region: SimulatedRegion, _ store: DurableStore, _ fixture: RegistryFixture
    ) async throws -> (manifest: ContentDigest, layer: ContentDigest) {
        let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
        let manifest = try await fixture.image("team/app", seed: 1, layers: [layer])
        try await fixture.image("team/app", seed: 2, tag: "latest")
        CollectRegistryTests.age(region)
        try await CollectRegistryTests.collect(region, store)
        let link = try await shown(.layerLink(app, layer), store)
        #expect(link?.content?.quarantinedMilliseconds != nil)
        return (manifest, layer)
    }

    @Test("looking up takes out, keeps when it was written, and starts the time anew")
    func lookup() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let (_, layer) = try await Self.quarantined(region, store, fixture)
        let path = LayoutPath.blobData(RegistryFixture.root, layer)
        let before = try #require(try await Self.shown(path, store))
        let looked = try #require(try await store.object(RegistryFixture.name(path)))
        #expect(looked.content?.quarantinedMilliseconds == nil)
        #expect(
            looked.content?.lastModifiedMilliseconds == before.content?.lastModifiedMilliseconds)
        #expect(looked.version > before.version)
        let again = try await store.object(RegistryFixture.name(path))
        #expect(again == looked)
        #expect(try await store.history(after: nil, limit: 10).isEmpty)
        region.clock.advance(milliseconds: 3_600_000)
        CollectRegistryTests.age(region, days: 1)
        try await CollectRegistryTests.collect(region, store)
        // It is garbage still, so it is in quarantine again, for its whole time.
        #expect(try await Self.shown(path, store)?.content?.quarantinedMilliseconds != nil)
        #expect(try await Self.shown(.layerLink(Self.app, layer), store) == nil)
        try await store.close()
    }

    @Test("a tag that is pushed while the mark runs keeps its image")
    func tagDuringMark() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let (manifest, layer) = try await Self.quarantined(region, store, fixture)
        CollectRegistryTests.age(region)
        let rule = QuarantineRule(
            region: store.region, nowMilliseconds: region.clock.milliseconds(),
            graceMilliseconds: 86_400_000, periodMilliseconds: 86_400_000, confirmedNumber: .max)
        let collection = RegistryCollection(
            bucket: RegistryFixture.bucket, deletesUntagged: true, effect: .collect,
            releasesHistory: true, rule: rule, salt: 1)
        var linked = LinkedDigests(sizeBytes: 1024, salt: 1)
        var isPushed = false
        var refused = 0
        try await CollectRepository(
            store: store, repository: Self.app, collection: collection
        ).judge(&linked) { judged in
            // Judged, and not swept yet.
            if !isPushed, !judged.items.isEmpty {
                isPushed = true
                // What a registry does: it looks for the layers and writes manifest and tag.
                let config = RegistryFixture.digest(ByteBuffer(string: "{\"seed\":1}"))
                for digest in [config, layer] {
                    _ = try await store.object(RegistryFixture.name(.layerLink(Self.app, digest)))
                    _ = try await store.object(
                        RegistryFixture.name(.blobData(RegistryFixture.root, digest)))
                }
                try await fixture.manifest(
                    "team/app", RegistryFixture.imageManifest(config: config, layers: [layer]))
                try await fixture.tag("team/app", "new", manifest)
            }
            let done = try await store.committer.queue.submit(SweepObjects(items: judged.items))
            refused += done.count { !$0 }
        }
        #expect(refused > 0)
        #expect(try await fixture.pulls("team/app", "new"))
        CollectRegistryTests.age(region)
        for _ in 0..<2 {
            try await CollectRegistryTests.collect(region, store)
            CollectRegistryTests.age(region)
        }
        #expect(try await fixture.pulls("team/app", "new"))
        #expect(
            try await Self.shown(.layerLink(Self.app, layer), store)?.content?
                .quarantinedMilliseconds == nil)
        try await store.close()
    }

    @Test("what is needed again without anyone having looked is taken out by the next run")
    func neededAgain() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let (manifest, layer) = try await Self.quarantined(region, store, fixture)
        try await fixture.tag("team/app", "new", manifest)
        let report = try await CollectRegistryTests.collect(region, store)
        #expect(report.figures["taken_out_keys"] == 6)
        for path in [LayoutPath.layerLink(Self.app, layer), .blobData(RegistryFixture.root, layer)]
        {
            let content = try await Self.shown(path, store)?.content
            #expect(content != nil && content?.quarantinedMilliseconds == nil)
        }
        try await store.close()
    }

    @Test("a manifest that is pushed again out of quarantine stays")
    func pushedAgain() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let (manifest, _) = try await Self.quarantined(region, store, fixture)
        CollectRegistryTests.age(region)
        try await fixture.image(
            "team/app", seed: 1,
            layers: [try await fixture.layer("team/app", ByteBuffer(string: "a layer"))])
        try await CollectRegistryTests.collect(region, store)
        #expect(try await Self.shown(.revisionLink(Self.app, manifest), store) != nil)
        #expect(
            try await Self.shown(.revisionLink(Self.app, manifest), store)?.content?
                .quarantinedMilliseconds == nil)
        try await store.close()
    }

    @Test("a blob that is looked up in another region stays in both, whatever meets first")
    func touchedElsewhere() async throws {
        let two = try await TwoRegions()
        let fixture = try await RegistryFixture(two.a)
        let (_, layer) = try await Self.quarantined(two.west, two.a, fixture)
        try await two.meet()
        let paths = [
            LayoutPath.layerLink(Self.app, layer), .blobData(RegistryFixture.root, layer),
        ]
        for path in paths {
            #expect(try await Self.shown(path, two.b)?.content?.quarantinedMilliseconds != nil)
        }
        two.age()
        // Looked up there, and not yet known here when the collection removes them here.
        for path in paths { _ = try await two.b.object(RegistryFixture.name(path)) }
        let report = try await CollectRegistryTests.collect(two.west, two.a)
        #expect(report.figures["removed_keys", default: 0] >= 2)
        for path in paths { #expect(try await Self.shown(path, two.a) == nil) }
        try await two.exchange()
        for store in [two.a, two.b] {
            for path in paths {
                let content = try await Self.shown(path, store)?.content
                #expect(content != nil && content?.quarantinedMilliseconds == nil)
            }
        }
        try await two.close()
    }

    @Test("nothing goes before every region has confirmed the quarantine")
    func unconfirmed() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        let fixture = try await RegistryFixture(store)
        let (_, layer) = try await Self.quarantined(region, store, fixture)
        let link = LayoutPath.layerLink(Self.app, layer)
        let number = try #require(try await Self.shown(link, store)?.position?.number)
        CollectRegistryTests.age(region, days: 100)
        let short = OtherRegions(confirmedNumber: number - 1, clockSkewMilliseconds: 0)
        try await CollectRegistryTests.collect(region, store, others: short)
        #expect(try await Self.shown(link, store) != nil)
        let enough = OtherRegions(confirmedNumber: number, clockSkewMilliseconds: 0)
        try await CollectRegistryTests.collect(region, store, others: enough)
        #expect(try await Self.shown(link, store) == nil)
        try await store.close()
    }

    @Test("what another region put in quarantine is left to it, and taken over when it is no more")
    func takenOver() async throws {
        let two = try await TwoRegions()
        let fixture = try await RegistryFixture(two.a)
        let (_, layer) = try await Self.quarantined(two.west, two.a, fixture)
        try await two.meet()
        let link = LayoutPath.layerLink(Self.app, layer)
        two.age(days: 1)
        let waiting = try await CollectRegistryTests.collect(two.east, two.b)
        #expect(waiting.figures["waiting_keys", default: 0] > 0)
        #expect(try await Self.shown(link, two.b)?.version.region == two.a.region)
        two.age(days: two.b.region < two.a.region ? 2 : 32)
        try await CollectRegistryTests.collect(two.east, two.b)
        #expect(try await Self.shown(link, two.b)?.version.region == two.b.region)
        #expect(try await Self.shown(link, two.b)?.content?.quarantinedMilliseconds != nil)
        two.age()
        try await CollectRegistryTests.collect(two.east, two.b)
        #expect(try await Self.shown(link, two.b) == nil)
        try await two.close()
    }

    @Test("regions that collect by turns, seldom and with a short period, come to an end")
    func byTurns() async throws {
        let two = try await TwoRegions()
        let fixture = try await RegistryFixture(two.a)
        let (_, layer) = try await Self.quarantined(two.west, two.a, fixture)
        two.east.clock.advance(
            milliseconds: two.clock.milliseconds() - two.east.clock.milliseconds())
        let link = LayoutPath.layerLink(Self.app, layer)
        for _ in 0..<3 {
            for (region, store) in [(two.east, two.b), (two.west, two.a)] {
                try await two.exchange()
                two.age(days: 3)
                try await CollectRegistryTests.collect(region, store)
            }
        }
        try await two.exchange()
        for store in [two.a, two.b] { #expect(try await Self.shown(link, store) == nil) }
        try await two.close()
    }

    @Test("what one region collects, another keeps for as long as its own tags' history needs it")
    func historyElsewhere() async throws {
        let two = try await TwoRegions()
        let fixture = try await RegistryFixture(two.a)
        let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
        try await fixture.image("team/app", seed: 1, layers: [layer], tag: "v1")
        try await two.meet()
        try await fixture.image("team/app", seed: 2, tag: "v1")
        // Here the history is let go of by hand; there it is kept.
        _ = try await two.a.expireHistory(nowMilliseconds: .max, limit: 100)
        try await two.exchange()
        for _ in 0..<2 {
            two.age()
            try await CollectRegistryTests.collect(two.west, two.a)
            try await two.exchange()
        }
        #expect(try await Self.shown(.layerLink(Self.app, layer), two.b) == nil)
        try await performed(two.clock) { try await two.b.releaseHistory($0) }.expectDone()
        let subject = HistorySubject.tag(
            bucket: RegistryFixture.bucket, repository: "team/app", tag: "v1")
        let name = try await RollBack(two.b).name(of: subject)
        let old = try #require(
            try await two.b.versions(of: name, before: nil, limit: 9).versions.last?.version)
        _ = try await RollBack(two.b).rollBack(subject, to: .version(old), isDryRun: false)
        #expect(try await RegistryFixture.pulls("team/app", "v1", from: two.b))
        try await two.exchange()
        #expect(try await RegistryFixture.pulls("team/app", "v1", from: two.a))
        try await two.close()
    }
}
