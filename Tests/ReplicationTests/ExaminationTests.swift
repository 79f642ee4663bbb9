// What an examination finds in a store: what is missing, what cannot be read, what a delete breaks.

import NIOCore
import RegistryLayout
import Replication
import Simulation
import Storage
import Testing

@Suite("An examination")
struct ExaminationTests {
    private static let root = RegistryRoot(prefix: RegistryRoot.marker)
    private static let repository = Repository(root: root, name: "library/alpine")
    private let origin = MemoryRegion("b", 2)
    private let region = MemoryRegion("a", 1)
    private let layer = bytes(20_000)

    private func name(_ path: LayoutPath) -> ObjectName {
        ObjectName(bucket: "images", key: path.key)
    }

    private var manifest: ByteBuffer {
        get throws {
            ByteBuffer(
                string: #"{"schemaVersion":2,"layers":[{"digest":"\#(try digest(layer))"}]}"#)
        }
    }

    private func digest(_ bytes: ByteBuffer) throws -> ContentDigest {
        ContentDigest(try blobID(of: bytes))
    }

    /// Writes at the origin, merges here, and examines what waits, by name.
    private func examine(
        _ writes: [(LayoutPath, ByteBuffer)]
    ) async throws -> [ObjectName: Examination.Finding] {
        if try await Buckets(objects: origin.store, blobs: origin.store).list().isEmpty {
            try await origin.createBuckets("images")
        }
        for (path, bytes) in writes { try await origin.put(name(path), bytes) }
        return try await mergeAndExamine()
    }

    private func mergeAndExamine() async throws -> [ObjectName: Examination.Finding] {
        let known = try await region.store.cursors()[origin.store.region] ?? .start
        let range = try await origin.store.entries(
            of: origin.store.region, after: known, limit: 100)
        try await region.store.merge(range)
        let waiting = try await region.store.pending(after: nil, limit: 100)
        let examination = ClosureExamination(
            feed: region.store, blobs: region.store, limits: ReplicationLimits())
        let findings = try await examination.examine(waiting.compactMap(PendingEntry.init))
        #expect(findings.map(\.reference.name) == waiting.map(\.name))
        return Dictionary(uniqueKeysWithValues: findings.map { ($0.reference.name, $0.finding) })
    }

    private func publishAll() async throws {
        let waiting = try await region.store.pending(after: nil, limit: 100)
        try await region.store.publish(
            waiting.map { VersionReference(name: $0.name, version: $0.version) })
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

    /// An image that shows here under a tag: its layer’s link, its revision’s and its tag’s.
    private func showImage() async throws -> (
        layer: ObjectName, revision: ObjectName, tag: ObjectName
    ) {
        let layerDigest = try digest(layer)
        let revision = try digest(manifest)
        let link = ByteBuffer(string: revision.description)
        let layerLink = LayoutPath.layerLink(Self.repository, layerDigest)
        let revisionLink = LayoutPath.revisionLink(Self.repository, revision)
        let tag = LayoutPath.tagCurrentLink(Self.repository, tag: "1")
        _ = try await region.store.keep(try await region.store.stage(bytes: layer))
        _ = try await examine([
            (.blobData(Self.root, layerDigest), layer),
            (layerLink, ByteBuffer(string: layerDigest.description)),
            (.blobData(Self.root, revision), try manifest), (revisionLink, link), (tag, link),
        ])
        try await publishAll()
        return (name(layerLink), name(revisionLink), name(tag))
    }

    @Test("says which visible names a delete breaks, unless they are deleted with it")
    func tombstones() async throws {
        let shown = try await showImage()
        try await origin.delete(shown.layer)
        #expect(
            try await mergeAndExamine()[shown.layer]
                == .tombstone(breaks: [shown.revision], waitsFor: []))
        try await origin.delete(shown.revision)
        let both = try await mergeAndExamine()
        #expect(both[shown.layer] == .tombstone(breaks: [], waitsFor: []))
        #expect(both[shown.revision] == .tombstone(breaks: [shown.tag], waitsFor: []))
    }

    @Test(
        "a delete waits for newer versions, of its own name and of those that need what it deletes")
    func deletesInOrder() async throws {
        let shown = try await showImage()
        for name in [shown.revision, shown.tag, shown.layer] { try await origin.delete(name) }
        let deleted = try await mergeAndExamine()
        for name in [shown.revision, shown.tag, shown.layer] {
            #expect(deleted[name] == .tombstone(breaks: [], waitsFor: []))
        }
        // Before they are published, the tag comes again, with an image that is not here.
        try await origin.put(shown.tag, ByteBuffer(string: try digest(bytes(9)).description))
        let known = try await region.store.pending(after: nil, limit: 100)
        let range = try await origin.store.entries(
            of: origin.store.region, after: try await region.store.cursors()[RegionID(2)] ?? .start,
            limit: 100)
        try await region.store.merge(range)
        let examination = ClosureExamination(
            feed: region.store, blobs: region.store, limits: ReplicationLimits())
        let findings = try await examination.examine(known.compactMap(PendingEntry.init))
        #expect(findings.map(\.reference.name) == [shown.layer, shown.revision, shown.tag])
        #expect(
            findings.map(\.finding) == [
                .tombstone(breaks: [], waitsFor: [shown.revision]),
                .tombstone(breaks: [], waitsFor: [shown.tag]),
                .tombstone(breaks: [], waitsFor: [shown.tag]),
            ])
        // One at a time it is the same: what was found to wait is not deleted yet.
        let alone = try await examination.examine(
            known.prefix(1).compactMap(PendingEntry.init))
        #expect(alone.map(\.finding) == [.tombstone(breaks: [], waitsFor: [shown.revision])])
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
        let examination = ClosureExamination(
            feed: region.store, blobs: region.store, limits: ReplicationLimits())
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
        let examination = ClosureExamination(
            feed: region.store, blobs: region.store, limits: ReplicationLimits())
        let entry = try #require(PendingEntry(first))
        #expect(try await examination.examine([entry]).map(\.finding) == [.settled])
    }
}
