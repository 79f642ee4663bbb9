// The ids that clients know versions by: given when a version is recorded, by the bucket's setting as the index
// shows it then; kept where something else is said of a version; taken out by a purge.

internal import Journal
internal import MetadataIndex
internal import RegistryLayout
internal import Storage

extension CommitContext {
    /// What the bucket's setting says; `nil` where there is none.
    mutating func versioning(of bucket: String) throws(StorageError) -> BucketVersioning? {
        if bucket == BucketName.system { return nil }
        if let seen = seenVersioning[bucket] { return seen }
        let found = try readVersioning(Buckets.name(of: .versioning, bucket))
        seenVersioning[bucket] = .some(found)
        return found
    }

    /// A setting that cannot be read keeps everything. It is sealed where an object with its very bytes is.
    private func readVersioning(_ setting: ObjectName) throws(StorageError) -> BucketVersioning? {
        guard let content = try register(setting, about: .unversioned).visible?.content else {
            return nil
        }
        guard let stored = try blob(content.blob)?.record.bytes else { return .enabled }
        do throws(StorageError) {
            return try keys.small(stored).map(BucketVersioning.init(document:)) ?? .enabled
        } catch {
            return .enabled
        }
    }

    /// The versioning that a name is under: what stays in its region, and what is never kept, is under none.
    mutating func versioning(of name: ObjectName) throws(StorageError) -> BucketVersioning? {
        guard let versioning = try versioning(of: name.bucket), !KeyRules.isRegionLocal(name),
            KeyRules.historyRole(name) != .none
        else { return nil }
        return versioning
    }

    /// The id of a version that is recorded now, unless one is given.
    mutating func newID(
        of version: Version, _ name: ObjectName, given: VersionID?
    ) throws(StorageError) -> VersionID {
        if let given { return given }
        guard let versioning = try versioning(of: name) else { return .unversioned }
        return versioning.id(of: version)
    }

    /// Takes out the version of a name that has this id. Returns it, or `nil` where there is none.
    mutating func purge(
        _ id: VersionID, of name: ObjectName, _ conditions: Preconditions
    ) throws(StorageError) -> ObjectVersion? {
        let register = try register(name, about: id)
        guard let target = try register.purged(id, conditions) else { return nil }
        if target.versionID == .unversioned, try versioning(of: name) == nil {
            if register.visible != nil { _ = try record(.tombstone, of: name) }
        } else {
            let purge = target.purge
            _ = try record(purge.kind, of: name, id: purge.id)
        }
        return target
    }

    /// Says something else of a version, which keeps its id and its place.
    mutating func amend(
        _ version: Version, of name: ObjectName, to content: ObjectContent
    ) throws(StorageError) -> ObjectVersion {
        // An id is the stamp of the first that was said of it; what was said later is of the same.
        var register = try register(name, about: .stamp(version))
        if !register.holds(version) { register = try self.register(name) }
        let amended = try register.amended(version, to: content)
        var content = content
        content.quarantinedMilliseconds = nil
        if amended.versionID.stamp != nil {
            return try record(.put(content), of: name, id: amended.versionID)
        }
        return try recordNext(
            .put(content), after: amended, over: register, id: amended.versionID)
    }
}
