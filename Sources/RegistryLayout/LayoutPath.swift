// The keys of CNCF Distribution's storage layout (distribution/distribution, registry/storage/paths.go),
// parsed and built. A root directory may stand in front of `docker/registry/v2/`. Whatever is not
// recognised is a plain key.

package import Storage

/// Where a registry's tree begins: everything up to and including `docker/registry/v2/`.
package struct RegistryRoot: Hashable, Sendable {
    package static let marker = "docker/registry/v2/"

    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    package var blobs: ObjectKey { ObjectKey(prefix + "blobs/") }

    package var repositories: ObjectKey { ObjectKey(prefix + "repositories/") }
}

/// A repository within a tree, `library/alpine` for example.
package struct Repository: Hashable, Sendable {
    package let root: RegistryRoot
    package let name: String

    package init(root: RegistryRoot, name: String) {
        self.root = root
        self.name = name
    }
}

/// A key of the layout, by what it means.
package enum LayoutPath: Hashable, Sendable {
    /// `blobs/<alg>/<xx>/<hex>/data`: the bytes of a layer, config or manifest.
    case blobData(RegistryRoot, ContentDigest)
    /// `repositories/<name>/_layers/<alg>/<hex>/link`: the repository may serve this layer or config.
    case layerLink(Repository, ContentDigest)
    /// `…/_manifests/revisions/<alg>/<hex>/link`: the repository may serve this manifest.
    case revisionLink(Repository, ContentDigest)
    /// `…/_manifests/tags/<tag>/current/link`: what the tag names now; the only mutable one.
    case tagCurrentLink(Repository, tag: String)
    /// `…/_manifests/tags/<tag>/index/<alg>/<hex>/link`: what the tag has named.
    case tagIndexLink(Repository, tag: String, ContentDigest)
    /// `…/_uploads/<id>/<rest>`: an upload in progress, of one region's registry.
    case upload(Repository, id: String, rest: String)
}

extension LayoutPath {
    /// `nil` where the key is not one of the layout's.
    package init?(_ key: ObjectKey) {
        // Two keys must never mean one path, as those would that differ in bytes that are no UTF-8.
        guard let text = String(validating: key.bytes, as: UTF8.self),
            let (root, rest) = Self.split(text)
        else { return nil }
        let parts = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        switch parts.first {
        case "blobs": self.init(blobParts: Array(parts.dropFirst()), root: root)
        case "repositories": self.init(repositoryParts: Array(parts.dropFirst()), root: root)
        default: return nil
        }
    }

    /// The key of this path; the inverse of `init`.
    package var key: ObjectKey {
        switch self {
        case .blobData(let root, let digest):
            let hex = digest.hex
            let directory = "blobs/\(digest.algorithm.rawValue)/\(hex.prefix(2))/\(hex)"
            return ObjectKey("\(root.prefix)\(directory)/data")
        case .layerLink(let repository, let digest):
            return repository.key("_layers/\(Self.path(digest))/link")
        case .revisionLink(let repository, let digest):
            return repository.key("_manifests/revisions/\(Self.path(digest))/link")
        case .tagCurrentLink(let repository, let tag):
            return repository.key("_manifests/tags/\(tag)/current/link")
        case .tagIndexLink(let repository, let tag, let digest):
            return repository.key("_manifests/tags/\(tag)/index/\(Self.path(digest))/link")
        case .upload(let repository, let id, let rest):
            return repository.key("_uploads/\(id)/\(rest)")
        }
    }

    /// The repository that the key belongs to; blobs belong to all.
    package var repository: Repository? {
        switch self {
        case .blobData: nil
        case .layerLink(let repository, _), .revisionLink(let repository, _),
            .tagCurrentLink(let repository, _), .tagIndexLink(let repository, _, _),
            .upload(let repository, _, _):
            repository
        }
    }

    /// The tag that the key is of.
    package var tag: String? {
        switch self {
        case .tagCurrentLink(_, let tag), .tagIndexLink(_, let tag, _): tag
        case .blobData, .layerLink, .revisionLink, .upload: nil
        }
    }

    /// The tree's root and what is behind it. Every write asks: most keys are none of a registry, and are
    /// known for that by their slashes alone.
    private static func split(_ text: String) -> (RegistryRoot, Substring)? {
        let bytes = text.utf8
        var rest = bytes[...]
        while !rest.starts(with: RegistryRoot.marker.utf8) {
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")) else { return nil }
            rest = rest[bytes.index(after: slash)...]
        }
        let end = rest.index(rest.startIndex, offsetBy: RegistryRoot.marker.utf8.count)
        return (RegistryRoot(prefix: String(text[..<end])), text[end...])
    }

    private init?(blobParts parts: [String], root: RegistryRoot) {
        guard parts.count == 4, parts[3] == "data", parts[2].hasPrefix(parts[1]),
            parts[1].utf8.count == 2, let digest = ContentDigest("\(parts[0]):\(parts[2])")
        else { return nil }
        self = .blobData(root, digest)
    }

    private init?(repositoryParts parts: [String], root: RegistryRoot) {
        guard let split = parts.firstIndex(where: { $0.hasPrefix("_") }), split > 0 else {
            return nil
        }
        let repository = Repository(
            root: root, name: parts[..<split].joined(separator: "/"))
        let rest = Array(parts[(split + 1)...])
        switch parts[split] {
        case "_layers":
            guard let digest = Self.linkDigest(rest) else { return nil }
            self = .layerLink(repository, digest)
        case "_manifests":
            self.init(manifestParts: rest, repository: repository)
        case "_uploads":
            guard rest.count >= 2 else { return nil }
            self = .upload(
                repository, id: rest[0], rest: rest.dropFirst().joined(separator: "/"))
        default:
            return nil
        }
    }

    private init?(manifestParts parts: [String], repository: Repository) {
        switch parts.first {
        case "revisions":
            guard let digest = Self.linkDigest(Array(parts.dropFirst())) else { return nil }
            self = .revisionLink(repository, digest)
        case "tags" where parts.count == 4 && parts[2] == "current" && parts[3] == "link":
            self = .tagCurrentLink(repository, tag: parts[1])
        case "tags" where parts.count == 6 && parts[2] == "index":
            guard let digest = Self.linkDigest(Array(parts.dropFirst(3))) else { return nil }
            self = .tagIndexLink(repository, tag: parts[1], digest)
        default:
            return nil
        }
    }

    /// `<alg>/<hex>/link`.
    private static func linkDigest(_ parts: [String]) -> ContentDigest? {
        guard parts.count == 3, parts[2] == "link" else { return nil }
        return ContentDigest("\(parts[0]):\(parts[1])")
    }

    private static func path(_ digest: ContentDigest) -> String {
        "\(digest.algorithm.rawValue)/\(digest.hex)"
    }
}

extension Repository {
    /// What the keys of the repository itself begin with; those of repositories below it do not.
    package var prefix: ObjectKey { key("_") }

    package var layers: ObjectKey { key("_layers/") }

    package var revisions: ObjectKey { key("_manifests/revisions/") }

    package var tags: ObjectKey { key("_manifests/tags/") }

    fileprivate func key(_ rest: String) -> ObjectKey {
        ObjectKey("\(root.prefix)repositories/\(name)/\(rest)")
    }
}
