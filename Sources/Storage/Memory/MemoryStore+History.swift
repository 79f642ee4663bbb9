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
                retention: state.retention(of: version.name.bucket),
                role: historyRole(version.name), nowMilliseconds: wallClock.milliseconds())
        }
        state.set(register, for: version.name)
    }
}

extension MemoryStore.State {
    fileprivate func retention(of bucket: String) -> HistoryRetention {
        guard let content = register(Buckets.retentionName(of: bucket)).visible?.content,
            let bytes = blobs[content.blob]
        else { return .standard }
        // What cannot be read keeps as much as a bucket that says nothing.
        return (try? HistoryRetention(decoding: bytes.readableBytesView)) ?? .standard
    }
}
