// Which visible names a tombstone breaks, for the report of it: a revision whose manifest names a deleted layer or
// child, a tag whose revision is deleted, a link whose bytes are. Links are found by what they say; for the
// manifests that name a layer, a part of the repository is read, so in a large one the report may not name
// them. Nothing is decided by it (`OrderOfDeletes`).

internal import Checksums
internal import NIOCore
internal import RegistryLayout
internal import Storage

struct TombstoneConflicts {
    private let examination: ClosureExamination
    /// Visible revisions by what they need, read once for each repository of a batch.
    private var needs: [String: [ObjectName: [ObjectName]]] = [:]

    init(examination: ClosureExamination) { self.examination = examination }

    /// In order; at most as many as the limits say.
    mutating func names(brokenBy name: ObjectName) async throws -> [ObjectName] {
        let found: [ObjectName]
        switch LayoutPath(name.key) {
        case .layerLink(let repository, _):
            found = try await manifests(naming: name, in: repository)
        case .revisionLink(let repository, let digest):
            found =
                try await links(to: digest, in: name.bucket) { path in
                    if case .tagCurrentLink(repository, _) = path { true } else { false }
                } + manifests(naming: name, in: repository)
        case .blobData(let root, let digest):
            found = try await links(to: digest, in: name.bucket) { path in
                switch path {
                case .layerLink(let owner, digest), .revisionLink(let owner, digest):
                    owner.root == root
                default: false
                }
            }
        case .tagCurrentLink, .tagIndexLink, .upload, nil:
            return []
        }
        return Array(found.sorted().prefix(examination.limits.conflictNames))
    }

    /// Visible links that say the digest, as registries write them.
    private func links(
        to digest: ContentDigest, in bucket: String, where isMeant: (LayoutPath) -> Bool
    ) async throws -> [ObjectName] {
        let bytes = MessageDigest.hash(.sha256, ByteBuffer(string: digest.description))
        guard let blob = BlobID(bytes: bytes) else { return [] }
        let names = try await examination.feed.names(
            of: blob, in: bucket, limit: examination.limits.conflictManifests
        ).filter { LayoutPath($0.key).map(isMeant) ?? false }
        let registers = try await examination.feed.registers(of: names)
        return zip(names, registers).filter { $1.visible?.content?.blob == blob }.map(\.0)
    }

    private mutating func manifests(
        naming name: ObjectName, in repository: Repository
    ) async throws -> [ObjectName] {
        let id = "\(name.bucket)/\(repository.prefix)"
        if let known = needs[id] { return known[name] ?? [] }
        let read = try await readNeeds(of: repository, in: name.bucket)
        needs[id] = read
        return read[name] ?? []
    }

    private func readNeeds(
        of repository: Repository, in bucket: String
    ) async throws -> [ObjectName: [ObjectName]] {
        var needs: [ObjectName: [ObjectName]] = [:]
        let prefix = repository.revisions
        let page = try await examination.feed.registers(
            in: bucket, after: prefix, limit: examination.limits.conflictManifests)
        for row in page where row.name.key.hasPrefix(prefix) && row.register.visible != nil {
            for key in try await dependencies(of: row.name) {
                needs[ObjectName(bucket: bucket, key: key), default: []].append(row.name)
            }
        }
        return needs
    }

    private func dependencies(of name: ObjectName) async throws -> [ObjectKey] {
        guard case .revisionLink(let repository, let digest) = LayoutPath(name.key) else {
            return []
        }
        let key = LayoutPath.blobData(repository.root, digest).key
        do {
            let manifest = ObjectName(bucket: name.bucket, key: key)
            guard let references = try await examination.references(of: manifest) else { return [] }
            return Closure.dependencies(ofRevisionIn: repository, references: references)
        } catch is UnreadableManifest {
            // What cannot be read names nothing that could be missing.
            return []
        }
    }
}
