// History in memory.

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

extension MemoryStore.State {
    /// What cannot be read counts as not said.
    func settings(of bucket: String) -> BucketSettings {
        guard let content = register(Buckets.settingsName(of: bucket)).visible?.content,
            let bytes = blobs[content.blob]
        else { return .standard }
        return BucketSettings(inForce: bytes.readableBytesView)
    }

    func usage(of bucket: String) -> BucketUsage {
        let visible = registers[bucket]?.values.compactMap(\.visible?.content) ?? []
        return BucketUsage(
            objects: UInt64(visible.count), bytes: visible.reduce(0) { $0 + $1.sizeBytes })
    }

    /// Throws `quotaExceeded` where an object of that size would be too much for its bucket.
    func requireQuota(_ name: ObjectName, sizeBytes: UInt64) throws(StorageError) {
        let quota = settings(of: name.bucket).quota
        guard quota != .none else { return }
        let usage = usage(of: name.bucket)
        let present = register(name).visible?.content?.sizeBytes
        try quota.check(
            usage, to: usage.replacing(present, by: sizeBytes), of: name.bucket)
    }
}
