// Replication rules, in regions that run: what is excluded is known and not shown, and appears when it is included.

import NIOCore
import RegistryLayout
import Replication
import Simulation
import Storage
import Testing

@Suite("Replication rules of a bucket", .timeLimit(.minutes(1)))
struct RulesTests {
    private static let bucket = "images"
    private let west = MemoryRegion("west", 1)
    private let east = MemoryRegion("east", 2)

    private func name(_ key: String) -> ObjectName {
        ObjectName(bucket: Self.bucket, key: ObjectKey(key))
    }

    private func set(_ rules: String, in region: MemoryRegion) async throws {
        try await Buckets(objects: region.store, blobs: region.store)
            .changeSettings(of: Self.bucket) { try $0.set("replication", to: rules) }
    }

    private func makeBucket(_ rules: String) async throws {
        try await west.createBuckets(Self.bucket)
        try await set(rules, in: west)
    }

    /// Runs east, following west, while the body does; `west` too where it is to hear of east.
    private func running(
        bothWays: Bool = false, _ body: (ReplicationService) async throws -> Void
    ) async throws {
        let service = east.service(following: [west])
        let other = bothWays ? west.service(following: [east]) : nil
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await service.run() }
            if let other { group.addTask { try await other.run() } }
            try await body(service)
            group.cancelAll()
        }
    }

    /// Returns when east has decided about all that west wrote.
    private func caughtUp(_ service: ReplicationService) async throws {
        let all = try await west.store.cursors()[west.store.region]
        try await eventually("east knows all that west wrote, and waits for nothing") {
            let status = service.status()
            return status.peers.first?.cursor == all && status.lag.pendingEntries == 0
        }
    }

    private func register(_ name: ObjectName) async throws -> ObjectRegister {
        try #require(try await east.store.registers(of: [name]).first)
    }

    private func isShown(_ name: ObjectName) async throws -> Bool {
        try await register(name).visible != nil
    }

    @Test("what is excluded is known and handed on, not fetched and not shown, and is no lag")
    func excluded() async throws {
        // All in one stretch: the rule holds for what was written after it.
        try await makeBucket("exclude region=east prefix=tmp/")
        let out = try await west.put(name("tmp/a"), bytes(50_000))
        let taken = try await west.put(name("a"), bytes(50_000, seed: 2))
        try await running { service in
            try await east.shows(taken)
            try await caughtUp(service)
            #expect(try await register(out.name).pending.map(\.version) == [out.version])
            #expect(try await !isShown(out.name))
            let blob = try #require(out.content?.blob)
            #expect(try await east.store.stat(blob) == nil)
            let status = service.status()
            #expect(status.lag == ReplicationLag())
            #expect(status.fetches.isEmpty && status.parked.isEmpty)
            let fed = try await east.store.entries(
                of: west.store.region, after: .start, limit: 100)
            #expect(fed.entries.contains { $0.object.version == out.version })
            // A name that is written again and again does not pile up.
            let next = try await west.put(out.name, bytes(50_000, seed: 3))
            try await caughtUp(service)
            #expect(try await register(out.name).pending.map(\.version) == [next.version])
        }
    }

    @Test("it stays so through a restart, and appears when the rules change, from either side")
    func included() async throws {
        try await makeBucket("exclude prefix=tmp/")
        let first = try await west.put(name("tmp/a"), bytes(50_000))
        try await running { try await caughtUp($0) }
        let second = try await west.put(name("tmp/b"), bytes(60_000, seed: 2))
        try await running { service in
            try await caughtUp(service)
            #expect(try await !isShown(first.name))
            #expect(try await !isShown(second.name))
            try await set("exclude prefix=tmp/a", in: west)
            try await east.shows(second)
            #expect(try await !isShown(first.name))
            try await set("none", in: east)
            try await east.shows(first)
        }
    }

    @Test("what this region wrote comes back where it was lost, whatever the rules say")
    func ownWrites() async throws {
        try await makeBucket("exclude region=east prefix=tmp/")
        let before = MemoryRegion("east", 2)
        try await before.createBuckets(Self.bucket)
        let own = try await before.put(name("tmp/own"), bytes(50_000))
        try await west.put(name("same"), bytes(50_000))
        // The rules are known before it comes back.
        try await running { try await caughtUp($0) }
        try await east.store.merge([FeedEntry(object: own)])
        #expect(try await !isShown(own.name))
        try await running { _ in try await east.shows(own) }
    }

    @Test("a write of this region works and wins, and deletes leave it alone or follow")
    func localWrites() async throws {
        try await makeBucket("exclude prefix=tmp/; exclude prefix=log/ deletes=follow")
        let (kept, gone) = (name("tmp/a"), name("log/a"))
        for name in [kept, gone] { try await west.put(name, bytes(50_000)) }
        try await running(bothWays: true) { service in
            try await caughtUp(service)
            var own: [ObjectVersion] = []
            for name in [kept, gone] { own.append(try await east.put(name, bytes(10, seed: 3))) }
            for version in own {
                #expect(try await register(version.name).visible?.version == version.version)
            }
            // There the rule holds as well.
            try await eventually("west knows both") {
                try await west.store.registers(of: [kept, gone]).allSatisfy { !$0.pending.isEmpty }
            }
            for name in [kept, gone] { try await west.delete(name) }
            try await eventually("the delete that follows is done") {
                try await !isShown(gone)
            }
            try await caughtUp(service)
            #expect(try await register(kept).visible?.version == own[0].version)
        }
    }

    @Test("what shows when it is excluded stays, with its deletes")
    func newlyExcluded() async throws {
        try await makeBucket("none")
        let shown = try await west.put(name("tmp/a"), bytes(50_000))
        try await running { service in
            try await east.shows(shown)
            try await set("exclude region=east", in: west)
            try await west.put(shown.name, bytes(50_000, seed: 2))
            try await west.delete(shown.name)
            try await caughtUp(service)
            #expect(try await register(shown.name).visible?.version == shown.version)
            try await set("none", in: west)
            try await eventually("it is deleted") { try await !isShown(shown.name) }
        }
    }

    /// An image of one layer, as a registry pushes it.
    private func push(_ layer: ByteBuffer, as tag: String, of image: String) async throws -> Image {
        let root = RegistryRoot(prefix: RegistryRoot.marker)
        let repository = Repository(root: root, name: image)
        let layerDigest = ContentDigest(try blobID(of: layer))
        let manifest = ByteBuffer(
            string: #"{"schemaVersion":2,"layers":[{"digest":"\#(layerDigest)"}]}"#
                + String(repeating: " ", count: 9000))
        let revision = ContentDigest(try blobID(of: manifest))
        let link = ByteBuffer(string: revision.description)
        let writes: [(LayoutPath, ByteBuffer)] = [
            (.blobData(root, layerDigest), layer),
            (.layerLink(repository, layerDigest), ByteBuffer(string: layerDigest.description)),
            (.blobData(root, revision), manifest), (.revisionLink(repository, revision), link),
            (.tagIndexLink(repository, tag: tag, revision), link),
            (.tagCurrentLink(repository, tag: tag), link),
        ]
        var names: [ObjectName] = []
        for (path, bytes) in writes {
            let name = name(path.key.string)
            names.append(name)
            if try await west.store.object(name)?.content?.blob != blobID(of: bytes) {
                try await west.put(name, bytes)
            }
        }
        return Image(names: names, layer: try blobID(of: layer))
    }

    private struct Image {
        /// Layer, its link, manifest, its link, the tag's two.
        var names: [ObjectName]
        var layer: BlobID

        var tag: ObjectName { names[5] }
    }

    private func isComplete(_ image: Image) async throws -> Bool {
        let registers = try await east.store.registers(of: image.names)
        return registers.allSatisfy { $0.visible != nil }
    }

    @Test(
        "an excluded repository shows nowhere, and a layer that another one mounts comes",
        arguments: [
            "exclude repository=scratch/*", "include repository=prod/*; exclude",
            "exclude prefix=docker/registry/v2/repositories/scratch/",
        ])
    func repositories(rules: String) async throws {
        try await makeBucket(rules)
        let shared = bytes(50_000)
        let out = try await push(bytes(60_000, seed: 2), as: "1", of: "scratch/a")
        let mounted = try await push(shared, as: "1", of: "scratch/b")
        try await running { service in
            try await caughtUp(service)
            for image in [out, mounted] {
                for name in image.names { #expect(try await !isShown(name), "\(name)") }
                #expect(try await east.store.stat(image.layer) == nil)
            }
            let taken = try await push(shared, as: "1", of: "prod/b")
            try await eventually("the included image is there") { try await isComplete(taken) }
            try await caughtUp(service)
            for name in out.names { #expect(try await !isShown(name), "\(name)") }
            for name in mounted.names where !taken.names.contains(name) {
                #expect(try await !isShown(name), "\(name)")
            }
            try await set("none", in: west)
            for image in [out, mounted] {
                try await eventually("all images are there") { try await isComplete(image) }
            }
        }
    }

    @Test("a tag that reaches what is excluded does not show, and nobody waits for it")
    func brokenByRules() async throws {
        try await makeBucket("exclude prefix=docker/registry/v2/repositories/prod/a/_layers/")
        let image = try await push(bytes(50_000), as: "1", of: "prod/a")
        try await running { service in
            try await caughtUp(service)
            #expect(try await !isShown(image.tag))
            #expect(try await !isShown(image.names[3]))
            try await set("none", in: west)
            try await eventually("the image is there") { try await isComplete(image) }
        }
    }

    @Test("an image that stays because of a rule stays whole, whatever is deleted elsewhere")
    func staysWhole() async throws {
        try await makeBucket("none")
        let old = try await push(bytes(50_000), as: "1", of: "prod/a")
        try await running { service in
            try await eventually("the image is there") { try await isComplete(old) }
            // A tag is moved, and what it named is collected.
            try await set("exclude region=east tag=*", in: west)
            let new = try await push(bytes(60_000, seed: 2), as: "1", of: "prod/a")
            for name in old.names.prefix(4).reversed() { try await west.delete(name) }
            try await caughtUp(service)
            #expect(try await isComplete(old))
            #expect(try await !register(old.tag).pending.isEmpty)
            try await set("none", in: west)
            try await eventually("the new image is there") { try await isComplete(new) }
            try await eventually("the old one is gone") {
                for name in old.names.prefix(4) where try await isShown(name) { return false }
                return true
            }
        }
    }
}
