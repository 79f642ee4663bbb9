// One repository's part of a collection: reads its tags and manifests, marks what is reached, and judges its
// links. Nothing is changed here; whatever cannot be read ends it with `UnreadableEntry`.
//
// The order of the passes is part of the argument in `CollectRegistry.swift`: tags are read after the
// revisions that they may have been moved to were written, and layers are judged by manifests that were
// read before.

internal import RegistryLayout
internal import Storage

struct CollectRepository: Sendable {
    private let repository: Repository
    private let collection: RegistryCollection
    private let registry: ReadRegistry
    private let walk: WalkRegisters

    init(store: DurableStore, repository: Repository, collection: RegistryCollection) {
        self.repository = repository
        self.collection = collection
        registry = ReadRegistry(store: store, bucket: collection.bucket)
        walk = WalkRegisters(store: store, bucket: collection.bucket)
    }

    /// Hands what is to become of the repository's links to `sweep`, page by page: what names manifests
    /// before manifests, and those before layers. What stays linked is added to `linked`.
    func judge(
        _ linked: inout LinkedDigests, sweep: (Judgements) async throws -> Void
    ) async throws {
        let reached = try await reachedManifests()
        let layers = try await layers(of: reached)
        for digest in reached { linked.insert(digest) }
        for digest in layers { linked.insert(digest) }
        for prefix in [repository.tags, repository.revisions, repository.layers] {
            try await walk.pages(prefix) { page in
                var judged = Judgements(rule: collection.rule)
                for (name, register) in page {
                    guard let path = LayoutPath(name.key) else { continue }
                    let digest = judge(path, register, reached, layers, &judged)
                    if let digest { linked.insert(digest) }
                }
                try await sweep(judged)
            }
        }
    }

    /// Returns the digest whose blob the key keeps.
    private func judge(
        _ path: LayoutPath, _ register: ObjectRegister, _ reached: Set<ContentDigest>,
        _ layers: Set<ContentDigest>, _ judged: inout Judgements
    ) -> ContentDigest? {
        let releases = collection.releasesHistory
        switch path {
        case .tagIndexLink(_, _, let digest):
            judged.add(register, isNeeded: reached.contains(digest), releases: false)
            return nil
        case .revisionLink(_, let digest):
            judged.add(register, isNeeded: reached.contains(digest), releases: releases)
            return isKept(register) ? digest : nil
        case .layerLink(_, let digest):
            judged.add(register, isNeeded: layers.contains(digest), releases: releases)
            return isKept(register) ? digest : nil
        case .blobData, .tagCurrentLink, .upload: return nil
        }
    }

    /// Whether a link that the mark does not need stays, and its blob with it: one that is too young to be
    /// judged, or that waits.
    private func isKept(_ register: ObjectRegister) -> Bool {
        if !register.pending.isEmpty { return true }
        guard let visible = register.visible else { return false }
        return collection.rule.step(visible, isNeeded: false) == .keep
    }

    /// For a repository that cannot be judged: every blob that a link of it names or named.
    func linkEverything(_ linked: inout LinkedDigests) async throws {
        var digests: Set<ContentDigest> = []
        try await walk.pages(repository.prefix) { page in
            for (name, register) in page where register.versions.contains(where: \.isPut) {
                switch LayoutPath(name.key) {
                case .revisionLink(_, let digest), .layerLink(_, let digest):
                    digests.insert(digest)
                case .blobData, .tagCurrentLink, .tagIndexLink, .upload, nil: break
                }
            }
        }
        for digest in digests { linked.insert(digest) }
    }

    // MARK: Marking

    private func reachedManifests() async throws -> Set<ContentDigest> {
        var mark = RepositoryMark()
        /// Manifests that cannot be read and are deleted, or in quarantine, where another region may have removed their
        /// bytes before the link that it left to a third: that matters only where a tag needs them.
        var unreadable: [ContentDigest: UnreadableEntry] = [:]
        try await walk.pages(repository.revisions) { page in
            for (name, register) in page where register.versions.contains(where: \.isPut) {
                guard case .revisionLink(_, let digest) = LayoutPath(name.key) else { continue }
                if isRoot(register) { mark.addRoot(digest) }
                do {
                    let references = try await registry.references(
                        of: digest, in: repository.root)
                    guard mark.add(digest, references) else { throw tooMany(name) }
                } catch let error as UnreadableEntry {
                    let isGoing = register.visible.map(\.isQuarantined) ?? true
                    guard isGoing, register.pending.isEmpty else { throw error }
                    unreadable[digest] = error
                }
            }
        }
        try await walk.pages(repository.tags) { page in
            for (name, register) in page {
                guard case .tagCurrentLink = LayoutPath(name.key) else { continue }
                for link in register.versions where link.isPut {
                    mark.addRoot(try await registry.target(of: link))
                }
            }
        }
        let reached = mark.reached()
        for (digest, error) in unreadable where reached.contains(digest) { throw error }
        return reached
    }

    private func isRoot(_ register: ObjectRegister) -> Bool {
        if !register.pending.isEmpty { return true }
        guard let visible = register.visible else { return false }
        return !collection.deletesUntagged || collection.rule.isYoung(visible)
    }

    /// The configs and layers of the manifests that are reached and here.
    private func layers(of reached: Set<ContentDigest>) async throws -> Set<ContentDigest> {
        var layers: Set<ContentDigest> = []
        try await walk.pages(repository.revisions) { page in
            for (name, register) in page where register.versions.contains(where: \.isPut) {
                guard case .revisionLink(_, let digest) = LayoutPath(name.key),
                    reached.contains(digest)
                else { continue }
                let references = try await registry.references(of: digest, in: repository.root)
                layers.formUnion(references.layers)
                if let config = references.config { layers.insert(config) }
            }
        }
        return layers
    }

    private func tooMany(_ name: ObjectName) -> UnreadableEntry {
        UnreadableEntry(
            name: name, reason: "the repository holds more than \(RepositoryMark.limit) manifests")
    }
}
