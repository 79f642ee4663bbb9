// The contract of those who look after a store. Every figure is read from the index or the disk when it
// is asked for, never counted on the side.

/// What a store holds.
package struct StoreFigures: Sendable, Hashable {
    /// Names that show an object.
    package var objects: UInt64
    package var blobs: UInt64
    package var uploads: UInt64
    /// Sum of the sizes of the visible objects.
    package var logicalBytes: UInt64
    /// Allocated blocks of the chunk files.
    package var physicalBytes: UInt64
    /// What of them nothing refers to, as of the last collection of garbage; `nil` before the first.
    package var deadBytes: UInt64?
    /// What collections have given back since the start.
    package var freedBytes: UInt64
    package var journalBytes: UInt64
    package var availableBytes: UInt64
    /// Named figures of the parts within, for metrics.
    package var details: [String: UInt64]

    package init(
        objects: UInt64 = 0, blobs: UInt64 = 0, uploads: UInt64 = 0, logicalBytes: UInt64 = 0,
        physicalBytes: UInt64 = 0, deadBytes: UInt64? = nil, freedBytes: UInt64 = 0,
        journalBytes: UInt64 = 0, availableBytes: UInt64 = 0,
        details: [String: UInt64] = [:]
    ) {
        self.objects = objects
        self.blobs = blobs
        self.uploads = uploads
        self.logicalBytes = logicalBytes
        self.physicalBytes = physicalBytes
        self.deadBytes = deadBytes
        self.freedBytes = freedBytes
        self.journalBytes = journalBytes
        self.availableBytes = availableBytes
        self.details = details
    }
}

/// A blob whose bytes failed a check here and have not been mended.
package struct BlobDamage: Sendable, Hashable {
    package var blob: BlobID
    package var sizeBytes: UInt64
    /// What was found, in words for the person who reads it.
    package var reason: String

    package init(blob: BlobID, sizeBytes: UInt64, reason: String) {
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.reason = reason
    }
}

package protocol Maintenance: Sendable {
    func figures() async throws -> StoreFigures

    /// What a bucket shows; nothing for one that there is not.
    func usage(of bucket: String) async throws -> BucketUsage

    /// The damaged blobs behind `after`, in order of digest, at most `limit`.
    func damage(after: BlobID?, limit: Int) async throws -> [BlobDamage]
}
