// Collecting a registry's garbage: exactly what is not reached goes, after quarantine; and what happens in
// between keeps what it touches.

import NIOCore
import RegistryLayout
import Simulation
import Storage
import Testing

@testable import LocalStore

/// Runs a job's work as the daemon does, and tells how it ended.
func performed(
    _ clock: any WallClock, _ work: @escaping JobBoard.Work
) async throws -> JobReport {
    let board = JobBoard(clock: clock)
    let begun = try board.begin(.collectGarbage(GarbageOptions()), work)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await board.run() }
        try await eventually("the job ends") { board.report(begun.id)?.state != .running }
        group.cancelAll()
        return try #require(board.report(begun.id))
    }
}

@Suite("Collecting a registry’s garbage")
struct CollectRegistryTests {
    private static let day: Int64 = 86_400_000
    static let app = RegistryFixture.repository("team/app")

    /// One run; a second one after the period removes what this one put in quarantine.
    @discardableResult
    static func collect(
        _ region: SimulatedRegion, _ store: DurableStore, deletesUntagged: Bool = true,
        isDryRun: Bool = false, others: OtherRegions = .none
    ) async throws -> JobReport {
        let options = GarbageOptions(
            registryBucket: RegistryFixture.bucket, deletesUntagged: deletesUntagged,
            grace: .seconds(24 * 3600), isDryRun: isDryRun)
        let report = try await performed(region.clock) { job in
            try await store.collectRegistry(options, others: others, job)
        }
        #expect(report.state == .done)
        return report
    }

    static func age(_ region: SimulatedRegion, days: Int64 = 2) {
        region.clock.advance(milliseconds: days * day)
    }

    static func relative(_ paths: [LayoutPath]) -> Set<String> {
        Set(paths.map { String($0.key.string.dropFirst(RegistryFixture.root.prefix.count)) })
    }

    private static func with(
        _ body: (SimulatedRegion, DurableStore, RegistryFixture) async throws -> Void
    ) async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await body(region, store, try await RegistryFixture(store))
        try await store.close()
    }

    /// The keys of an image that no other shares.
    private static func keys(
        _ repository: Repository, _ manifest: ContentDigest, seed: UInt64, layers: Bool = true
    ) -> [LayoutPath] {
        var blobs = [ByteBuffer(string: "{\"seed\":\(seed)}")]
        if layers {
            blobs += (0..<2).map { ByteBuffer(string: "layer \($0) of \(seed)") }
        }
        let digests = blobs.map(RegistryFixture.digest)
        return digests.map { .layerLink(repository, $0) }
            + digests.map { .blobData(repository.root, $0) }
            + [.revisionLink(repository, manifest), .blobData(repository.root, manifest)]
    }

    /// Every shape of image, beside every shape of garbage.
    private struct Shapes {
        /// What was there before the garbage was.
        var kept: Set<String> = []
        var all: Set<String> = []
        /// Garbage even where untagged manifests stay.
        var always: Set<String> = []
        /// Garbage where they go.
        var untagged: Set<String> = []
        private let upload = LayoutPath.upload(app, id: "u", rest: "startedat")
        private var plain = RegistryFixture.digest(ByteBuffer())
        private var shared = RegistryFixture.digest(ByteBuffer())

        init(_ fixture: RegistryFixture) async throws {
            try await addNeeded(fixture)
            try await addGarbage(fixture)
        }

        private mutating func addNeeded(_ fixture: RegistryFixture) async throws {
            plain = try await fixture.image("team/app", seed: 1, tag: "v1")
            // An index, an index of one, and Docker's list.
            let children = [
                try await fixture.image("team/app", seed: 2),
                try await fixture.image("team/app", seed: 3),
            ]
            let index = try await fixture.index("team/app", children, tag: "multi")
            let inner = try await fixture.index(
                "team/app", [try await fixture.image("team/app", seed: 4)])
            try await fixture.index("team/app", [inner], tag: "nested")
            try await fixture.index(
                "team/app", [try await fixture.image("team/app", seed: 5)], tag: "docker",
                isDocker: true)
            // Referrers of an image, of a referrer and of a child of an index; and what cosign makes.
            let signature = try await fixture.image("team/app", seed: 6, subject: plain)
            try await fixture.image("team/app", seed: 7, subject: signature)
            try await fixture.image("team/app", seed: 8, subject: children[0])
            try await fixture.image("team/app", seed: 9, tag: "sha256-\(index.hex).sig")
            // A tag that has moved: the image is history, and so kept.
            try await fixture.image("team/app", seed: 10, tag: "moved")
            try await fixture.image("team/app", seed: 11, tag: "moved")
            // A layer of one repository that another one mounted, and needs alone.
            shared = try await fixture.layer("team/app", ByteBuffer(string: "shared"))
            try await fixture.mount("other", shared)
            try await fixture.image("other", seed: 12, layers: [shared], tag: "v1")
            try await fixture.put(upload, ByteBuffer(string: "now"))
            kept = try await fixture.keys()
        }

        private mutating func addGarbage(_ fixture: RegistryFixture) async throws {
            let root = RegistryFixture.root
            // Untagged images, one with a referrer and an index above it.
            let image = try await fixture.image("team/app", seed: 20)
            let about = try await fixture.image("team/app", seed: 21, subject: image)
            let above = try await fixture.index("team/app", [image, plain])
            untagged = relative(
                keys(app, image, seed: 20) + keys(app, about, seed: 21)
                    + [.revisionLink(app, above), .blobData(root, above)])
            // A layer without a manifest, a blob without a layer.
            let lone = try await fixture.layer("team/app", ByteBuffer(string: "lone"))
            let adrift = RegistryFixture.digest(ByteBuffer(string: "adrift"))
            try await fixture.put(.blobData(root, adrift), ByteBuffer(string: "adrift"))
            always = relative([
                .layerLink(app, lone), .blobData(root, lone), .blobData(root, adrift),
                .layerLink(app, shared),
            ])
            all = try await fixture.keys()
        }
    }

    @Test("exactly what nothing reaches goes, whatever its shape; a dry run only tells")
    func shapes() async throws {
        try await Self.with { region, store, fixture in
            let shapes = try await Shapes(fixture)
            Self.age(region)
            let dry = try await Self.collect(region, store, isDryRun: true)
            #expect(
                dry.figures["quarantined_keys"]
                    == UInt64(shapes.always.count + shapes.untagged.count))
            try await Self.collect(region, store, deletesUntagged: false)
            #expect(try await fixture.keys() == shapes.all)
            Self.age(region)
            let first = try await Self.collect(region, store, deletesUntagged: false)
            #expect(first.figures["removed_keys"] == UInt64(shapes.always.count))
            #expect(try await fixture.keys() == shapes.all.subtracting(shapes.always))
            try await Self.collect(region, store)
            Self.age(region)
            try await Self.collect(region, store)
            let left = try await fixture.keys()
            let expected = shapes.all.subtracting(shapes.always).subtracting(shapes.untagged)
            #expect(left == expected, "\(left.symmetricDifference(expected).sorted())")
            #expect(expected == shapes.kept.subtracting(shapes.always))
            for tag in ["v1", "multi", "nested", "docker", "moved"] {
                #expect(try await fixture.pulls("team/app", tag))
            }
            #expect(try await fixture.pulls("other", "v1"))
        }
    }

    @Test("the image of a moved tag stays as long as its history, and goes with it")
    func moved() async throws {
        try await Self.with { region, store, fixture in
            let old = try await fixture.image("team/app", seed: 1, tag: "moved")
            try await fixture.image("team/app", seed: 2, tag: "moved")
            let all = try await fixture.keys()
            for _ in 0..<2 {
                Self.age(region)
                try await Self.collect(region, store)
            }
            #expect(try await fixture.keys() == all)
            _ = try await store.expireHistory(nowMilliseconds: .max, limit: 1000)
            for _ in 0..<2 {
                Self.age(region)
                try await Self.collect(region, store)
            }
            let gone = Self.relative(
                Self.keys(Self.app, old, seed: 1)
                    + [.tagIndexLink(Self.app, tag: "moved", old)])
            #expect(all.subtracting(try await fixture.keys()) == gone)
        }
    }

    @Test("what is young is left alone, with all that it reaches; so is every upload")
    func young() async throws {
        try await Self.with { region, store, fixture in
            let layer = try await fixture.layer("team/app", ByteBuffer(string: "old layer"))
            Self.age(region)
            try await fixture.image("team/app", seed: 1, layers: [layer])
            let all = try await fixture.keys()
            for _ in 0..<3 {
                let report = try await Self.collect(region, store)
                #expect(report.figures["quarantined_keys"] == nil)
            }
            #expect(try await fixture.keys() == all)
        }
    }

    @Test("a repository with a link or manifest that cannot be read is left alone, and no other")
    func unreadable() async throws {
        try await Self.with { region, store, fixture in
            try await fixture.image("team/app", seed: 1)
            try await fixture.image("other", seed: 2)
            try await fixture.put(
                .tagCurrentLink(Self.app, tag: "broken"), ByteBuffer(string: ""))
            let all = try await fixture.keys()
            Self.age(region)
            let report = try await Self.collect(region, store)
            #expect(report.figures["repositories_left_alone"] == 1)
            #expect(report.findings.contains { $0.subject.contains("tags/broken/current/link") })
            Self.age(region)
            try await Self.collect(region, store)
            let left = try await fixture.keys()
            #expect(all.subtracting(left).count == 8)
            #expect(left.contains { $0.hasPrefix("repositories/team/app/_layers") })
            #expect(!left.contains { $0.hasPrefix("repositories/other/") })
            // A manifest that is none does the same.
            try await fixture.delete(.tagCurrentLink(Self.app, tag: "broken"))
            _ = try await store.expireHistory(nowMilliseconds: .max, limit: 100)
            try await fixture.manifest("team/app", "no manifest")
            Self.age(region)
            #expect(
                try await Self.collect(region, store).figures["repositories_left_alone"] == 1)
        }
    }

    @Test(
        "what was deleted of a kept tag stays until its history ends; of no tag, until the next run"
    )
    func history() async throws {
        try await Self.with { region, store, fixture in
            let tagged = try await fixture.image("team/app", seed: 1, tag: "v1")
            let untagged = try await fixture.image("team/app", seed: 2)
            try await fixture.delete(.tagCurrentLink(Self.app, tag: "v1"))
            for (digest, seed) in [(tagged, UInt64(1)), (untagged, 2)] {
                for path in Self.keys(Self.app, digest, seed: seed) {
                    try await fixture.delete(path)
                }
            }
            let all = try await store.history(after: nil, limit: 100).count
            #expect(all == 1 + 8 + 8)
            let report = try await performed(region.clock) { try await store.releaseHistory($0) }
            #expect(report.state == .done)
            #expect(report.figures["released_versions"] == 8)
            let rollback = RollBack(store)
            let subject = HistorySubject.tag(
                bucket: RegistryFixture.bucket, repository: "team/app", tag: "v1")
            let history = try await store.versions(
                of: try await rollback.name(of: subject), before: nil, limit: 9)
            let old = try #require(history.versions.last?.version)
            let dry = try await rollback.rollBack(subject, to: .version(old), isDryRun: true)
            #expect(dry.written.count == 9)
            let name = try await rollback.name(of: subject)
            try await store.expire([VersionReference(name: name, version: old)])
            try await performed(region.clock) { try await store.releaseHistory($0) }.expectDone()
            #expect(try await store.history(after: nil, limit: 100).isEmpty)
        }
    }

    @Test(
        "buckets of other layouts are refused with the reason", arguments: ["quay", "zot", "plain"])
    func others(layout: String) async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(RegistryFixture.bucket)
        let keys = ["quay": "x/sha256/ab/abcd", "zot": "repo/oci-layout", "plain": "a/b"]
        let staged = try await store.stage(bytes: ByteBuffer(string: "x"))
        let content = ObjectContent(
            blob: try #require(staged.blob), sizeBytes: 1, lastModifiedMilliseconds: 0, etag: "e")
        let name = ObjectName(
            bucket: RegistryFixture.bucket, key: ObjectKey(try #require(keys[layout])))
        try await store.commit(.put(name, content, staged, .none))
        let options = GarbageOptions(registryBucket: RegistryFixture.bucket)
        let report = try await performed(region.clock) {
            try await store.collectRegistry(options, others: .none, $0)
        }
        guard case .failed(let reason) = report.state else {
            Issue.record("it was collected")
            return
        }
        #expect(reason.contains("left alone"))
        try await store.close()
    }
}

extension JobReport {
    func expectDone() { #expect(state == .done) }
}
