// A registry's tree on a store, written as CNCF Distribution writes it: blobs, then the links that let a
// repository serve them, then the manifest, its revision link and its tag.

import Checksums
import NIOCore
import RegistryLayout
import Storage
import Testing

@testable import LocalStore

struct RegistryFixture {
    static let bucket = "registry"
    static let root = RegistryRoot(prefix: "harbor/docker/registry/v2/")

    let store: DurableStore

    init(_ store: DurableStore) async throws {
        self.store = store
        try await Buckets(objects: store, blobs: store).create(Self.bucket)
    }

    /// On a store that has the bucket already.
    init(continuing store: DurableStore) { self.store = store }

    static func repository(_ name: String) -> Repository { Repository(root: root, name: name) }

    static func name(_ path: LayoutPath) -> ObjectName {
        ObjectName(bucket: bucket, key: path.key)
    }

    static func digest(_ bytes: ByteBuffer) -> ContentDigest {
        guard let digest = ContentDigest(.sha256, bytes: MessageDigest.hash(.sha256, bytes)) else {
            preconditionFailure("32 bytes make a digest")
        }
        return digest
    }

    // MARK: Writing

    @discardableResult
    func put(_ path: LayoutPath, _ bytes: ByteBuffer) async throws -> ObjectVersion {
        let staged = try await store.stage(bytes: bytes)
        let content = ObjectContent(
            blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
            lastModifiedMilliseconds: 0, etag: Hexadecimal.encode(try #require(staged.md5)))
        return try #require(
            try await store.commit(.put(Self.name(path), content, staged, .none)))
    }

    func delete(_ path: LayoutPath) async throws {
        try await store.commit(.delete(Self.name(path), .none))
    }

    /// Stores a blob and lets the repository serve it.
    @discardableResult
    func layer(_ repository: String, _ bytes: ByteBuffer) async throws -> ContentDigest {
        let digest = Self.digest(bytes)
        try await put(.blobData(Self.root, digest), bytes)
        try await mount(repository, digest)
        return digest
    }

    func mount(_ repository: String, _ layer: ContentDigest) async throws {
        try await put(
            .layerLink(Self.repository(repository), layer), ByteBuffer(string: "\(layer)"))
    }

    @discardableResult
    func manifest(_ repository: String, _ json: String) async throws -> ContentDigest {
        let bytes = ByteBuffer(string: json)
        let digest = Self.digest(bytes)
        try await put(.blobData(Self.root, digest), bytes)
        try await put(
            .revisionLink(Self.repository(repository), digest), ByteBuffer(string: "\(digest)"))
        return digest
    }

    func tag(_ repository: String, _ tag: String, _ manifest: ContentDigest) async throws {
        let link = ByteBuffer(string: "\(manifest)")
        try await put(.tagIndexLink(Self.repository(repository), tag: tag, manifest), link)
        try await put(.tagCurrentLink(Self.repository(repository), tag: tag), link)
    }

    /// An image of a config and layers, made of `seed`; tagged where a tag is given.
    @discardableResult
    func image(
        _ repository: String, seed: UInt64, layers: [ContentDigest]? = nil, tag: String? = nil,
        subject: ContentDigest? = nil
    ) async throws -> ContentDigest {
        let config = try await layer(repository, ByteBuffer(string: "{\"seed\":\(seed)}"))
        var digests = layers ?? []
        if layers == nil {
            for part in 0..<2 {
                let bytes = ByteBuffer(string: "layer \(part) of \(seed)")
                digests.append(try await layer(repository, bytes))
            }
        }
        let digest = try await manifest(
            repository, Self.imageManifest(config: config, layers: digests, subject: subject))
        if let tag { try await self.tag(repository, tag, digest) }
        return digest
    }

    static func imageManifest(
        config: ContentDigest, layers: [ContentDigest], subject: ContentDigest? = nil
    ) -> String {
        let described = layers.map { "{\"digest\":\"\($0)\",\"size\":1}" }.joined(separator: ",")
        let about = subject.map { ",\"subject\":{\"digest\":\"\($0)\",\"size\":1}" } ?? ""
        return "{\"schemaVersion\":2,\"config\":{\"digest\":\"\(config)\",\"size\":1},"
            + "\"layers\":[\(described)]\(about)}"
    }

    /// An index, or a Docker manifest list.
    @discardableResult
    func index(
        _ repository: String, _ children: [ContentDigest], tag: String? = nil,
        isDocker: Bool = false
    ) async throws -> ContentDigest {
        let kind =
            isDocker
            ? "application/vnd.docker.distribution.manifest.list.v2+json"
            : "application/vnd.oci.image.index.v1+json"
        let described = children.map { "{\"digest\":\"\($0)\",\"size\":1}" }
            .joined(separator: ",")
        let digest = try await manifest(
            repository,
            "{\"schemaVersion\":2,\"mediaType\":\"\(kind)\",\"manifests\":[\(described)]}")
        if let tag { try await self.tag(repository, tag, digest) }
        return digest
    }

    // MARK: Looking

    /// Every key that shows, without its root, looked up in no way that touches it.
    func keys() async throws -> Set<String> {
        let page = try await store.list(ListRequest(bucket: Self.bucket, limit: 10_000))
        return Set(page.entries.map { String($0.key.string.dropFirst(Self.root.prefix.count)) })
    }

    /// Everything that the tag needs to be pulled is there to be read.
    func pulls(_ repository: String, _ tag: String) async throws -> Bool {
        try await Self.pulls(repository, tag, from: store)
    }

    static func pulls(
        _ repository: String, _ tag: String, from store: DurableStore
    ) async throws -> Bool {
        let registry = ReadRegistry(store: store, bucket: bucket)
        let link = name(.tagCurrentLink(Self.repository(repository), tag: tag))
        guard let shown = try await registry.register(link).visible else { return false }
        var closure = TagClosure(registry: registry, repository: Self.repository(repository))
        try await closure.add(try await registry.target(of: shown))
        for name in closure.names {
            guard let content = try await registry.register(name).visible?.content,
                try await store.stat(content.blob) != nil
            else { return false }
        }
        return true
    }
}
