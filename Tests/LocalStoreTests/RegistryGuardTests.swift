// Each condition under which `CollectRegistry.swift` lets a key go, by itself: for each there is a test that fails
// without it.

import NIOCore
import RegistryLayout
import Simulation
import Storage
import Testing

@testable import LocalStore

@Suite("The conditions of a registry’s collection")
struct RegistryGuardTests {
    private static let app = CollectRegistryTests.app
    private static let hour: Int64 = 3_600_000
    private static let region = RegionID(5)
    private static let name = RegistryFixture.name(
        .layerLink(app, RegistryFixture.digest(ByteBuffer(string: "a layer"))))

    private static let rule = QuarantineRule(
        region: region, nowMilliseconds: 1000 * hour, graceMilliseconds: 24 * hour,
        periodMilliseconds: 48 * hour, confirmedNumber: 10)

    /// A version that was written so many hours ago, and put in quarantine so many.
    private static func version(
        hoursOld: Int64, quarantinedFor hours: Int64? = nil, number: UInt64 = 10,
        in region: RegionID = region, state: ObjectVersion.State = .published
    ) throws -> ObjectVersion {
        let content = ObjectContent(
            blob: try #require(RegistryFixture.digest(ByteBuffer()).blob), sizeBytes: 0,
            lastModifiedMilliseconds: 1, etag: "e",
            quarantinedMilliseconds: hours.map { rule.nowMilliseconds - $0 * hour })
        let stamp = HybridTimestamp(
            milliseconds: UInt64(rule.nowMilliseconds - hoursOld * hour))
        return ObjectVersion(
            name: name, version: Version(stamp: stamp, region: region),
            position: FeedPosition(incarnation: 1, number: number), kind: .put(content),
            state: state)
    }

    @Test(
        "what nothing needs is put in quarantine when it is old, and removed after all of the period"
    )
    func rule() throws {
        let rule = Self.rule
        // A region that has the greater id is quick to take over, the other one is not.
        let (elsewhere, lesser) = (RegionID(7), RegionID(2))
        let expected: [(ObjectVersion, Bool, QuarantineRule.Step)] = [
            (try Self.version(hoursOld: 23), false, .keep),
            (try Self.version(hoursOld: 24), false, .quarantine),
            (try Self.version(hoursOld: 1000), true, .keep),
            (try Self.version(hoursOld: 99, quarantinedFor: 47), false, .wait),
            (try Self.version(hoursOld: 99, quarantinedFor: 48), false, .remove),
            (try Self.version(hoursOld: 99, quarantinedFor: 48), true, .takeOut),
            (try Self.version(hoursOld: 99, quarantinedFor: 48, number: 11), false, .wait),
            (try Self.version(hoursOld: 99, quarantinedFor: 96, in: elsewhere), false, .wait),
            (try Self.version(hoursOld: 99, quarantinedFor: 97, in: elsewhere), false, .quarantine),
            (try Self.version(hoursOld: 99, quarantinedFor: 97, in: lesser), false, .wait),
            (try Self.version(hoursOld: 999, quarantinedFor: 817, in: lesser), false, .quarantine),
        ]
        for (version, isNeeded, step) in expected {
            #expect(rule.step(version, isNeeded: isNeeded) == step, "\(version)")
        }
    }

    @Test("a key above which something waits to be published is left alone")
    func pending() throws {
        var register = ObjectRegister()
        register.insert(try Self.version(hoursOld: 99))
        var judged = Judgements(rule: Self.rule)
        judged.add(register, isNeeded: false, releases: true)
        #expect(judged.items.map(\.step) == [.quarantine])
        register.insert(try Self.version(hoursOld: 98, in: RegionID(2), state: .pending))
        judged = Judgements(rule: Self.rule)
        judged.add(register, isNeeded: false, releases: true)
        #expect(judged.items.isEmpty)
    }

    private static func with(
        _ body: (SimulatedRegion, DurableStore, RegistryFixture) async throws -> Void
    ) async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await body(region, store, try await RegistryFixture(store))
        try await store.close()
    }

    private static func isQuarantined(
        _ path: LayoutPath, _ store: DurableStore
    ) async throws -> Bool {
        let register = try #require(
            try await store.registers(of: [RegistryFixture.name(path)]).first)
        return try #require(register.visible?.content).quarantinedMilliseconds != nil
    }

    /// A version of the key as another region wrote it, that waits to be published.
    private static func merge(
        _ version: ObjectVersion, writtenAt milliseconds: Int64, into store: DurableStore
    ) async throws {
        var object = version
        object.version = Version(
            stamp: HybridTimestamp(milliseconds: UInt64(milliseconds)), region: RegionID(7))
        object.position = FeedPosition(incarnation: 1, number: 1)
        object.state = .pending
        try await store.merge([FeedEntry(object: object)])
    }

    @Test("what comes to wait above a key between the judgement and the sweep keeps it")
    func pendingMeanwhile() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            let name = RegistryFixture.name(.layerLink(Self.app, layer))
            let judged = try #require(try await store.registers(of: [name]).first?.visible)
            try await Self.merge(
                judged, writtenAt: region.clock.milliseconds() + Self.hour, into: store)
            let sweep = SweepObjects(items: [.init(judged: judged, step: .remove)])
            #expect(try await store.committer.queue.submit(sweep) == [false])
            #expect(try await store.registers(of: [name]).first?.visible == judged)
        }
    }

    @Test("a manifest that another region has pushed again keeps its layers before it shows here")
    func pendingManifest() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            let manifest = try await fixture.image("team/app", seed: 1, layers: [layer])
            CollectRegistryTests.age(region)
            let name = RegistryFixture.name(.revisionLink(Self.app, manifest))
            let shown = try #require(try await store.registers(of: [name]).first?.visible)
            try await Self.merge(
                shown, writtenAt: region.clock.milliseconds() - 48 * Self.hour + 1, into: store)
            try await CollectRegistryTests.collect(region, store)
            for path in [
                LayoutPath.layerLink(Self.app, layer), .blobData(RegistryFixture.root, layer),
                .revisionLink(Self.app, manifest), .blobData(RegistryFixture.root, manifest),
            ] {
                #expect(try await !Self.isQuarantined(path, store), "\(path.key)")
            }
        }
    }

    @Test("nothing is garbage that is younger than clocks of regions may be apart, twice")
    func skew() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            let link = LayoutPath.layerLink(Self.app, layer)
            region.clock.advance(milliseconds: 30 * Self.hour)
            let others = OtherRegions(
                confirmedNumber: .max, clockSkewMilliseconds: 20 * Self.hour)
            try await CollectRegistryTests.collect(region, store, others: others)
            #expect(try await !Self.isQuarantined(link, store))
            region.clock.advance(milliseconds: 10 * Self.hour)
            try await CollectRegistryTests.collect(region, store, others: others)
            #expect(try await Self.isQuarantined(link, store))
        }
    }

    @Test("a layer that was just mounted keeps its blob, however old that is")
    func mounted() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            CollectRegistryTests.age(region)
            try await fixture.mount("other", layer)
            try await CollectRegistryTests.collect(region, store)
            #expect(try await !Self.isQuarantined(.blobData(RegistryFixture.root, layer), store))
            #expect(try await Self.isQuarantined(.layerLink(Self.app, layer), store))
        }
    }

    @Test("a deleted manifest that cannot be read stops the collection where a kept tag needs it")
    func unreadableHistory() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            let manifest = try await fixture.image("team/app", seed: 1, layers: [layer], tag: "v1")
            try await fixture.image("team/app", seed: 2, tag: "v1")
            let revision = RegistryFixture.name(.revisionLink(Self.app, manifest))
            try await store.commit(.delete(revision, .none))
            try await store.dropWhatever(try #require(manifest.blob))
            CollectRegistryTests.age(region)
            let report = try await CollectRegistryTests.collect(region, store)
            #expect(report.figures["repositories_left_alone"] == 1)
            #expect(try await !Self.isQuarantined(.layerLink(Self.app, layer), store))
        }
    }

    @Test("a manifest in quarantine whose bytes another region removed first goes as well")
    func unreadableInQuarantine() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            let manifest = try await fixture.image("team/app", seed: 1, layers: [layer])
            CollectRegistryTests.age(region)
            try await CollectRegistryTests.collect(region, store)
            #expect(try await Self.isQuarantined(.revisionLink(Self.app, manifest), store))
            try await fixture.delete(.blobData(RegistryFixture.root, manifest))
            try await store.dropWhatever(try #require(manifest.blob))
            CollectRegistryTests.age(region)
            let report = try await CollectRegistryTests.collect(region, store)
            #expect(report.figures["repositories_left_alone"] == nil)
            #expect(try await !fixture.keys().contains { $0.hasPrefix("repositories/team/app/") })
        }
    }

    @Test("a scrub looks at what is in quarantine, and leaves it there")
    func scrubbed() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "a layer"))
            let manifest = try await fixture.image("team/app", seed: 1, layers: [layer])
            CollectRegistryTests.age(region)
            try await CollectRegistryTests.collect(region, store)
            let report = Recorded()
            _ = try await store.scrub(ScrubOptions(), report, passed: { _ in })
            #expect(report.findings.isEmpty)
            for path in [
                LayoutPath.layerLink(Self.app, layer), .blobData(RegistryFixture.root, layer),
                .revisionLink(Self.app, manifest), .blobData(RegistryFixture.root, manifest),
            ] {
                #expect(try await Self.isQuarantined(path, store), "\(path.key)")
            }
        }
    }
}
