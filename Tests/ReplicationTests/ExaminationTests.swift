// What an examination finds in a store: what is missing, what cannot be read, what a delete breaks.

import NIOCore
import RegistryLayout
import Replication
import Simulation
import Storage
import Testing

@Suite("An examination")
struct ExaminationTests {
    static let root = RegistryRoot(prefix: RegistryRoot.marker)
    static let repository = Repository(root: root, name: "library/alpine")
    let origin = MemoryRegion("b", 2)
    let region = MemoryRegion("a", 1)
    let layer = bytes(20_000)

    func name(_ path: LayoutPath) -> ObjectName {
        ObjectName(bucket: "images", key: path.key)
    }

    var manifest: ByteBuffer {
        get throws {
            ByteBuffer(
                string: #"{"schemaVersion":2,"layers":[{"digest":"\#(try digest(layer))"}]}"#)
        }
    }

    func digest(_ bytes: ByteBuffer) throws -> ContentDigest {
        ContentDigest(try blobID(of: bytes))
    }

    /// Writes at the origin, merges here, and examines what waits, by name.
    func examine(
        _ writes: [(LayoutPath, ByteBuffer)]
    ) async throws -> [ObjectName: Examination.Finding] {
        if try await Buckets(objects: origin.store, blobs: origin.store).list().isEmpty {
            try await origin.createBuckets("images")
        }
        for (path, bytes) in writes { try await origin.put(name(path), bytes) }
        return try await mergeAndExamine()
    }

    func mergeAndExamine(
        _ limits: ReplicationLimits = ReplicationLimits()
    ) async throws -> [ObjectName: Examination.Finding] {
        let known = try await region.store.cursors()[origin.store.region] ?? .start
        let range = try await origin.store.entries(
            of: origin.store.region, after: known, limit: 1000)
        try await region.store.merge(range)
        let waiting = try await region.store.pending(after: nil, limit: 1000)
        let examination = region.examination(limits)
        let findings = try await examination.examine(waiting.compactMap(PendingEntry.init))
        #expect(findings.map(\.reference.name) == waiting.map(\.name))
        return Dictionary(uniqueKeysWithValues: findings.map { ($0.reference.name, $0.finding) })
    }

    func publishAll() async throws {
        let waiting = try await region.store.pending(after: nil, limit: 100)
        try await region.store.publish(
            waiting.map(\.reference))
    }

    @Test("names the direct dependencies of each key of an image")
    func image() async throws {
        let layerDigest = try digest(layer)
        let revision = try digest(manifest)
        let link = ByteBuffer(string: revision.description)
        let layerData = LayoutPath.blobData(Self.root, layerDigest)
        let layerLink = LayoutPath.layerLink(Self.repository, layerDigest)
        let data = LayoutPath.blobData(Self.root, revision)
        let revisionLink = LayoutPath.revisionLink(Self.repository, revision)
        let tag = LayoutPath.tagCurrentLink(Self.repository, tag: "1")
        let found = try await examine([
            (layerData, layer), (layerLink, ByteBuffer(string: layerDigest.description)),
            (data, try manifest), (revisionLink, link), (tag, link),
        ])
        #expect(
            found[name(layerData)]
                == .put(isBlobMissing: true, missingNames: [], isClosureKnown: true))
        #expect(
            found[name(layerLink)]
                == .put(
                    isBlobMissing: false, missingNames: [name(layerData)], isClosureKnown: true))
        #expect(
            found[name(data)] == .put(isBlobMissing: false, missingNames: [], isClosureKnown: true))
        #expect(
            found[name(revisionLink)]
                == .put(
                    isBlobMissing: false, missingNames: [name(data), name(layerLink)],
                    isClosureKnown: true))
        #expect(
            found[name(tag)]
                == .put(
                    isBlobMissing: false, missingNames: [name(revisionLink)], isClosureKnown: true))
    }

    @Test("does not know what a revision reaches before its manifest is here")
    func unknown() async throws {
        let revision = try digest(manifest)
        let link = LayoutPath.revisionLink(Self.repository, revision)
        let found = try await examine([(link, ByteBuffer(string: revision.description))])
        let data = name(.blobData(Self.root, revision))
        #expect(
            found[name(link)]
                == .put(isBlobMissing: false, missingNames: [data], isClosureKnown: false))
    }

    @Test(
        "says that a manifest or a link cannot be read",
        arguments: ["", "{}", "not a manifest", #"{"layers":[{"digest":"md5:1"}]}"#])
    func unreadable(text: String) async throws {
        let bytes = ByteBuffer(string: text)
        let revision = try digest(bytes)
        let link = LayoutPath.revisionLink(Self.repository, revision)
        let tag = LayoutPath.tagCurrentLink(Self.repository, tag: "1")
        let found = try await examine([
            (.blobData(Self.root, revision), bytes),
            (link, ByteBuffer(string: revision.description)), (tag, bytes),
        ])
        for path in [link, tag] {
            guard case .unreadable = found[name(path)] else {
                Issue.record("\(path) was read: \(String(describing: found[name(path)]))")
                continue
            }
        }
    }

    @Test("says that a size is not that of the blob")
    func wrongSize() async throws {
        try await origin.createBuckets("images")
        let key = ObjectName(bucket: "images", key: "plain")
        var lying = try await origin.put(key, bytes(100))
        guard case .put(var content) = lying.kind else { return }
        content.sizeBytes = .max
        lying.kind = .put(content)
        try await region.store.merge([FeedEntry(object: lying, inlineBytes: bytes(100))])
        let examination = region.examination()
        let entry = try #require(PendingEntry(lying))
        guard case .unreadable = try await examination.examine([entry]).first?.finding else {
            Issue.record("the size was believed")
            return
        }
    }

    @Test("finds what was superseded settled")
    func settled() async throws {
        try await origin.createBuckets("images")
        try await region.createBuckets("images")
        let key = ObjectName(bucket: "images", key: "plain")
        let first = try await origin.put(key, bytes(30_000))
        _ = try await mergeAndExamine()
        region.clock.set(milliseconds: region.clock.milliseconds() + 10_000)
        try await region.put(key, bytes(3))
        let examination = region.examination()
        let entry = try #require(PendingEntry(first))
        #expect(try await examination.examine([entry]).map(\.finding) == [.settled])
    }
}
