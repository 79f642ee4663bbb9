// Which visible names, of which a newer version waits, reach what tombstones delete. Nobody asks who needs a
// name: a repository may have any number of manifests. It is asked what waits, and what that shows until then:
// few names wait that are visible already, and what each reaches is read from the top down. So the cost is
// that of what waits, whatever the size of the repository, and what is remembered has a limit.

internal import RegistryLayout
internal import Storage

struct NamesAboveDeletes {
    /// Where names wait that may reach what is deleted.
    private struct Scope: Hashable {
        var bucket: String
        var prefix: ObjectKey
    }

    /// What a revision reaches: what is deleted of that, and the revisions to go on with.
    private struct Reached {
        var deletes: [ObjectName]
        var children: [ContentDigest]
    }

    private static let pageEntries = 256

    private let examination: ClosureExamination
    private let hopeless: Set<VersionReference>
    private let deletes: Set<ObjectName>
    private var withheld: WithheldVersions
    private var found: [ObjectName: Set<NameAbove>] = [:]
    /// Tombstones of what a visible name reaches whose newer versions are all withheld by rules: that name stays, and
    /// so does what it needs.
    private(set) var kept: Set<ObjectName> = []
    private var revisions: [ObjectName: Reached] = [:]

    init(
        _ deletes: Set<ObjectName>, hopeless: Set<VersionReference>, withheld: WithheldVersions,
        examination: ClosureExamination
    ) {
        self.deletes = deletes
        self.hopeless = hopeless
        self.withheld = withheld
        self.examination = examination
    }

    /// By the name of a tombstone.
    mutating func read() async throws -> [ObjectName: Set<NameAbove>] {
        for scope in scopes() { try await read(scope) }
        return found
    }

    /// A repository; the whole tree of a registry where bytes are deleted that all share.
    private func scopes() -> [Scope] {
        var trees: Set<Scope> = []
        var repositories: [Scope: Scope] = [:]
        for name in deletes {
            switch LayoutPath(name.key) {
            case .blobData(let root, _):
                trees.insert(Scope(bucket: name.bucket, prefix: root.repositories))
            case .layerLink(let repository, _), .revisionLink(let repository, _):
                repositories[Scope(bucket: name.bucket, prefix: repository.prefix)] =
                    Scope(bucket: name.bucket, prefix: repository.root.repositories)
            case .tagCurrentLink, .tagIndexLink, .upload, nil:
                continue
            }
        }
        return Array(trees) + repositories.filter { !trees.contains($0.value) }.keys
    }

    private mutating func read(_ scope: Scope) async throws {
        var after = VersionReference(
            name: ObjectName(bucket: scope.bucket, key: scope.prefix),
            version: Version(stamp: HybridTimestamp(rawValue: 0), region: RegionID(1)))
        while true {
            let page = try await examination.feed.pending(after: after, limit: Self.pageEntries)
            let inside = page.prefix {
                $0.name.bucket == scope.bucket && $0.name.key.hasPrefix(scope.prefix)
            }
            try await read(Set(inside.map(\.name)))
            guard let last = inside.last, inside.count == Self.pageEntries else { return }
            after = last.reference
        }
    }

    private mutating func read(_ names: Set<ObjectName>) async throws {
        let names = Array(names)
        let registers = try await examination.feed.registers(of: names)
        for (name, register) in zip(names, registers) {
            guard let visible = register.visible else { continue }
            let withheld = try await withheld.withheld(of: register)
            guard let newest = register.newestPending(but: hopeless.union(withheld)) else {
                let stays = register.successors.contains { version in
                    withheld.contains(version.reference)
                }
                if stays { kept.formUnion(try await deletes(below: visible).subtracting([name])) }
                continue
            }
            let above = NameAbove(name: name, isPut: newest.content != nil)
            for delete in try await deletes(below: visible) where delete != name {
                note(above, above: delete)
            }
        }
    }

    /// Whoever waits for many waits all the same. Tombstones that are examined together may not hold each other
    /// back, so of those none is left out.
    private mutating func note(_ above: NameAbove, above delete: ObjectName) {
        let isTogether = !above.isPut && deletes.contains(above.name)
        let count = found[delete]?.count ?? 0
        guard isTogether || count < examination.limits.conflictNames + deletes.count else { return }
        found[delete, default: []].insert(above)
    }

    private mutating func deletes(below version: ObjectVersion) async throws -> Set<ObjectName> {
        let bucket = version.name.bucket
        switch LayoutPath(version.name.key) {
        case .tagCurrentLink(let repository, _):
            guard let target = try await examination.linkTarget(of: version) else { return [] }
            return try await deletes(below: target, in: repository, bucket)
        case .revisionLink(let repository, let digest):
            return try await deletes(below: digest, in: repository, bucket)
        case .layerLink(let repository, let digest):
            let data = LayoutPath.blobData(repository.root, digest).key
            return deletes.intersection([ObjectName(bucket: bucket, key: data)])
        case .blobData, .tagIndexLink, .upload, nil:
            return []
        }
    }

    /// The revision itself included.
    private mutating func deletes(
        below revision: ContentDigest, in repository: Repository, _ bucket: String
    ) async throws -> Set<ObjectName> {
        var result: Set<ObjectName> = []
        var seen: Set<ContentDigest> = [revision]
        var next = [revision]
        while let digest = next.popLast() {
            let reached = try await reached(by: digest, in: repository, bucket)
            result.formUnion(reached.deletes)
            next += reached.children.filter { seen.insert($0).inserted }
        }
        return result
    }

    private mutating func reached(
        by digest: ContentDigest, in repository: Repository, _ bucket: String
    ) async throws -> Reached {
        let link = ObjectName(
            bucket: bucket, key: LayoutPath.revisionLink(repository, digest).key)
        if let known = revisions[link] { return known }
        let data = ObjectName(
            bucket: bucket, key: LayoutPath.blobData(repository.root, digest).key)
        var references = ManifestReferences(layers: [])
        do {
            references = try await examination.references(of: data) ?? references
        } catch is UnreadableManifest {
            // What cannot be read names nothing that could be kept for it.
        }
        let layers = [references.config].compactMap { $0 } + references.layers
        let keys = layers.flatMap { layer in
            [
                LayoutPath.layerLink(repository, layer).key,
                LayoutPath.blobData(repository.root, layer).key,
            ]
        }
        let names = [link, data] + keys.map { ObjectName(bucket: bucket, key: $0) }
        let reached = Reached(
            deletes: names.filter(deletes.contains), children: references.manifests)
        if revisions.count >= examination.limits.rememberedManifests { revisions = [:] }
        revisions[link] = reached
        return reached
    }
}

extension ObjectRegister {
    /// The newest version that would show and for which there is hope; a tombstone always has that.
    func newestPending(but hopeless: Set<VersionReference>) -> ObjectVersion? {
        successors.first { version in
            !hopeless.contains(version.reference)
        }
    }
}
