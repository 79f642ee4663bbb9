// One page of a list. The cursor goes from entry to entry: past an object by one step, past everything
// behind a common prefix by one seek; so a page costs what is on it, whatever the bucket holds.

internal import MetadataIndex
internal import Storage

struct ListObjects {
    let request: ListRequest
    let limit: Int

    func page(of index: any KeyValueIndex) throws(IndexError) -> ListPage {
        var page = ListPage(entries: [], isTruncated: false)
        guard limit > 0 else { return page }
        let range = KeyRange(prefix: KeySchema.shown(name(request.prefix)))
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: start(range))
        while let key = cursor.key {
            guard page.entries.count < limit else {
                page.isTruncated = true
                return page
            }
            let objectKey = KeySchema.objectKey(of: key, in: request.bucket)
            if let common = request.commonPrefix(of: objectKey) {
                page.entries.append(.commonPrefix(common))
                try cursor.seek(to: KeyRange(prefix: KeySchema.shown(name(common))).to)
            } else {
                page.entries.append(.object(try ShownEntry(encoded: cursor.value).version))
                try cursor.next()
            }
        }
        return page
    }

    /// The first key whose entry is greater than `after`.
    private func start(_ range: KeyRange) -> Bytes {
        guard let after = request.after else { return range.from }
        // Everything rolled up with `after` has an entry that is not greater than it.
        if after.hasPrefix(request.prefix), let common = request.commonPrefix(of: after) {
            return KeyRange(prefix: KeySchema.shown(name(common))).to
        }
        let behind = KeySchema.shown(name(after)) + [0]
        return range.from.lexicographicallyPrecedes(behind) ? behind : range.from
    }

    private func name(_ key: ObjectKey) -> ObjectName {
        ObjectName(bucket: request.bucket, key: key)
    }
}
