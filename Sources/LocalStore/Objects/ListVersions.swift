// One page of a list of versions. Two cursors go side by side in the order of keys: over what shows, and over what
// is listed beside it, both as of one moment, since a version goes from the one to the other. Past everything
// behind a common prefix both go by one seek; so a page costs what is on it.

internal import MetadataIndex
internal import Storage

struct ListVersions {
    let request: VersionListRequest
    let limit: Int

    func page(of index: any IndexSnapshot) throws(IndexError) -> VersionListPage {
        var page = VersionListPage(entries: [], isTruncated: false)
        guard limit > 0 else { return page }
        let shown = try cursor(index, KeyRange(prefix: KeySchema.shown(name(request.prefix))))
        let beside = try cursor(
            index, KeySchema.listed(in: request.bucket, prefix: request.prefix))
        // The key whose latest version has been listed.
        var begun = try start(shown, beside, index)
        while let key = [shownKey(shown), besideKey(beside)].compactMap({ $0 }).min() {
            guard page.entries.count < limit else {
                page.isTruncated = true
                return page
            }
            if let common = key.commonPrefix(behind: request.prefix, delimiter: request.delimiter) {
                page.entries.append(.commonPrefix(common))
                try pass(common, shown, beside)
            } else if shownKey(shown) == key {
                let version = try ShownEntry(encoded: shown.value).version
                page.entries.append(.version(version, isLatest: true))
                begun = key
                try shown.next()
            } else {
                let version = try ListedEntry.decode(beside.value)
                page.entries.append(.version(version, isLatest: begun != key))
                begun = key
                try beside.next()
            }
        }
        return page
    }

    /// Puts both cursors behind `after`. Returns its key where the list goes on within it.
    private func start(
        _ shown: any IndexCursor, _ beside: any IndexCursor, _ index: any IndexSnapshot
    ) throws(IndexError) -> ObjectKey? {
        guard let after = request.after else { return nil }
        let isBehindPrefix = after.key.hasPrefix(request.prefix)
        if isBehindPrefix,
            let common = after.key.commonPrefix(
                behind: request.prefix, delimiter: request.delimiter)
        {
            // Everything rolled up with it has an entry that is not greater than it.
            try pass(common, shown, beside)
            return nil
        }
        guard isBehindPrefix || request.prefix < after.key else { return nil }
        let name = name(after.key)
        try shown.seek(to: KeySchema.shown(name) + [0])
        guard let id = after.id else {
            try beside.seek(to: KeySchema.listed(of: name).to)
            return nil
        }
        let latest = try index.get(KeySchema.shown(name)).map { value throws(IndexError) in
            try ShownEntry(encoded: value).version
        }
        // What was listed may be gone: then the list goes on behind its place, or begins the key again where
        // that is not known.
        if let order = try order(of: id, name, index) {
            if let latest, latest.order < order { try shown.seek(to: KeySchema.shown(name)) }
            try beside.seek(to: KeySchema.listed(name, order) + [0])
            return after.key
        }
        try shown.seek(to: KeySchema.shown(name))
        try beside.seek(to: KeySchema.listed(of: name).from)
        return nil
    }

    private func order(
        of id: VersionID, _ name: ObjectName, _ index: any IndexSnapshot
    ) throws(IndexError) -> Version? {
        if let stamp = id.stamp { return stamp }
        if let value = try index.get(KeySchema.shown(name)) {
            let version = try ShownEntry(encoded: value).version
            if version.versionID.names(.null) { return version.order }
        }
        let range = KeySchema.listed(of: name)
        return try ListedEntry.first(in: cursor(index, range), from: range.from) { version in
            version.versionID.names(.null)
        }?.order
    }

    private func pass(
        _ common: ObjectKey, _ shown: any IndexCursor, _ beside: any IndexCursor
    ) throws(IndexError) {
        try shown.seek(to: KeyRange(prefix: KeySchema.shown(name(common))).to)
        try beside.seek(to: KeySchema.listed(in: request.bucket, prefix: common).to)
    }

    private func cursor(
        _ index: any IndexSnapshot, _ range: KeyRange
    ) throws(IndexError) -> any IndexCursor {
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        return cursor
    }

    private func shownKey(_ cursor: any IndexCursor) -> ObjectKey? {
        cursor.key.map { KeySchema.objectKey(of: $0, in: request.bucket) }
    }

    private func besideKey(_ cursor: any IndexCursor) -> ObjectKey? {
        cursor.key.map { KeySchema.objectKey(ofListed: $0, in: request.bucket) }
    }

    private func name(_ key: ObjectKey) -> ObjectName {
        ObjectName(bucket: request.bucket, key: key)
    }
}
