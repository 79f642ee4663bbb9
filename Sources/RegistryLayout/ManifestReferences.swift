// What a manifest refers to. One reader for every kind that registries store: OCI manifests and
// indexes (image-spec manifest.md, image-index.md), Docker schema 2 and manifest lists, Docker schema 1.

internal import FoundationEssentials
package import NIOCore
package import Storage

/// The bytes are no manifest that we can read; what they reach is unknown.
package struct ManifestError: Error, Sendable, CustomStringConvertible {
    package let message: String

    package var description: String { message }
}

/// The digests that a manifest names, by role, in its order.
package struct ManifestReferences: Hashable, Sendable {
    /// Larger ones are refused (distribution-spec, "Pushing Manifests": registries allow 4 MiB).
    package static let limitBytes = 4 << 20

    package var config: ContentDigest?
    /// What the repository must be able to serve as blobs; of an index, whatever it lists that is no
    /// manifest by its media type (BuildKit's cache is an index of layers).
    package var layers: [ContentDigest]
    /// Child manifests of an index.
    package var manifests: [ContentDigest]
    /// The manifest that this one is about; it need not exist.
    package var subject: ContentDigest?

    package init(
        config: ContentDigest? = nil, layers: [ContentDigest] = [],
        manifests: [ContentDigest] = [], subject: ContentDigest? = nil
    ) {
        self.config = config
        self.layers = layers
        self.manifests = manifests
        self.subject = subject
    }

    /// Throws `ManifestError`.
    package init(parsing bytes: ByteBuffer) throws {
        guard bytes.readableBytes <= Self.limitBytes else {
            throw ManifestError(message: "the manifest is larger than \(Self.limitBytes) bytes")
        }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: Data(bytes.readableBytesView))
        } catch {
            throw ManifestError(message: "the manifest is not the JSON of a manifest: \(error)")
        }
        try self.init(document)
    }

    private init(_ document: Document) throws {
        guard document.hasReferences else {
            throw ManifestError(message: "the manifest names neither layers nor manifests")
        }
        config = try document.config.map(Self.digest)
        layers = try ((document.layers ?? []) + (document.blobs ?? [])).map(Self.digest)
        layers += try (document.fsLayers ?? []).map { try Self.digest($0.blobSum) }
        let children = document.manifests ?? []
        layers += try children.filter { !$0.isManifest }.map(Self.digest)
        manifests = try children.filter(\.isManifest).map(Self.digest)
        subject = try document.subject.map(Self.digest)
    }

    private static func digest(_ descriptor: Document.Descriptor) throws -> ContentDigest {
        try digest(descriptor.digest)
    }

    private static func digest(_ text: String) throws -> ContentDigest {
        guard let digest = ContentDigest(text) else {
            throw ManifestError(message: "the manifest names “\(text)”, which is no digest")
        }
        return digest
    }
}

/// The fields of all kinds of manifest that name something.
private struct Document: Decodable {
    struct Descriptor: Decodable {
        var mediaType: String?
        var digest: String

        /// What an index lists is a manifest unless it says that it is something else.
        var isManifest: Bool { mediaType.map(Self.manifestTypes.contains) ?? true }

        private static let manifestTypes: Set<String> = [
            "application/vnd.oci.image.manifest.v1+json",
            "application/vnd.oci.image.index.v1+json",
            "application/vnd.oci.artifact.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.v2+json",
            "application/vnd.docker.distribution.manifest.list.v2+json",
            "application/vnd.docker.distribution.manifest.v1+json",
            "application/vnd.docker.distribution.manifest.v1+prettyjws",
        ]
    }

    struct FileSystemLayer: Decodable {
        var blobSum: String
    }

    var config: Descriptor?
    var layers: [Descriptor]?
    var blobs: [Descriptor]?
    var manifests: [Descriptor]?
    var fsLayers: [FileSystemLayer]?
    var subject: Descriptor?

    var hasReferences: Bool {
        config != nil || layers != nil || blobs != nil || manifests != nil || fsLayers != nil
    }
}
