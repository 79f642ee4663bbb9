// Brings back what a name showed before, as new versions.
//
// Order is safety: everything is looked at before anything is written, so that a closure with a hole is
// refused with nothing changed; then what the tag reaches is written, each name behind what it reaches, in
// one durable group; only when all of that went through, the tag's link. A crash in between leaves names
// that no tag needs, and never a tag that shows something broken.
//
// A garbage collection beside it takes nothing away that this relies on: what is not shown is history,
// which no collection ends while a kept version of the tag reaches it, and looking up what is in
// quarantine takes it out.

internal import RegistryLayout
package import Storage

package struct RollBack: Rollback {
    private let store: any RegistryStore

    package init(_ store: DurableStore) { self.store = store }

    package func name(of subject: HistorySubject) async throws -> ObjectName {
        switch subject {
        case .name(let name): return name
        case .tag(let bucket, let repository, let tag):
            let layout = try await RecogniseLayout(store: store).layout(of: bucket)
            guard case .distribution(let roots) = layout else {
                throw StorageError(
                    .noSuchKey, "bucket “\(bucket)” holds no registry whose tags are known")
            }
            let names = roots.map { root in
                let repository = Repository(root: root, name: repository)
                let key = LayoutPath.tagCurrentLink(repository, tag: tag).key
                return ObjectName(bucket: bucket, key: key)
            }
            let registers = try await store.registers(of: names)
            let known = zip(names, registers).first { !$0.1.versions.isEmpty }?.0
            guard let known else {
                throw StorageError(.noSuchKey, "\(bucket):\(repository):\(tag) is not known here")
            }
            return known
        }
    }

    package func digest(namedBy version: ObjectVersion) async throws -> ContentDigest? {
        guard case .tagCurrentLink = LayoutPath(version.name.key), version.content != nil else {
            return nil
        }
        do {
            let registry = ReadRegistry(store: store, bucket: version.name.bucket)
            return try await registry.target(of: version)
        } catch is UnreadableEntry {
            return nil
        }
    }

    package func rollBack(
        _ subject: HistorySubject, to target: RollbackTarget, isDryRun: Bool
    ) async throws -> RollbackReport {
        let name = try await name(of: subject)
        let registry = ReadRegistry(store: store, bucket: name.bucket)
        let register = try await registry.register(name)
        let version = try find(target, in: register, name)
        guard let content = version.content else {
            throw StorageError(.noSuchKey, "\(name) was deleted at \(version.version)")
        }
        try await requireBytes(content.blob, of: name)
        var writes: [ObjectMutation] = []
        if case .tagCurrentLink(let repository, let tag) = LayoutPath(name.key) {
            let digest = try await readable { try await registry.target(of: version) }
            let closure = try await readable {
                var closure = TagClosure(registry: registry, repository: repository)
                try await closure.add(digest)
                return closure
            }
            for name in closure.names {
                if let write = try await restoring(name, registry, looksUp: !isDryRun) {
                    writes.append(write)
                }
            }
            // The tag's own index of what it has named holds the same bytes as the link.
            let index = registry.name(.tagIndexLink(repository, tag: tag, digest))
            if try await registry.register(index).visible == nil {
                writes.append(Self.write(index, content))
            }
        }
        let last =
            register.visible?.content?.blob == content.blob ? [] : [Self.write(name, content)]
        if !isDryRun { try await commit(writes, then: last) }
        return RollbackReport(
            name: name, target: version, written: (writes + last).map(\.name))
    }

    // MARK: Looking

    private func find(
        _ target: RollbackTarget, in register: ObjectRegister, _ name: ObjectName
    ) throws -> ObjectVersion {
        switch target {
        case .version(let version):
            return try register.version(VersionReference(name: name, version: version))
        case .time(let milliseconds):
            let found = register.versions.first {
                Int64(clamping: $0.order.stamp.milliseconds) <= milliseconds
            }
            guard let found else {
                throw StorageError(.noSuchKey, "nothing as old as that is kept of \(name)")
            }
            return found
        }
    }

    /// What brings a name back; `nil` where it shows. Looking it up takes it out of quarantine.
    private func restoring(
        _ name: ObjectName, _ registry: ReadRegistry, looksUp: Bool
    ) async throws -> ObjectMutation? {
        let register = try await registry.register(name)
        if let content = register.visible?.content {
            try await requireBytes(content.blob, of: name)
            if !looksUp { return nil }
            if try await store.object(name) != nil { return nil }
        }
        guard let content = register.versions.lazy.compactMap(\.content).first else {
            throw StorageError(.noSuchKey, "\(name), which the tag reaches, is gone")
        }
        try await requireBytes(content.blob, of: name)
        return Self.write(name, content)
    }

    private func requireBytes(_ blob: BlobID, of name: ObjectName) async throws {
        guard let info = try await store.stat(blob), !info.isDamaged else {
            throw StorageError(.noSuchKey, "the bytes of \(name), blob \(blob), are gone")
        }
    }

    /// Says in words for the person what cannot be read.
    private func readable<Value>(_ read: () async throws -> Value) async throws -> Value {
        do {
            return try await read()
        } catch let error as UnreadableEntry {
            throw StorageError(
                .noSuchKey, "\(error.name), which the tag reaches: \(error.reason)")
        }
    }

    // MARK: Writing

    /// A new version with the same content, written now.
    private static func write(_ name: ObjectName, _ content: ObjectContent) -> ObjectMutation {
        var content = content
        content.lastModifiedMilliseconds = 0
        content.quarantinedMilliseconds = nil
        return .link(name, content, .none)
    }

    private func commit(_ writes: [ObjectMutation], then last: [ObjectMutation]) async throws {
        for group in [writes, last] where !group.isEmpty {
            for result in await store.commit(group) { _ = try result.get() }
        }
    }
}
