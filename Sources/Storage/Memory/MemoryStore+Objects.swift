// Names in memory: each mutation is decided against the register of its name.

internal import NIOCore
internal import Synchronization

extension MemoryStore: ObjectStore {
    package func object(_ name: ObjectName) async throws -> ObjectVersion? {
        try state.withLock { state throws in
            try state.requireBucket(name.bucket)
            guard let visible = state.register(name).visible, let content = visible.content,
                content.quarantinedMilliseconds != nil
            else { return state.register(name).visible }
            return put(content, name, &state, id: visible.versionID)
        }
    }

    package func list(_ request: ListRequest) async throws -> ListPage {
        try state.withLock { state throws in
            try state.requireBucket(request.bucket)
            return state.list(request)
        }
    }

    package func commit(
        _ mutations: [ObjectMutation]
    ) async -> [Result<ObjectVersion?, StorageError>] {
        let results = state.withLock { state in
            mutations.map { mutation in
                Result { () throws(StorageError) in try self.decide(mutation, &state) }
            }
        }
        changes.advance()
        return results
    }

    private func decide(
        _ mutation: ObjectMutation, _ state: inout State
    ) throws(StorageError) -> ObjectVersion? {
        let name = mutation.name
        try state.requireBucket(name.bucket)
        switch mutation {
        case .put(_, var content, let staged, let conditions):
            try state.check(conditions, name)
            try state.requireQuota(name, sizeBytes: staged.sizeBytes)
            content.isSealed = content.isSealed || state.demandsSealing(name.bucket)
            content.blob = try state.settle(staged, isSealed: content.isSealed)
            content.sizeBytes = staged.sizeBytes
            return put(content, name, &state, madeFrom: conditions.version)
        case .link(_, var content, let conditions):
            try state.check(conditions, name)
            try state.requireBlob(of: content)
            try state.requireQuota(name, sizeBytes: content.sizeBytes)
            content.isSealed = content.isSealed || state.demandsSealing(name.bucket)
            if content.isSealed { state.sealed.insert(content.blob) }
            return put(content, name, &state, madeFrom: conditions.version)
        case .move(let source, let version, _, var content):
            try state.requireBucket(source.bucket)
            guard source != name else { throw StorageError.moveToItself }
            guard state.register(source).visible?.version == version else {
                throw StorageError(.preconditionFailed, "“\(source)” shows another version")
            }
            try state.requireBlob(of: content)
            try state.requireQuota(name, sizeBytes: content.sizeBytes, insteadOf: source)
            content.isSealed = content.isSealed || state.demandsSealing(name.bucket)
            if content.isSealed { state.sealed.insert(content.blob) }
            let moved = put(content, name, &state)
            _ = record(.tombstone, source, &state)
            return moved
        case .delete(_, let conditions):
            try state.check(conditions, name)
            let isVersioned = versioning(of: name, state) != nil
            guard isVersioned || state.register(name).visible != nil else { return nil }
            return record(.tombstone, name, &state)
        case .expire(_, let expected):
            let register = state.register(name)
            guard let shown = register.visible, shown.version == expected,
                register.versions.first == shown
            else { return nil }
            return record(
                .tombstone, name, &state, stamp: register.freeStamp(above: expected))
        case .purge(_, let id, let conditions):
            return try purge(name, id, conditions, &state)
        case .amend(_, let content, let version):
            let register = state.register(name)
            let amended = try register.amended(version, to: content)
            let stamp = amended.versionID.stamp == nil ? register.freeStamp(above: version) : nil
            return record(.put(content), name, &state, stamp: stamp, id: amended.versionID)
        }
    }

    private func purge(
        _ name: ObjectName, _ id: VersionID, _ conditions: Preconditions, _ state: inout State
    ) throws(StorageError) -> ObjectVersion? {
        let register = state.register(name)
        guard let target = try register.purged(id, conditions) else { return nil }
        if target.versionID == .unversioned, versioning(of: name, state) == nil {
            if register.visible != nil { _ = record(.tombstone, name, &state) }
        } else {
            let purge = target.purge
            _ = record(purge.kind, name, &state, id: purge.id)
        }
        return target
    }

    func put(
        _ content: ObjectContent, _ name: ObjectName, _ state: inout State,
        madeFrom source: Version? = nil, id: VersionID? = nil
    ) -> ObjectVersion {
        var content = content
        content.quarantinedMilliseconds = nil
        if content.lastModifiedMilliseconds == 0 {
            content.lastModifiedMilliseconds = wallClock.milliseconds()
        }
        return record(.put(content), name, &state, stamp: source?.stamp.successor, id: id)
    }

    /// Stamps above every version known of the name, and gives it the next place in the feed.
    private func record(
        _ kind: ObjectVersion.Kind, _ name: ObjectName, _ state: inout State,
        stamp: HybridTimestamp? = nil, id: VersionID? = nil
    ) -> ObjectVersion {
        let register = state.register(name)
        let isJustAbove = stamp != nil
        let stamp =
            stamp
            ?? state.clock.next(
                wallMilliseconds: wallClock.milliseconds(), above: register.greatestStamp)
        let stamped = Version(stamp: stamp, region: region)
        var version = ObjectVersion(
            name: name, version: stamped, position: nil, kind: kind, state: .published,
            versionID: id ?? newID(of: stamped, name, state),
            recordedMilliseconds: isJustAbove ? wallClock.milliseconds() : nil)
        if !isRegionLocal(name) { version.position = issue(version, &state) }
        take(version, &state)
        return version
    }

    /// The next place in this region's feed, given to the version.
    func issue(_ version: ObjectVersion, _ state: inout State) -> FeedPosition {
        let number = UInt64(state.feeds[region, default: []].count) + 1
        let position = FeedPosition(incarnation: incarnation, number: number)
        state.feeds[region, default: []].append(
            FeedRecord(position: position, reference: version.reference))
        return position
    }
}

extension MemoryStore.State {
    func check(_ conditions: Preconditions, _ name: ObjectName) throws(StorageError) {
        let visible = register(name).visible
        if let version = conditions.version, visible?.version != version {
            throw StorageError(.preconditionFailed, "\(name) has changed")
        }
        let etag = visible?.content?.etag
        if let wanted = conditions.ifMatch, !wanted.matches(etag) {
            let code: StorageError.Code = etag == nil ? .noSuchKey : .preconditionFailed
            throw StorageError(code, "If-Match does not hold for \(name)")
        }
        if let unwanted = conditions.ifNoneMatch, unwanted.matches(etag) {
            throw StorageError(.preconditionFailed, "If-None-Match does not hold for \(name)")
        }
        if let bucket = conditions.emptyBucket,
            registers[bucket]?.values.contains(where: { !$0.listed.isEmpty }) == true
        {
            throw StorageError(.bucketNotEmpty, "bucket “\(bucket)” is not empty")
        }
    }

    fileprivate func list(_ request: ListRequest) -> ListPage {
        var page = ListPage(entries: [], isTruncated: false)
        guard let registers = registers[request.bucket] else { return page }
        let first = max(
            registers.firstIndex(notBelow: request.prefix),
            registers.firstIndex(after: request.after))
        for key in registers.keys[first...] {
            guard key.hasPrefix(request.prefix) else { break }
            guard let version = registers[key]?.visible else { continue }
            let entry =
                request.commonPrefix(of: key).map(ListEntry.commonPrefix) ?? .object(version)
            if let after = request.after, entry.key <= after { continue }
            if entry.key == page.entries.last?.key { continue }
            guard page.entries.count < request.limit else {
                page.isTruncated = request.limit > 0
                break
            }
            page.entries.append(entry)
        }
        return page
    }
}

extension Preconditions.ETags {
    /// Whether the condition names the ETag of what is visible; nothing matches where nothing is.
    package func matches(_ etag: String?) -> Bool {
        guard let etag else { return false }
        switch self {
        case .any: return true
        case .list(let etags): return etags.contains(etag)
        }
    }
}

extension ListRequest {
    /// What `key` is rolled up to: from its start to the first delimiter behind the prefix.
    package func commonPrefix(of key: ObjectKey) -> ObjectKey? {
        key.commonPrefix(behind: prefix, delimiter: delimiter)
    }
}

extension ObjectKey {
    /// Everything up to and including the first `delimiter` behind `prefix`; `nil` without one.
    package func commonPrefix(behind prefix: ObjectKey, delimiter: [UInt8]?) -> ObjectKey? {
        guard let delimiter, let first = delimiter.first else { return nil }
        var rest = bytes.dropFirst(prefix.bytes.count)
        // Mostly it is one byte: that is found many times as fast as a range.
        while let found = rest.firstIndex(of: first) {
            rest = rest[found...]
            if rest.starts(with: delimiter) {
                return ObjectKey(bytes: Array(bytes[..<(found + delimiter.count)]))
            }
            rest = rest.dropFirst()
        }
        return nil
    }
}

extension MemoryStore.State {
    /// Throws `noSuchBlob`, `sizeMismatch`.
    fileprivate func requireBlob(of content: ObjectContent) throws(StorageError) {
        guard let bytes = blobs[content.blob] else {
            throw StorageError(.noSuchBlob, "blob \(content.blob) is not here")
        }
        guard UInt64(bytes.readableBytes) == content.sizeBytes else {
            throw StorageError(.sizeMismatch, "blob \(content.blob) has another size")
        }
    }
}
