// History as the index holds it: with the register of its name, and in the order of its end.

internal import MetadataIndex
package import Storage

extension DurableStore: ObjectHistory {
    package func versions(
        of name: ObjectName, before: Version?, limit: Int
    ) async throws -> HistoryPage {
        try await requireBucket(name.bucket)
        let limit = min(limit, configuration.limits.pageEntries)
        return HistoryPage(try await register(of: name), before: before, limit: limit)
    }

    package func version(_ reference: VersionReference) async throws -> ObjectVersion {
        try await register(of: reference.name).version(reference)
    }

    private func register(of name: ObjectName) async throws -> ObjectRegister {
        guard let register = try await registers(of: [name]).first else {
            preconditionFailure("one name, no register")
        }
        return register
    }

    package func history(after: HistoryMark?, limit: Int) async throws -> [HistoryMark] {
        let limit = min(limit, configuration.limits.pageEntries)
        return try await read { (index) throws(IndexError) in
            let range = KeySchema.allHistory
            let cursor = try index.cursor(from: range.from, to: range.to)
            let start = after.map { mark in
                KeySchema.history(
                    until: mark.keptUntilMilliseconds, mark.reference.name, mark.reference.version)
                    + [0]
            }
            try cursor.seek(to: start ?? range.from)
            var marks: [HistoryMark] = []
            while let key = cursor.key, marks.count < limit {
                marks.append(
                    HistoryMark(
                        keptUntilMilliseconds: KeySchema.end(ofHistory: key),
                        reference: try VersionReference(encoded: cursor.value)))
                try cursor.next()
            }
            return marks
        }
    }

    package func expire(_ references: [VersionReference]) async throws {
        try await prefetch(references.flatMap { Self.keys(of: $0.name) })
        try await committer.queue.submit(ExpireHistory(references: references))
    }
}
