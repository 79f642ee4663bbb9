// Puts, links and deletes of names: each decided by itself, all in one batch.

internal import Journal
internal import Storage

/// A mutation whose body, where it has one, is known by the place of its bytes.
struct ObjectChange: Sendable {
    enum Kind: Sendable {
        /// The staged blob keeps the bytes from being thought dead until the commit is through.
        case put(ObjectContent, BlobRecord, StagedBlob)
        case link(ObjectContent)
        case delete
        case expire(Version)
        case purge(VersionID)
        case amend(ObjectContent, Version)
        case move(from: ObjectName, Version, ObjectContent)
        /// Refused before it came here.
        case refused(StorageError)
    }

    var name: ObjectName
    var kind: Kind
    var conditions: Preconditions
}

struct MutateObjects: Decision {
    let changes: [ObjectChange]

    func decide(
        _ context: inout CommitContext
    ) throws(StorageError) -> [Result<ObjectVersion?, StorageError>] {
        changes.map { change in
            Result { () throws(StorageError) in try Self.decide(change, &context) }
        }
    }

    private static func decide(
        _ change: ObjectChange, _ context: inout CommitContext
    ) throws(StorageError) -> ObjectVersion? {
        let name = change.name
        if case .refused(let error) = change.kind { throw error }
        try context.requireBucket(name.bucket)
        if case .purge(let id) = change.kind {
            return try context.purge(id, of: name, change.conditions)
        }
        try context.check(change.conditions, name)
        switch change.kind {
        case .refused(let error):
            throw error
        case .purge:
            preconditionFailure("a purge has conditions of its own")
        case .put(var content, let record, _):
            try context.requireSpace()
            try context.requireQuota(name, sizeBytes: content.sizeBytes)
            if try context.demandsSealing(name.bucket) { content.isSealed = true }
            try context.requireForm(
                of: record.blob, incoming: record, isSealed: content.isSealed)
            try context.recordBlob(record)
            return try context.recordPut(
                content, of: name, madeFrom: change.conditions.version)
        case .link(let content):
            return try link(content, to: name, madeFrom: change.conditions.version, &context)
        case .move(let source, let version, let content):
            try context.requireBucket(source.bucket)
            guard source != name else { throw StorageError.moveToItself }
            guard
                try context.register(source, about: .unversioned).visible?.version == version
            else {
                throw StorageError(.preconditionFailed, "“\(source)” shows another version")
            }
            // Both in one batch, which holds far more.
            context.endBatch()
            let moved = try link(content, to: name, insteadOf: source, &context)
            _ = try context.record(.tombstone, of: source)
            return moved
        case .amend(let content, let version):
            try context.requireSpace()
            return try context.amend(version, of: name, to: content)
        case .delete:
            let isShown = try context.register(name, about: .unversioned).visible != nil
            let isVersioned = try context.versioning(of: name) != nil
            guard isShown || isVersioned else { return nil }
            return try context.record(.tombstone, of: name)
        case .expire(let version):
            let register = try context.register(name, about: .unversioned)
            guard let shown = register.visible, shown.version == version,
                register.versions.first == shown
            else { return nil }
            return try context.recordNext(.tombstone, after: shown, over: register)
        }
    }
}

extension MutateObjects {
    /// Gives a blob that is here another name.
    private static func link(
        _ content: ObjectContent, to name: ObjectName, madeFrom version: Version? = nil,
        insteadOf source: ObjectName? = nil, _ context: inout CommitContext
    ) throws(StorageError) -> ObjectVersion {
        var content = content
        try context.requireSpace()
        if try context.demandsSealing(name.bucket) { content.isSealed = true }
        let blob = try context.requireLive(content.blob)
        guard blob.record.sizeBytes == content.sizeBytes else {
            throw StorageError(.sizeMismatch, "blob \(content.blob) has another size")
        }
        try context.requireQuota(name, sizeBytes: content.sizeBytes, insteadOf: source)
        try context.requireForm(of: content.blob, isSealed: content.isSealed)
        return try context.recordPut(content, of: name, madeFrom: version)
    }
}

/// A blob without a name.
struct KeepBlob: Decision {
    let record: BlobRecord
    let staged: StagedBlob

    func decide(_ context: inout CommitContext) throws(StorageError) -> BlobInfo {
        try context.requireSpace()
        try context.requireForm(of: record.blob, incoming: record, isSealed: false)
        try context.recordBlob(record)
        return try context.requireLive(record.blob).info
    }
}
