// How far feeds are known: here, where an origin was put back from an older copy, and in other regions.

internal import Journal
internal import MetadataIndex
internal import Storage

/// An origin's feed, which ends at `head`, is asked for again from an earlier place.
struct RewindCursor: Decision {
    let origin: RegionID
    let position: FeedPosition
    let head: FeedPosition

    func decide(_ context: inout CommitContext) throws(StorageError) {
        let known = try context.look { (index) throws(IndexError) in
            try index.cursor(of: origin)
        }
        let record = CursorRecord(origin: origin, position: position, seen: head)
        guard origin != context.region, record != known else { return }
        try context.record(.cursor(record))
    }
}

/// What another region said of its cursors takes the place of what it said before. Of an origin that it does
/// not name it knows nothing any more.
struct WriteReceipts: Decision {
    let region: RegionID
    let cursors: [RegionID: FeedPosition]

    func decide(_ context: inout CommitContext) throws(StorageError) {
        let before = try context.look { (index) throws(IndexError) in
            try index.receipts(of: region)
        }
        for origin in Set(before.keys).union(cursors.keys).sorted() {
            let through = cursors[origin] ?? .start
            guard before[origin] != through else { continue }
            try context.record(
                .receipt(
                    ReceiptRecord(
                        region: region, origin: origin, through: through,
                        atMilliseconds: context.wallMilliseconds)))
        }
    }
}

/// What another region confirmed is gone, and the region known no more by it.
struct ForgetReceipts: Decision {
    let region: RegionID

    func decide(_ context: inout CommitContext) throws(StorageError) {
        let before = try context.look { (index) throws(IndexError) in
            try index.receipts(of: region)
        }
        for origin in before.keys.sorted() {
            try context.record(.receipt(.forgotten(region: region, origin: origin)))
        }
    }
}

extension IndexTransaction {
    /// How far a region said that it has each origin's feed.
    fileprivate func receipts(
        of region: RegionID
    ) throws(IndexError) -> [RegionID: FeedPosition] {
        var receipts: [RegionID: FeedPosition] = [:]
        for key in try keys(in: KeySchema.receipts(of: region)) {
            guard let value = try get(key) else { continue }
            let receipt = try ReceiptRecord(key: key, value: value)
            receipts[receipt.origin] = receipt.through
        }
        return receipts
    }
}
