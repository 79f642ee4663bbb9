// The decision that blobs are gone. Who proposes them has looked some time ago; here it is looked at again,
// where nothing can come between: is the blob here, does anything name it, does anyone use it. Each of the
// three costs the same whatever the size of blob and store.

internal import Journal
internal import MetadataIndex
internal import Storage

/// A blob that nothing names.
struct DeadBlob: Sendable, Hashable {
    var blob: BlobID
    var sizeBytes: UInt64
}

/// Drops those of the blobs that may go, and answers which.
struct DropBlobs: Decision {
    let candidates: [DeadBlob]
    let grace: Duration

    func decide(_ context: inout CommitContext) throws(StorageError) -> [DeadBlob] {
        let released = Set(context.transaction.released)
        let blobs = candidates.map(\.blob).sorted()
        let named = try context.look { (index) throws(IndexError) in
            try index.lookAhead(blobs.map(KeySchema.blob))
            return try index.named(among: blobs)
        }
        var dropped: [DeadBlob] = []
        for candidate in candidates {
            let blob = candidate.blob
            // What lost a name in this very group counts as used just now, and says so only when the group
            // is decided.
            guard !released.contains(blob), !named.contains(blob) else { continue }
            let isHere = try context.look { (index) throws(IndexError) in
                try index.get(KeySchema.blob(blob)) != nil
            }
            guard isHere, context.use.beginDrop(blob, grace: grace) else { continue }
            try context.record(.blobState(BlobStateRecord(blob: blob, change: .dropped)))
            dropped.append(candidate)
        }
        return dropped
    }
}
