// A look-up found an object in quarantine: whoever looked may build on it, so it is taken out, and with it, in
// the same commit, all that it needs (what `RegistryLayout.Closure` says of it, to the end). Alone it would be
// worth nothing, and do harm:
//  - A registry asks for a layer's link, and then for its bytes. A collection, here or elsewhere, may remove
//    those in between: a link to nothing would come back.
//  - A client that is told that a manifest exists pushes an index that names it, or tags it, without asking
//    for its layers. A collection that was on its way would remove them: a tag would show a broken image.
// Whatever is taken out is stamped above the tombstones of every collection, so it wins whatever the order in
// which they meet, name by name, in every region.
//
// Where a part of it was removed already, the name is taken out no more: it counts as not here, for every
// look-up, until its collection removes it. Whoever asked pushes it whole then.

internal import Journal
internal import MetadataIndex
internal import RegistryLayout
internal import Storage

extension DurableStore {
    /// What a look-up of a name in quarantine answers. Throws `limitExceeded` for a name that reaches more names
    /// than any image has.
    func takeOutOfQuarantine(_ name: ObjectName) async throws -> ObjectVersion? {
        var reached = QuarantineClosure(registry: ReadRegistry(store: self, bucket: name.bucket))
        guard try await reached.add(all: name) else { return nil }
        try await prefetch(reached.names.flatMap(Self.keys))
        return try await committer.queue.submit(
            TakeOutOfQuarantine(name: name, needs: reached.names.filter { $0 != name }))
    }
}

/// A name and all that it reaches and that shows, each behind what it needs.
struct QuarantineClosure {
    /// More than any image has.
    private static let limit = 100_000

    let registry: ReadRegistry
    private(set) var names: [ObjectName] = []
    private var seen: Set<ObjectName> = []

    init(registry: ReadRegistry) { self.registry = registry }

    /// `false` where a part of it was removed or is not here yet, or where what it reaches cannot be told.
    mutating func add(all name: ObjectName) async throws -> Bool {
        // Depth first without recursion: a name is met, then what it needs, then met again to be added.
        var stack = [(name: name, isMet: false)]
        while let top = stack.popLast() {
            if top.isMet {
                names.append(top.name)
                continue
            }
            guard seen.insert(top.name).inserted else { continue }
            guard seen.count <= Self.limit else {
                throw StorageError(
                    .limitExceeded, "\(name) reaches more than \(Self.limit) names")
            }
            let register = try await registry.register(top.name)
            guard register.visible != nil else {
                if register == ObjectRegister(), try await isNotHere(top.name) { continue }
                return false
            }
            guard let needed = try await needed(by: top.name) else { return false }
            stack.append((top.name, true))
            stack += needed.map { (ObjectName(bucket: name.bucket, key: $0), false) }
        }
        return true
    }

    /// Whether nothing is known of the name because it was never here: a child of a sparse index, a foreign layer.
    /// Of what was removed, and forgotten since, the bytes are still known: they go last. The bytes behind a
    /// link that is here are no such thing.
    private func isNotHere(_ name: ObjectName) async throws -> Bool {
        switch LayoutPath(name.key) {
        case .blobData: return false
        case .revisionLink(let repository, let digest), .layerLink(let repository, let digest):
            let data = LayoutPath.blobData(repository.root, digest).key
            let bytes = try await registry.register(ObjectName(bucket: name.bucket, key: data))
            return bytes == ObjectRegister()
        default: return true
        }
    }

    /// `nil` where it cannot be told.
    private func needed(by name: ObjectName) async throws -> [ObjectKey]? {
        guard let path = LayoutPath(name.key) else { return [] }
        guard case .revisionLink(let repository, let digest) = path else {
            return Closure.dependencies(of: path)
        }
        do {
            let references = try await registry.references(of: digest, in: repository.root)
            return Closure.dependencies(ofRevisionIn: repository, references: references)
                + [LayoutPath.blobData(repository.root, digest).key]
        } catch is UnreadableEntry {
            return nil
        }
    }
}

/// Decided against what the names show now.
struct TakeOutOfQuarantine: Decision {
    let name: ObjectName
    /// Each behind what it needs.
    let needs: [ObjectName]

    /// What the name shows to whoever looks it up.
    func decide(_ context: inout CommitContext) throws(StorageError) -> ObjectVersion? {
        guard let visible = try context.register(name).visible, visible.isQuarantined else {
            return try context.register(name).visible
        }
        var quarantined: [ObjectVersion] = []
        for name in needs {
            guard let version = try context.register(name).visible else { return nil }
            if version.isQuarantined { quarantined.append(version) }
        }
        // What is needed comes first: a crash between two batches leaves nothing that needs what is gone.
        for version in quarantined { _ = try context.takeOutOfQuarantine(version) }
        return try context.takeOutOfQuarantine(visible)
    }
}

extension CommitContext {
    /// Writes the object again, as it was before, under a stamp of now. That is no overwriting: nothing of
    /// it becomes history.
    mutating func takeOutOfQuarantine(
        _ version: ObjectVersion
    ) throws(StorageError) -> ObjectVersion {
        guard var content = version.content else {
            preconditionFailure("\(version.name) is in quarantine and no put")
        }
        content.quarantinedMilliseconds = nil
        return try record(
            .put(content), of: version.name, keepsHistory: false, id: version.versionID)
    }
}

extension ObjectVersion {
    var isQuarantined: Bool { content?.quarantinedMilliseconds != nil }
}
