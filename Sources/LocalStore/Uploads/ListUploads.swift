// One page of uploads: by key, then by time of initiation, then by id. As with objects, a common prefix
// costs one seek.

internal import Journal
internal import MetadataIndex
internal import Storage

struct ListUploads {
    let request: UploadListRequest
    let limit: Int

    func page(of index: any KeyValueIndex) throws(IndexError) -> UploadListPage {
        var page = UploadListPage(entries: [], isTruncated: false)
        guard limit > 0 else { return page }
        let range = KeySchema.uploads(in: request.bucket, prefix: request.prefix)
        let start = try start(index)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(
            to: range.from.lexicographicallyPrecedes(start.key) ? start.key : range.from)
        while cursor.key != nil {
            let value = cursor.value
            let upload = try decoding { () throws(RecordError) in
                try UploadRecord.decode(encoded: value[...])
            }
            guard start.admits(upload) else {
                try cursor.next()
                continue
            }
            guard page.entries.count < limit else {
                page.isTruncated = true
                return page
            }
            let key = upload.name.key
            if let common = key.commonPrefix(behind: request.prefix, delimiter: request.delimiter) {
                page.entries.append(.commonPrefix(common))
                try cursor.seek(to: KeySchema.uploads(in: request.bucket, prefix: common).to)
            } else {
                page.entries.append(.upload(upload))
                try cursor.next()
            }
        }
        return page
    }

    /// Where the page starts, and what is passed over behind that.
    private struct Start {
        var key: Bytes
        /// Of an upload marker whose session has ended: uploads of this key (of any, where it is `nil`)
        /// count only with a greater id.
        var ended: (id: UploadID, key: ObjectKey?)?

        func admits(_ upload: Upload) -> Bool {
            guard let ended else { return true }
            if let key = ended.key, upload.name.key != key { return upload.name.key > key }
            return upload.id > ended.id
        }
    }

    private func start(_ index: any KeyValueIndex) throws(IndexError) -> Start {
        switch request.after {
        case nil:
            return Start(key: [])
        case .key(let key):
            if key.hasPrefix(request.prefix),
                let common = key.commonPrefix(behind: request.prefix, delimiter: request.delimiter)
            {
                return Start(key: KeySchema.uploads(in: request.bucket, prefix: common).to)
            }
            return Start(key: KeySchema.endOfUploads(of: name(key)))
        case .upload(let id, let key):
            if let value = try index.get(KeySchema.upload(id)) {
                let marker = try decoding { () throws(RecordError) in
                    try UploadRecord.decode(encoded: value[...])
                }
                if marker.name.bucket == request.bucket {
                    return Start(key: KeySchema.upload(marker) + [0])
                }
            }
            return Start(
                key: key.map { KeySchema.startOfUploads(of: name($0)) } ?? [], ended: (id, key))
        }
    }

    private func name(_ key: ObjectKey) -> ObjectName {
        ObjectName(bucket: request.bucket, key: key)
    }
}
