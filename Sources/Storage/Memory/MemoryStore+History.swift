// History and versions in memory.

internal import NIOCore
internal import Synchronization

extension MemoryStore: ObjectHistory {
    package func versions(
        of name: ObjectName, before: Version?, limit: Int
    ) async throws -> HistoryPage {
        try state.withLock { state throws in
            try state.requireBucket(name.bucket)
            return HistoryPage(state.register(name), before: before, limit: limit)
        }
    }

    package func version(_ reference: VersionReference) async throws -> ObjectVersion {
        try state.withLock { state throws in
            try state.register(reference.name).version(reference)
        }
    }

    package func history(after: HistoryMark?, limit: Int) async throws -> [HistoryMark] {
        state.withLock { state in
            let all = state.registers.values.flatMap { $0.values.flatMap(\.history) }
            let marks = all.compactMap(HistoryMark.init).sorted(by: <)
            return Array(marks.filter { mark in after.map { $0 < mark } ?? true }.prefix(limit))
        }
    }

    package func expire(_ references: [VersionReference]) async throws {
        state.withLock { state in
            for reference in references {
                var register = state.register(reference.name)
                if register.expire(reference.version) { state.set(register, for: reference.name) }
            }
        }
    }

    /// Takes in one version; what it supersedes becomes history or goes.
    func take(_ version: ObjectVersion, _ state: inout State) {
        var register = state.register(version.name)
        _ = register.take(version) {
            HistoryRule(
                retention: state.settings(of: version.name.bucket).retention,
                role: historyRole(version.name), nowMilliseconds: wallClock.milliseconds())
        }
        state.set(register, for: version.name)
    }
}

extension MemoryStore: ObjectVersions {
    package func version(of name: ObjectName, id: VersionID?) async throws -> ObjectVersion? {
        _ = try await object(name)
        return state.withLock { $0.register(name).listed(id: id) }
    }

    package func list(_ request: VersionListRequest) async throws -> VersionListPage {
        try state.withLock { state throws in
            try state.requireBucket(request.bucket)
            return state.list(request)
        }
    }

    /// The versioning that a name is under: what stays in its region, and what is never kept, is under none.
    func versioning(of name: ObjectName, _ state: State) -> BucketVersioning? {
        guard let versioning = state.versioning(of: name.bucket), historyRole(name) != .none,
            !isRegionLocal(name)
        else { return nil }
        return versioning
    }

    /// The id of a version that is written now.
    func newID(of version: Version, _ name: ObjectName, _ state: State) -> VersionID {
        versioning(of: name, state)?.id(of: version) ?? .unversioned
    }
}

extension MemoryStore.State {
    /// What the bucket's setting says; `nil` where there is none.
    func versioning(of bucket: String) -> BucketVersioning? {
        let setting = Buckets.name(of: .versioning, bucket)
        guard bucket != BucketName.system, let content = register(setting).visible?.content,
            let bytes = blobs[content.blob]
        else { return nil }
        return BucketVersioning(document: bytes.readableBytesView)
    }

    fileprivate func list(_ request: VersionListRequest) -> VersionListPage {
        var page = VersionListPage(entries: [], isTruncated: false)
        guard request.limit > 0, let registers = registers[request.bucket] else { return page }
        let first = max(
            registers.firstIndex(notBelow: request.prefix),
            registers.firstIndex(notBelow: request.after?.key ?? ""))
        for key in registers.keys[first...] {
            guard key.hasPrefix(request.prefix) else { break }
            for entry in entries(of: key, registers[key] ?? ObjectRegister(), request)
            where entry != page.entries.last {
                guard page.entries.count < request.limit else {
                    page.isTruncated = true
                    return page
                }
                page.entries.append(entry)
            }
        }
        return page
    }

    private func entries(
        of key: ObjectKey, _ register: ObjectRegister, _ request: VersionListRequest
    ) -> [VersionListEntry] {
        let all = register.listed
        guard !all.isEmpty else { return [] }
        if let common = key.commonPrefix(behind: request.prefix, delimiter: request.delimiter) {
            return request.after.map { common <= $0.key } ?? false ? [] : [.commonPrefix(common)]
        }
        var shown = all[...]
        if let after = request.after, key <= after.key {
            guard key == after.key, let id = after.id else { return [] }
            shown = register.listed(after: id)
        }
        return shown.map { .version($0, isLatest: $0 == all.first) }
    }

    /// What cannot be read counts as not said.
    func settings(of bucket: String) -> BucketSettings {
        guard let content = register(Buckets.settingsName(of: bucket)).visible?.content,
            let bytes = blobs[content.blob]
        else { return .standard }
        return BucketSettings(inForce: bytes.readableBytesView)
    }

    func usage(of bucket: String) -> BucketUsage {
        let listed = registers[bucket]?.values.flatMap(\.listed) ?? []
        return BucketUsage(
            objects: UInt64(listed.count),
            bytes: listed.reduce(0) { $0 + ($1.content?.sizeBytes ?? 0) })
    }

    /// Throws `quotaExceeded` where an object of that size would be too much for its bucket, and `source` is no object
    /// any more.
    func requireQuota(
        _ name: ObjectName, sizeBytes: UInt64, insteadOf source: ObjectName? = nil
    ) throws(StorageError) {
        let quota = settings(of: name.bucket).quota
        guard quota != .none else { return }
        let usage = usage(of: name.bucket)
        var next = usage.replacing(replaced(at: name), by: sizeBytes)
        if let source, source.bucket == name.bucket, let gone = replaced(at: source) {
            next = next.without(bytes: gone)
        }
        try quota.check(usage, to: next, of: name.bucket)
    }

    /// The size of the object that a write of the name takes the place of; `nil` where there is none, or it is kept.
    private func replaced(at name: ObjectName) -> UInt64? {
        let shown = register(name).visible
        let isKept = versioning(of: name.bucket) == .enabled || shown?.versionID.stamp != nil
        return isKept ? nil : shown?.content?.sizeBytes
    }
}
