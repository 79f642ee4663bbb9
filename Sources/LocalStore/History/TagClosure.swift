// Every key that a tag's version needs to be pulled, in an order in which each comes behind what it reaches:
// children of an index before it; of a manifest the blobs, then the links that let the repository serve
// them, then its own blob and its revision link.

internal import RegistryLayout
internal import Storage

struct TagClosure {
    /// More than any image has.
    private static let limit = 100_000

    let registry: ReadRegistry
    let repository: Repository
    private(set) var names: [ObjectName] = []
    private var seen: Set<ObjectName> = []

    init(registry: ReadRegistry, repository: Repository) {
        self.registry = registry
        self.repository = repository
    }

    /// Adds what a tag that names `target` reaches. Throws `UnreadableEntry`, `limitExceeded`.
    mutating func add(_ target: ContentDigest) async throws {
        // Depth first without recursion: a manifest is met, then its children, then met again to be added.
        var stack: [(manifest: ContentDigest, references: ManifestReferences?)] = [(target, nil)]
        var met: Set<ContentDigest> = []
        while let top = stack.popLast() {
            if let references = top.references {
                try add(top.manifest, references)
                continue
            }
            guard met.insert(top.manifest).inserted else { continue }
            let references = try await registry.references(of: top.manifest, in: repository.root)
            stack.append((top.manifest, references))
            stack += references.manifests.reversed().map { ($0, nil) }
        }
    }

    private mutating func add(
        _ manifest: ContentDigest, _ references: ManifestReferences
    ) throws {
        for digest in [references.config].compactMap({ $0 }) + references.layers {
            try add(.blobData(repository.root, digest))
            try add(.layerLink(repository, digest))
        }
        try add(.blobData(repository.root, manifest))
        try add(.revisionLink(repository, manifest))
    }

    private mutating func add(_ path: LayoutPath) throws {
        let name = registry.name(path)
        guard seen.insert(name).inserted else { return }
        guard names.count < Self.limit else {
            throw StorageError(.limitExceeded, "the tag reaches more than \(Self.limit) names")
        }
        names.append(name)
    }
}
