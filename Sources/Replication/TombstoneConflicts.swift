// Which visible names a tombstone breaks: a revision whose manifest names a deleted layer or child, a tag
// whose revision is deleted. The search is bounded to the repository, and to so many of its names: in a larger
// one a tombstone may be published before it should be, and unreported (unpublishing what is broken would begin
// here).

internal import NIOCore
internal import RegistryLayout
internal import Storage

struct TombstoneConflicts {
    private let examination: ClosureExamination
    /// Visible revisions and tags by what they need, read once for each repository of a batch.
    private var needs: [String: [ObjectName: [ObjectName]]] = [:]

    init(examination: ClosureExamination) { self.examination = examination }

    mutating func names(brokenBy name: ObjectName) async throws -> [ObjectName] {
        let repository: Repository
        switch LayoutPath(name.key) {
        case .layerLink(let owner, _), .revisionLink(let owner, _): repository = owner
        case .blobData, .tagCurrentLink, .tagIndexLink, .upload, nil: return []
        }
        let id = "\(name.bucket)/\(repository.root.prefix)\(repository.name)"
        let known: [ObjectName: [ObjectName]]
        if let read = needs[id] {
            known = read
        } else {
            known = try await readNeeds(of: repository, in: name.bucket)
            needs[id] = known
        }
        return (known[name] ?? []).sorted()
    }

    private func readNeeds(
        of repository: Repository, in bucket: String
    ) async throws -> [ObjectName: [ObjectName]] {
        var needs: [ObjectName: [ObjectName]] = [:]
        let prefix = ObjectKey(
            "\(repository.root.prefix)repositories/\(repository.name)/_manifests/")
        let page = try await examination.feed.registers(
            in: bucket, after: prefix, limit: examination.limits.conflictManifests)
        for row in page where row.name.key.hasPrefix(prefix) {
            guard let version = row.register.visible else { continue }
            for key in try await dependencies(of: version) {
                needs[ObjectName(bucket: bucket, key: key), default: []].append(row.name)
            }
        }
        return needs
    }

    private func dependencies(of version: ObjectVersion) async throws -> [ObjectKey] {
        guard let content = version.content else { return [] }
        switch LayoutPath(version.name.key) {
        case .revisionLink(let repository, let digest):
            let key = LayoutPath.blobData(repository.root, digest).key
            let manifest = ObjectName(bucket: version.name.bucket, key: key)
            do {
                guard let references = try await examination.references(of: manifest) else {
                    return []
                }
                return Closure.dependencies(ofRevisionIn: repository, references: references)
            } catch is UnreadableManifest {
                // What cannot be read names nothing that could be missing.
                return []
            }
        case .tagCurrentLink(let repository, _):
            guard
                let bytes = try await examination.content(
                    of: content.blob, limitBytes: Closure.linkLimitBytes),
                let target = Closure.linkTarget(bytes)
            else { return [] }
            return Closure.dependencies(ofTagIn: repository, target: target)
        case .blobData, .layerLink, .tagIndexLink, .upload, nil:
            return []
        }
    }
}
