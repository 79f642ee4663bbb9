// The shell, as it runs in a daemon: real tasks and real time over stores in memory.

import NIOCore
import RegistryLayout
import Replication
import Simulation
import Storage
import Synchronization
import Testing

@Suite("The replication service", .timeLimit(.minutes(1)))
struct ServiceTests {
    private static let bucket = "images"

    private func name(_ key: String) -> ObjectName {
        ObjectName(bucket: Self.bucket, key: ObjectKey(key))
    }

    /// Runs the services while the body does.
    private func running(
        _ services: [ReplicationService], _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            try await body()
            group.cancelAll()
        }
    }

    @Test("carries writes and deletes both ways")
    func bothWays() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        let services = [a.service(following: [b]), b.service(following: [a])]
        try await running(services) {
            let small = try await a.put(name("small"), bytes(100))
            let large = try await a.put(name("large"), bytes(3_000_000))
            try await b.shows(small)
            try await b.shows(large)
            #expect(try await b.store.object(name("large"))?.content == large.content)
            let back = try await b.put(name("back"), bytes(40_000, seed: 3))
            try await a.shows(back)
            try await b.delete(small.name)
            let tombstone = try #require(
                try await b.store.registers(of: [small.name]).first?.published)
            try await a.shows(tombstone)
            #expect(try await a.store.object(small.name) == nil)
        }
        let status = services[1].status()
        #expect(status.peers.map(\.name) == ["a"])
        #expect(status.peers.first?.region == RegionID(1))
        #expect(status.lag.pendingEntries == 0)
        #expect(status.fetches.isEmpty)
    }

    @Test("shows a tag only when the layer has come")
    func closure() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        let layer = bytes(200_000)
        let gate = Gate()
        let service = b.service(following: [a]) { transport in
            BytesThrough(base: transport) { _, _, source in GatedBytes(source, gate) }
        }
        try await running([service]) {
            let image = try await push(layer, to: a)
            // All of it is known and waits for the layer.
            try await eventually("five entries wait") {
                service.status().lag.pendingEntries >= 5
            }
            try await eventually("a fetch is under way") {
                service.status().fetches.first?.source != nil
            }
            // The manifest's own bytes reach nothing.
            for (index, written) in image.enumerated() where index != 2 {
                let register = try await b.store.registers(of: [written.name]).first
                #expect(register?.visible == nil, "\(written.name) is visible too early")
            }
            gate.open()
            for written in image { try await b.shows(written) }
        }
    }

    @Test(
        "refuses a peer that sends wrong bytes, names the digest, and takes the right bytes later")
    func lyingPeer() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        var limits = ReplicationLimits()
        limits.firstRetryMilliseconds = 20
        let lie = LyingFlag()
        let service = b.service(following: [a], limits: limits) { transport in
            BytesThrough(base: transport) { _, _, source in
                lie.isLying ? WrongBytes(source) : source
            }
        }
        try await running([service]) {
            let written = try await a.put(name("large"), bytes(50_000))
            try await eventually("the source is refused") {
                !service.status().refusedSources.isEmpty
            }
            let refused = try #require(service.status().refusedSources.first)
            #expect(refused.peer == "a")
            #expect(refused.blob == written.content?.blob)
            #expect(try await b.store.registers(of: [written.name]).first?.visible == nil)
            lie.stop()
            try await b.shows(written)
            #expect(service.status().refusedSources.isEmpty)
        }
    }

    @Test("goes on where it was after a restart")
    func restart() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        try await running([b.service(following: [a])]) {
            try await b.shows(try await a.put(name("one"), bytes(10)))
        }
        let second = try await a.put(name("two"), bytes(20_000))
        let service = b.service(following: [a])
        try await running([service]) {
            try await b.shows(second)
            #expect(service.status().peers.first?.isConnected == true)
        }
    }

    /// An image of one layer, as a registry pushes it.
    private func push(_ layer: ByteBuffer, to region: MemoryRegion) async throws -> [ObjectVersion]
    {
        let root = RegistryRoot(prefix: RegistryRoot.marker)
        let repository = Repository(root: root, name: "library/alpine")
        let digest = ContentDigest(try blobID(of: layer))
        let manifest = ByteBuffer(
            string: #"{"schemaVersion":2,"layers":[{"digest":"\#(digest)","size":200000}]}"#)
        let revision = ContentDigest(try blobID(of: manifest))
        let writes: [(LayoutPath, ByteBuffer)] = [
            (.blobData(root, digest), layer),
            (.layerLink(repository, digest), ByteBuffer(string: digest.description)),
            (.blobData(root, revision), manifest),
            (.revisionLink(repository, revision), ByteBuffer(string: revision.description)),
            (
                .tagIndexLink(repository, tag: "1", revision),
                ByteBuffer(string: revision.description)
            ),
            (.tagCurrentLink(repository, tag: "1"), ByteBuffer(string: revision.description)),
        ]
        var versions: [ObjectVersion] = []
        for (path, bytes) in writes {
            versions.append(try await region.put(name(path.key.string), bytes))
        }
        return versions
    }
}

/// Whether a peer lies at present.
private final class LyingFlag: Sendable {
    private let state = Mutex(true)

    var isLying: Bool { state.withLock { $0 } }

    func stop() { state.withLock { $0 = false } }
}

/// Holds bodies back until it is opened.
private final class Gate: Sendable {
    private let signal = ChangeSignal()

    func open() { signal.advance() }

    func wait() async { await signal.wait(beyond: 0, timeout: .seconds(60)) }
}

private final class GatedBytes: ByteSource {
    private let source: any ByteSource
    private let gate: Gate

    init(_ source: any ByteSource, _ gate: Gate) {
        self.source = source
        self.gate = gate
    }

    func next() async throws -> ByteBuffer? {
        await gate.wait()
        return try await source.next()
    }
}
