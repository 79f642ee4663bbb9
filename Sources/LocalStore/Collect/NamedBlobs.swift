// Which of many blobs a version or a part names. One cursor serves all of them, bounded by the first and the
// last: keys of referrers that were deleted and are still to be compacted away are passed once each, and none
// that belongs to other blobs.

internal import MetadataIndex
internal import Storage

struct NamedBlobs {
    private let cursor: any IndexCursor
    /// The blob that the cursor's key is about.
    private var blob: BlobID?

    /// To be asked of blobs from `first` through `last`, in ascending order.
    init(
        _ index: any KeyValueIndex, from first: BlobID, through last: BlobID
    ) throws(IndexError) {
        let start = KeySchema.referrers(of: first).from
        cursor = try index.cursor(from: start, to: KeySchema.referrers(of: last).to)
        try seek(to: start)
    }

    mutating func isNamed(_ wanted: BlobID) throws(IndexError) -> Bool {
        if let blob, blob < wanted { try seek(to: KeySchema.referrers(of: wanted).from) }
        return blob == wanted
    }

    private mutating func seek(to key: Bytes) throws(IndexError) {
        try cursor.seek(to: key)
        blob = cursor.key.flatMap(KeySchema.blob(ofReferrer:))
    }
}
