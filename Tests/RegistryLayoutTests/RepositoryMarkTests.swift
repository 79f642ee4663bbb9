import RegistryLayout
import Storage
import Testing

private func digest(_ number: UInt8) -> ContentDigest {
    guard
        let digest = ContentDigest(.sha256, bytes: [number] + Array(repeating: 0, count: 31))
    else { preconditionFailure("32 bytes make a digest") }
    return digest
}

private struct Manifest: Sendable {
    var number: UInt8
    var children: [UInt8] = []
    var subject: UInt8?
    var isRoot = false
}

@Suite("What of a repository is reached")
struct RepositoryMarkTests {
    private static func reached(_ manifests: [Manifest], tags: [UInt8]) -> [UInt8] {
        var mark = RepositoryMark()
        for tag in tags { mark.addRoot(digest(tag)) }
        for manifest in manifests {
            if manifest.isRoot { mark.addRoot(digest(manifest.number)) }
            let references = ManifestReferences(
                layers: [digest(200)], manifests: manifest.children.map(digest),
                subject: manifest.subject.map(digest))
            let hasRoom = mark.add(digest(manifest.number), references)
            #expect(hasRoom)
        }
        return mark.reached().compactMap(\.bytes.first).sorted()
    }

    @Test("what a tag names, and nothing beside it; layers are no manifests")
    func tags() {
        let manifests = [Manifest(number: 1), Manifest(number: 2)]
        #expect(Self.reached(manifests, tags: [1]) == [1])
        #expect(Self.reached(manifests, tags: []).isEmpty)
        // A tag may name what is not here.
        #expect(Self.reached(manifests, tags: [9]) == [9])
    }

    @Test("the children of an index, however deep, and in circles")
    func indexes() {
        let manifests = [
            Manifest(number: 1, children: [2, 3]), Manifest(number: 2, children: [4]),
            Manifest(number: 3), Manifest(number: 4, children: [1]), Manifest(number: 5),
        ]
        #expect(Self.reached(manifests, tags: [1]) == [1, 2, 3, 4])
        #expect(Self.reached(manifests, tags: [3]) == [3])
    }

    @Test("referrers of what is reached, and their referrers; never the subject of a referrer")
    func referrers() {
        let manifests = [
            Manifest(number: 1, children: [2]), Manifest(number: 2),
            Manifest(number: 3, subject: 2), Manifest(number: 4, subject: 3),
            Manifest(number: 5, children: [6], subject: 4), Manifest(number: 6),
            Manifest(number: 7), Manifest(number: 8, subject: 7),
        ]
        #expect(Self.reached(manifests, tags: [1]) == [1, 2, 3, 4, 5, 6])
        #expect(Self.reached(manifests, tags: [8]) == [8])
        #expect(Self.reached(manifests, tags: [7]) == [7, 8])
        // A subject that is not here has referrers all the same.
        #expect(Self.reached([Manifest(number: 3, subject: 9)], tags: [9]) == [3, 9])
    }

    @Test("what is a root for another reason, with all that it reaches")
    func roots() {
        let manifests = [
            Manifest(number: 1, children: [2], isRoot: true), Manifest(number: 2),
            Manifest(number: 3, subject: 1), Manifest(number: 4),
        ]
        #expect(Self.reached(manifests, tags: []) == [1, 2, 3])
    }

    @Test("it does not matter in which order things are read", arguments: 0..<20)
    func orders(seed: Int) {
        let manifests = [
            Manifest(number: 1, children: [2, 3]), Manifest(number: 2, children: [4]),
            Manifest(number: 3), Manifest(number: 4), Manifest(number: 5, subject: 4),
            Manifest(number: 6, subject: 7), Manifest(number: 7),
        ]
        #expect(Self.reached(manifests.shuffled(), tags: [1]) == [1, 2, 3, 4, 5])
    }
}

@Suite("The blobs that are linked")
struct LinkedDigestsTests {
    @Test("what was inserted is there, whatever the salt", arguments: [0, 1, UInt64.max])
    func inserted(salt: UInt64) {
        var linked = LinkedDigests(sizeBytes: 64, salt: salt)
        for number in 0..<50 { linked.insert(digest(UInt8(number))) }
        for number in 0..<50 { #expect(linked.mayContain(digest(UInt8(number)))) }
    }

    @Test("what was not is not, with few exceptions, which another salt chooses anew")
    func others() throws {
        func random(_ state: inout UInt64) throws -> ContentDigest {
            let bytes = (0..<32).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(truncatingIfNeeded: state >> 33)
            }
            return try #require(ContentDigest(.sha256, bytes: bytes))
        }
        var state: UInt64 = 7
        let inside = try (0..<2000).map { _ in try random(&state) }
        let outside = try (0..<2000).map { _ in try random(&state) }
        var wrong: [Set<ContentDigest>] = []
        for salt: UInt64 in [1, 2] {
            // Ten bits for each.
            var linked = LinkedDigests(sizeBytes: 2500, salt: salt)
            for digest in inside { linked.insert(digest) }
            wrong.append(Set(outside.filter(linked.mayContain)))
        }
        #expect(wrong[0].count < 60 && wrong[1].count < 60)
        #expect(wrong[0].intersection(wrong[1]).count < 10)
    }
}

@Suite("The layout of a bucket")
struct BucketLayoutTests {
    private static let digits = Set(["00/", "a1/"])

    @Test("is known by a few of its keys, and left alone where it is not Distribution’s")
    func recognised() {
        let root = RegistryRoot(prefix: "a/docker/registry/v2/")
        let top = SeenDirectory(path: "", names: ["a/", "oci-layout"])
        #expect(BucketLayout([top], roots: [root]) == .distribution([root]))
        #expect(BucketLayout([top], roots: []) == .zot)
        let blobs = SeenDirectory(path: "datastorage/registry/sha256/", names: Self.digits)
        #expect(BucketLayout([blobs], roots: []) == .quay)
        let others = SeenDirectory(path: "sha256/", names: ["00/", "readme"])
        #expect(BucketLayout([others], roots: []) == .plain)
        #expect(BucketLayout([], roots: []) == .plain)
        #expect(BucketLayout.distribution([root]).reasonToLeaveAlone == nil)
        for layout in [BucketLayout.quay, .zot, .plain] {
            #expect(layout.reasonToLeaveAlone != nil)
        }
    }
}
