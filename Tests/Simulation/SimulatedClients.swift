// What the clients of a simulated region do: registries that push images and indexes, retag and delete, and
// plain S3 clients. A push is the list of single writes that a registry makes, in its order, and it checks
// what a registry checks before it writes a name; so another client's delete, or a crash, can come between
// any two of them.

internal import Checksums
package import NIOCore
internal import RegistryLayout
internal import Replication
package import Storage

/// One request of a client.
package enum ClientRequest: Sendable {
    /// `reaches` must be visible before the name is; `isShared` bytes are not sent again where the name
    /// shows something already.
    case put(ObjectName, ByteBuffer, reaches: [ObjectName], isShared: Bool)
    case delete(ObjectName)
}

package struct SimulatedClients {
    package static let registryBucket = "registry"
    package static let plainBucket = "plain-objects"
    private static let root = RegistryRoot(prefix: RegistryRoot.marker)
    private static let layerSizes = [0, 40, 700, 9_000, 20_000, 70_000, 150_000]

    private var random: SplitMix
    /// Manifests pushed so far, by repository: what indexes and deletes choose from.
    private var manifests: [String: [ContentDigest]] = [:]

    package init(seed: UInt64) { random = SplitMix(seed: seed) }

    /// The requests of one client's next undertaking.
    package mutating func next() -> [ClientRequest] {
        switch random.next() % 15 {
        case 0...4: pushImage()
        case 5: pushIndex()
        case 6: [.delete(name(.tagCurrentLink(repository(), tag: tag())))]
        case 7: deleteManifest()
        case 8: [.delete(name(.layerLink(repository(), layer().digest)))]
        case 9: [.delete(plainName())]
        case 10, 11: replaceImage()
        case 12: deleteBytes()
        default: [putPlain(plainName())]
        }
    }

    private mutating func putPlain(_ name: ObjectName) -> ClientRequest {
        .put(name, bytes(Int(random.next() % 12_000)), reaches: [], isShared: false)
    }

    /// Deletes what a tag may name, and the tag, and pushes an image under it at once; or a plain object.
    private mutating func replaceImage() -> [ClientRequest] {
        guard random.next() % 4 > 0 else {
            let name = plainName()
            return [.delete(name), putPlain(name)]
        }
        let push = pushImage()
        guard case .put(let tag, _, _, _)? = push.last,
            let repository = LayoutPath(tag.key)?.repository
        else { preconditionFailure("a push ends with its tag") }
        let older = (manifests[repository.name] ?? []).dropLast().suffix(3)
        return older.map { .delete(name(.revisionLink(repository, $0))) } + [.delete(tag)] + push
    }

    private mutating func pushImage() -> [ClientRequest] {
        let repository = repository()
        let layers = (0...(random.next() % 3)).map { _ in layer() }
        let config = content(bytes(60))
        var requests: [ClientRequest] = []
        var links: [ObjectName] = []
        for blob in layers + [config] {
            let data = name(.blobData(Self.root, blob.digest))
            let link = name(.layerLink(repository, blob.digest))
            requests.append(.put(data, blob.bytes, reaches: [], isShared: true))
            requests.append(.put(link, text(blob.digest), reaches: [data], isShared: true))
            links.append(link)
        }
        let document =
            #"{"schemaVersion":2,"config":{"digest":"\#(config.digest)"},"layers":["#
            + layers.map { #"{"digest":"\#($0.digest)"}"# }.joined(separator: ",") + "]}"
        return requests + manifest(document, in: repository, reaches: links)
    }

    /// An index of manifests that were pushed, at times of one that never was, and at times of a layer, as
    /// BuildKit's cache is.
    private mutating func pushIndex() -> [ClientRequest] {
        let repository = repository()
        var children = Array((manifests[repository.name] ?? []).suffix(2))
        var links = children.map { name(.revisionLink(repository, $0)) }
        if children.isEmpty || random.next() % 3 == 0 { children.append(content(bytes(33)).digest) }
        var items = children.map { #"{"digest":"\#($0)"}"# }
        var requests: [ClientRequest] = []
        if random.next() % 2 == 0 {
            let layer = layer()
            let data = name(.blobData(Self.root, layer.digest))
            let link = name(.layerLink(repository, layer.digest))
            requests.append(.put(data, layer.bytes, reaches: [], isShared: true))
            requests.append(.put(link, text(layer.digest), reaches: [data], isShared: true))
            links.append(link)
            let type = "application/vnd.oci.image.layer.v1.tar+gzip"
            items.append(#"{"mediaType":"\#(type)","digest":"\#(layer.digest)"}"#)
        }
        let document = #"{"schemaVersion":2,"manifests":["# + items.joined(separator: ",") + "]}"
        return requests + manifest(document, in: repository, reaches: links)
    }

    private mutating func manifest(
        _ document: String, in repository: Repository, reaches links: [ObjectName]
    ) -> [ClientRequest] {
        let manifest = content(ByteBuffer(string: document))
        manifests[repository.name, default: []].append(manifest.digest)
        let data = name(.blobData(Self.root, manifest.digest))
        let revision = name(.revisionLink(repository, manifest.digest))
        let tag = tag()
        let index = name(.tagIndexLink(repository, tag: tag, manifest.digest))
        let current = name(.tagCurrentLink(repository, tag: tag))
        let link = text(manifest.digest)
        return [
            .put(data, manifest.bytes, reaches: [], isShared: true),
            .put(revision, link, reaches: links + [data], isShared: false),
            .put(index, link, reaches: [revision], isShared: false),
            .put(current, link, reaches: [revision], isShared: false),
        ]
    }

    private mutating func deleteManifest() -> [ClientRequest] {
        let repository = repository()
        guard let pushed = manifests[repository.name], !pushed.isEmpty else { return [] }
        let digest = pushed[Int(random.next() % UInt64(pushed.count))]
        return [
            .delete(name(.tagCurrentLink(repository, tag: tag()))),
            .delete(name(.revisionLink(repository, digest))),
        ]
    }

    /// As a registry's own collection of garbage does it that did not see who still needs them. Of layers: a link
    /// whose manifest is gone where it was written is published nowhere else (what it reaches cannot be read), so
    /// the regions would never be equal.
    private mutating func deleteBytes() -> [ClientRequest] {
        [.delete(name(.blobData(Self.root, layer().digest)))]
    }

    private mutating func repository() -> Repository {
        let names = ["library/alpine", "team/api", "team/web/front"]
        return Repository(root: Self.root, name: names[Int(random.next() % 3)])
    }

    private mutating func tag() -> String { "v\(random.next() % 3)" }

    /// One of a few layers, which images share.
    private mutating func layer() -> (digest: ContentDigest, bytes: ByteBuffer) {
        let number = random.next() % 14
        let size = Self.layerSizes[Int(number) % Self.layerSizes.count]
        return content(Self.bytes(size, seed: number + 1))
    }

    private mutating func plainName() -> ObjectName {
        ObjectName(bucket: Self.plainBucket, key: ObjectKey("file-\(random.next() % 12)"))
    }

    private mutating func bytes(_ count: Int) -> ByteBuffer {
        Self.bytes(count, seed: random.next())
    }

    /// Bytes that differ for each seed, cut out of one random pattern: so parts in a wrong order show.
    private static func bytes(_ count: Int, seed: UInt64) -> ByteBuffer {
        let offset = Int(seed % UInt64(pattern.readableBytes - count))
        var buffer = pattern.getSlice(at: offset, length: count) ?? ByteBuffer()
        if count >= 8 { buffer.setInteger(seed, at: buffer.readerIndex) }
        return buffer
    }

    private static let pattern: ByteBuffer = {
        var random = SplitMix(seed: 1)
        return ByteBuffer(
            bytes: (0..<200_000).map { _ in UInt8(truncatingIfNeeded: random.next()) })
    }()

    private func content(_ bytes: ByteBuffer) -> (digest: ContentDigest, bytes: ByteBuffer) {
        guard let blob = BlobID(bytes: MessageDigest.hash(.sha256, bytes)) else {
            preconditionFailure("a SHA-256 has 32 bytes")
        }
        return (ContentDigest(blob), bytes)
    }

    private func text(_ digest: ContentDigest) -> ByteBuffer {
        ByteBuffer(string: digest.description)
    }

    private func name(_ path: LayoutPath) -> ObjectName {
        ObjectName(bucket: Self.registryBucket, key: path.key)
    }
}
