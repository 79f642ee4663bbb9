// What purging and amending a version mean to the register of its name; every store decides by this.

extension ObjectRegister {
    /// The version that a purge of this id takes out, shown or not; `nil` where there is none. Throws
    /// `preconditionFailed` where it is not what the condition says.
    package func purged(
        _ id: VersionID, _ conditions: Preconditions
    ) throws(StorageError) -> ObjectVersion? {
        let known = listed
        let target = versions.first { version in
            guard !version.isHistory, version.versionID.names(id) else { return false }
            return version.state == .pending || known.contains(version)
        }
        if let latest = conditions.version, known.first?.version != latest {
            throw StorageError(.preconditionFailed, "\(latest) is not the latest version")
        }
        if let wanted = conditions.ifMatch, let target,
            !wanted.matches(target.content?.etag)
        {
            throw StorageError(.preconditionFailed, "If-Match does not hold for version \(id)")
        }
        return target
    }

    /// The version that `content` says something else of. Throws `preconditionFailed` where it is not there, or
    /// was said something else of since; `invalidArgument` where the bytes are others.
    package func amended(
        _ version: Version, to content: ObjectContent
    ) throws(StorageError) -> ObjectVersion {
        let found = versions.first { $0.version == version }
        guard let found, found.state == .published, !found.isHistory, let before = found.content
        else { throw StorageError(.preconditionFailed, "version \(version) is not there any more") }
        guard before.blob == content.blob else {
            throw StorageError(.invalidArgument, "version \(version) has other bytes")
        }
        return found
    }

    /// The least stamp above a version that no version of this name has.
    package func freeStamp(above version: Version) -> HybridTimestamp {
        var stamp = version.stamp.successor
        while versions.contains(where: { $0.version.stamp == stamp }) { stamp = stamp.successor }
        return stamp
    }
}

extension ObjectVersion {
    /// What a purge of this version says.
    package var purge: (kind: Kind, id: VersionID) {
        if let stamp = versionID.stamp { return (.purge(stamp), .stamp(stamp)) }
        return (.purge(version), .null)
    }
}
