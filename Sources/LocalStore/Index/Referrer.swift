// What stands beside the key of a referrer: whether the version that it is says that its bytes are sealed. Looked at
// where a blob is not here yet, or is damaged: then few versions name it.

internal import MetadataIndex
internal import Storage

enum Referrer {
    static let sealed: Bytes = [1]

    static func value(of content: ObjectContent) -> Bytes { content.isSealed ? sealed : [] }

    /// Whether any of the referrers of the blob that count says so.
    static func isAnySealed(
        of blob: BlobID, _ index: any KeyValueIndex, where counts: (Bytes) -> Bool = { _ in true }
    ) throws(IndexError) -> Bool {
        let range = KeySchema.referrers(of: blob)
        let cursor = try index.cursor(from: range.from, to: range.to)
        try cursor.seek(to: range.from)
        while let key = cursor.key {
            if cursor.value == sealed, counts(key) { return true }
            try cursor.next()
        }
        return false
    }
}
