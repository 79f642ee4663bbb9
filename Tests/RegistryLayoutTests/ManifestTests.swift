import NIOCore
import RegistryLayout
import Storage
import Testing

private func digest(_ byte: String) throws -> ContentDigest {
    try #require(ContentDigest("sha256:" + String(repeating: byte, count: 32)))
}

private func parse(_ text: String) throws -> ManifestReferences {
    try ManifestReferences(parsing: ByteBuffer(string: text))
}

@Suite("Manifests and what they reach")
struct ManifestTests {
    private let repository = Repository(
        root: RegistryRoot(prefix: RegistryRoot.marker), name: "a/b")

    @Test("an image manifest names its config, layers and subject")
    func image() throws {
        let references = try parse(
            """
            {"schemaVersion":2,"config":{"digest":"\(digest("aa"))","size":2},"layers":[
            {"digest":"\(digest("bb"))"},{"digest":"\(digest("cc"))"}],"subject":{"digest":"\(digest("dd"))"}}
            """)
        let expected = try ManifestReferences(
            config: digest("aa"), layers: [digest("bb"), digest("cc")], subject: digest("dd"))
        #expect(references == expected)
    }

    @Test("an index names its manifests")
    func index() throws {
        let references = try parse(#"{"manifests":[{"digest":"\#(digest("aa"))","size":1}]}"#)
        #expect(try references == ManifestReferences(manifests: [digest("aa")]))
    }

    @Test("what an index lists is a layer where its media type says that it is no manifest")
    func cacheIndex() throws {
        let references = try parse(
            """
            {"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[
            {"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"\(digest("aa"))"},
            {"mediaType":"application/vnd.buildkit.cacheconfig.v0","digest":"\(digest("bb"))"},
            {"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"\(digest("cc"))"},
            {"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json",
            "digest":"\(digest("dd"))"}]}
            """)
        let expected = try ManifestReferences(
            layers: [digest("aa"), digest("bb")], manifests: [digest("cc"), digest("dd")])
        #expect(references == expected)
        let revision = Closure.dependencies(ofRevisionIn: repository, references: references)
        #expect(
            try revision.contains(LayoutPath.layerLink(repository, digest("aa")).key)
                && revision.contains(LayoutPath.revisionLink(repository, digest("cc")).key))
    }

    @Test("a schema 1 manifest names its layers")
    func schema1() throws {
        let references = try parse(
            #"{"schemaVersion":1,"fsLayers":[{"blobSum":"\#(digest("aa"))"}],"signatures":[]}"#)
        #expect(try references == ManifestReferences(layers: [digest("aa")]))
    }

    @Test(
        "what is no manifest is refused",
        arguments: [
            "", "{", "[]", "{}", #"{"layers":[{"digest":"x"}]}"#, #"{"layers":7}"#,
            #"{"manifests":[{"size":1}]}"#,
        ])
    func refused(text: String) { #expect(throws: ManifestError.self) { try parse(text) } }

    @Test("a revision depends on the links of its layers and of its child manifests")
    func revision() throws {
        let references = try ManifestReferences(
            config: digest("aa"), layers: [digest("bb")], manifests: [digest("cc")])
        let keys = Closure.dependencies(ofRevisionIn: repository, references: references)
        #expect(
            try keys == [
                LayoutPath.layerLink(repository, digest("aa")).key,
                LayoutPath.layerLink(repository, digest("bb")).key,
                LayoutPath.revisionLink(repository, digest("cc")).key,
            ])
        let input = try Closure.input(of: .revisionLink(repository, digest("dd")))
        let data = try LayoutPath.blobData(repository.root, digest("dd")).key
        #expect(input == .manifest(data))
    }

    @Test("a tag depends on the revision that its link says, a layer link on the bytes")
    func links() throws {
        let target = try digest("aa")
        #expect(Closure.linkTarget(ByteBuffer(string: "\(target)")) == target)
        #expect(Closure.linkTarget(ByteBuffer(string: "\(target)\n")) == target)
        #expect(Closure.linkTarget(ByteBuffer(string: "")) == nil)
        #expect(Closure.input(of: .tagCurrentLink(repository, tag: "x")) == .link)
        let revision = LayoutPath.revisionLink(repository, target).key
        #expect(Closure.dependencies(ofTagIn: repository, target: target) == [revision])
        let tagIndex = LayoutPath.tagIndexLink(repository, tag: "x", target)
        #expect(Closure.dependencies(of: tagIndex) == [revision])
        let data = LayoutPath.blobData(repository.root, target).key
        #expect(Closure.dependencies(of: .layerLink(repository, target)) == [data])
    }
}
