// Which form a blob must have, decided where nothing can come between. What is sealed stays sealed, and sealed content
// shows over no blob in the clear. Where a commit would break that it is refused with `MustSeal`, before it has
// recorded anything, and whoever submitted it seals what has to be sealed and submits it again
// (`SealBlobs.swift`). So the usual commit pays for this with a look at records that it looks at anyway.

internal import Journal
internal import MetadataIndex
internal import Storage

/// Why a commit waits: bytes lie in the clear that must not.
enum MustSeal: Error, Hashable {
    /// A blob that is here.
    case present(BlobID)
    /// The body that was staged for the commit.
    case staged

    /// What a decision throws; no client is ever told.
    var refusal: StorageError {
        StorageError(.unavailable, "bytes have to be sealed first", cause: self)
    }
}

extension StorageError {
    var mustSeal: MustSeal? { cause as? MustSeal }
}

extension CommitContext {
    /// Throws `MustSeal` unless the blob, after `incoming` was recorded, has the form that it must have.
    /// `isSealed`: what will show the blob says so.
    func requireForm(
        of blob: BlobID, incoming: BlobRecord? = nil, isSealed: Bool
    ) throws(StorageError) {
        // The usual case: nothing here is sealed, and nothing is to be.
        guard isSealed || keys.isInUse else { return }
        if incoming?.bytes.isSealed == true { return }
        let present = try self.blob(blob)
        if let present, incoming == nil || !present.isDamaged {
            guard isSealed, !present.record.bytes.isSealed else { return }
            throw MustSeal.present(blob).refusal
        }
        // Bytes in the clear would be recorded: for the first time, or in place of damaged ones.
        guard incoming != nil else { return }
        if isSealed || present?.record.bytes.isSealed == true { throw MustSeal.staged.refusal }
        let isNamedSealed = try look { (index) throws(IndexError) in
            try index.isNamedSealed(blob)
        }
        if isNamedSealed { throw MustSeal.staged.refusal }
    }

    /// Makes sure that a blob is here. A blob that is here already stays as it is, and the chunks that
    /// were just written are dead; a damaged one is mended by them, and one in the clear gives way to bytes that
    /// are sealed. Its form was found right before (`requireForm`).
    mutating func recordBlob(_ record: BlobRecord) throws(StorageError) {
        let present = try blob(record.blob)
        let isReplaced = present?.record.bytes.isSealed == false && record.bytes.isSealed
        if let present, !present.isDamaged, !isReplaced {
            use.touch(record.blob)
            return
        }
        try self.record(.blob(record))
        if isReplaced { try noteClearBytes() }
    }
}
