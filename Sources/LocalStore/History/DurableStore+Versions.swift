// Versions as clients know them: the one that shows is where lists of objects read it, the others are apart.

internal import Journal
internal import MetadataIndex
package import Storage

extension DurableStore: ObjectVersions {
    package func version(of name: ObjectName, id: VersionID?) async throws -> ObjectVersion? {
        let shown = try await object(name)
        if let shown, id.map(shown.versionID.names) ?? true { return shown }
        if let stamp = id?.stamp {
            return try await lookup(KeySchema.listed(name, stamp)).map { value throws in
                try ListedEntry.decode(value.bytes)
            }
        }
        return try await read { (index) throws(IndexError) in
            let range = KeySchema.listed(of: name)
            let cursor = try index.cursor(from: range.from, to: range.to)
            return try ListedEntry.first(in: cursor, from: range.from) { version in
                id.map(version.versionID.names) ?? true
            }
        }
    }

    package func list(_ request: VersionListRequest) async throws -> VersionListPage {
        try await requireBucket(request.bucket)
        let limit = min(request.limit, configuration.limits.pageEntries)
        return try await read { (index) throws(IndexError) in
            try ListVersions(request: request, limit: limit).page(of: index.snapshot())
        }
    }
}

/// What the index holds at a key of `listed`.
enum ListedEntry {
    static func decode(_ value: Bytes) throws(IndexError) -> ObjectVersion {
        try decoding { () throws(RecordError) in try ObjectRecord.decode(encoded: value[...]) }
    }

    /// The first that the cursor comes by and that is wanted.
    static func first(
        in cursor: any IndexCursor, from start: Bytes, where isWanted: (ObjectVersion) -> Bool
    ) throws(IndexError) -> ObjectVersion? {
        try cursor.seek(to: start)
        while cursor.key != nil {
            let version = try decode(cursor.value)
            if isWanted(version) { return version }
            try cursor.next()
        }
        return nil
    }
}
