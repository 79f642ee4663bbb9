// What an examination finds of deletes: whom they wait for, however large the repository is, and what they break.

import NIOCore
import RegistryLayout
import Replication
import Simulation
import Storage
import Testing

private struct ShownImage {
    var data: ObjectName
    var layer: ObjectName
    var manifest: ObjectName
    var revision: ObjectName
    var tag: ObjectName
}

extension ExaminationTests {
    /// An image that shows here under a tag: its layer’s link, its revision’s and its tag’s.
    private func showImage() async throws -> ShownImage {
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
        return ShownImage(
            data: name(.blobData(Self.root, layerDigest)), layer: name(layerLink),
            manifest: name(.blobData(Self.root, revision)), revision: name(revisionLink),
            tag: name(tag))
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
        let examination = region.examination()
        let findings = try await examination.examine(known.compactMap(PendingEntry.init))
        #expect(findings.map(\.reference.name) == [shown.layer, shown.revision, shown.tag])
        #expect(
            findings.map(\.finding) == [
                .tombstone(breaks: [], waitsFor: [shown.revision, shown.tag]),
                .tombstone(breaks: [], waitsFor: [shown.tag]),
                .tombstone(breaks: [], waitsFor: [shown.tag]),
            ])
        // One at a time it is the same: what was found to wait is not deleted yet.
        let alone = try await examination.examine(
            known.prefix(1).compactMap(PendingEntry.init))
        #expect(
            alone.map(\.finding)
                == [.tombstone(breaks: [], waitsFor: [shown.revision, shown.tag])])
    }

    /// The tag comes again at the origin, with an image that is not here.
    private func pushAnew(_ tag: ObjectName) async throws {
        try await origin.put(tag, ByteBuffer(string: try digest(bytes(9)).description))
    }

    @Test("the bytes of an image that shows stay until the newer one that waits is here")
    func bytesOfImages() async throws {
        let shown = try await showImage()
        for name in [shown.data, shown.manifest] { try await origin.delete(name) }
        let alone = try await mergeAndExamine()
        #expect(alone[shown.data] == .tombstone(breaks: [shown.layer], waitsFor: []))
        #expect(alone[shown.manifest] == .tombstone(breaks: [shown.revision], waitsFor: []))
        try await pushAnew(shown.tag)
        let behind = try await mergeAndExamine()
        for name in [shown.data, shown.manifest] {
            #expect(behind[name] == .tombstone(breaks: [], waitsFor: [shown.tag]))
        }
    }

    @Test("a delete of what a tag reaches through its manifest waits for the tag alone")
    func throughManifest() async throws {
        let shown = try await showImage()
        try await origin.delete(shown.layer)
        try await pushAnew(shown.tag)
        #expect(
            try await mergeAndExamine()[shown.layer]
                == .tombstone(breaks: [], waitsFor: [shown.tag]))
    }

    @Test("the order holds in a repository of any number of manifests and tags")
    func largeRepository() async throws {
        let shown = try await showImage()
        var limits = ReplicationLimits()
        limits.conflictManifests = 4
        limits.rememberedManifests = 3
        // Many that come before the image and its tag, all of which wait for newer ones too.
        for number in 0..<300 {
            let tag = LayoutPath.tagCurrentLink(Self.repository, tag: "0-\(number)")
            try await region.put(
                name(tag), ByteBuffer(string: try digest(bytes(number)).description))
        }
        let before = region.clock.milliseconds()
        origin.clock.set(milliseconds: before + 10_000)
        for number in 0..<300 {
            try await pushAnew(name(.tagCurrentLink(Self.repository, tag: "0-\(number)")))
        }
        for name in [shown.revision, shown.layer, shown.data] { try await origin.delete(name) }
        try await pushAnew(shown.tag)
        let found = try await mergeAndExamine(limits)
        #expect(
            found[shown.revision] == .tombstone(breaks: [], waitsFor: [shown.tag]))
        #expect(
            found[shown.data]
                == .tombstone(breaks: [], waitsFor: [shown.layer, shown.revision, shown.tag]))
    }

    @Test("a delete of what is not here waits for nothing")
    func nothingToDelete() async throws {
        let shown = try await showImage()
        try await region.delete(shown.data)
        origin.clock.set(milliseconds: region.clock.milliseconds() + 10_000)
        try await origin.delete(shown.data)
        try await pushAnew(shown.tag)
        #expect(try await mergeAndExamine()[shown.data] == .tombstone(breaks: [], waitsFor: []))
    }

    @Test("a delete waits for no put that is without hope")
    func hopeless() async throws {
        let shown = try await showImage()
        try await origin.delete(shown.revision)
        try await pushAnew(shown.tag)
        _ = try await mergeAndExamine()
        let waiting = try await region.store.pending(after: nil, limit: 10)
        let put = try #require(waiting.first { $0.name == shown.tag })
        let examination = region.examination()
        let findings = try await examination.examine(
            waiting.filter { $0.content == nil }.compactMap(PendingEntry.init),
            hopeless: [put.reference])
        #expect(
            findings.map(\.finding) == [.tombstone(breaks: [shown.tag], waitsFor: [])])
    }
}
