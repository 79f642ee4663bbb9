// How much a bucket may hold. What counts is what its names show, and the versions that it keeps: each by its size,
// whatever it shares with others, and the uploads that a registry has under way as objects. It is decided where the
// write is decided, by the usage that the index keeps. Only what is written in this region is held to it: what comes
// from other regions is taken in, or regions would differ; so a bucket can be found over its quota.

/// What a bucket shows, in figures.
package struct BucketUsage: Sendable, Hashable {
    package var objects: UInt64
    package var bytes: UInt64

    package init(objects: UInt64 = 0, bytes: UInt64 = 0) {
        self.objects = objects
        self.bytes = bytes
    }

    /// Without an object of so many bytes.
    package func without(bytes gone: UInt64) -> BucketUsage {
        BucketUsage(objects: objects - min(objects, 1), bytes: bytes - min(bytes, gone))
    }

    /// With an object of `newBytes` in the place of one of `oldBytes`, or of none. Where the two were looked at at
    /// different moments, the old one may be gone from the usage already.
    package func replacing(_ oldBytes: UInt64?, by newBytes: UInt64) -> BucketUsage {
        let (sum, isBeyond) = (bytes - min(bytes, oldBytes ?? 0)).addingReportingOverflow(newBytes)
        return BucketUsage(
            objects: objects + (oldBytes == nil ? 1 : 0), bytes: isBeyond ? .max : sum)
    }
}

package struct BucketQuota: Sendable, Hashable {
    /// Where a bucket stands.
    package enum State: String, Sendable {
        case within
        /// Written, and said.
        case overSoft = "over-soft"
        /// The next object, or byte, is refused.
        case full
        /// By what came from other regions, or was there before.
        case overHard = "over-hard"
    }

    /// Beyond it is written and told; `nil`: no limit.
    package var softBytes: UInt64?
    /// Beyond it is refused.
    package var hardBytes: UInt64?
    package var softObjects: UInt64?
    package var hardObjects: UInt64?

    package init(
        softBytes: UInt64? = nil, hardBytes: UInt64? = nil, softObjects: UInt64? = nil,
        hardObjects: UInt64? = nil
    ) {
        self.softBytes = softBytes
        self.hardBytes = hardBytes
        self.softObjects = softObjects
        self.hardObjects = hardObjects
    }

    /// Nothing is limited.
    package static let none = BucketQuota()

    package func state(_ usage: BucketUsage) -> State {
        let pairs = [(usage.bytes, hardBytes), (usage.objects, hardObjects)]
        if pairs.contains(where: { $0.0 > $0.1 ?? .max }) { return .overHard }
        if pairs.contains(where: { $0.0 == $0.1 }) { return .full }
        return isOverSoft(usage) ? .overSoft : .within
    }

    package func isOverSoft(_ usage: BucketUsage) -> Bool {
        usage.bytes > softBytes ?? .max || usage.objects > softObjects ?? .max
    }

    /// Throws `quotaExceeded` where a write would grow the bucket from `usage` to `next`, beyond a hard limit.
    package func check(
        _ usage: BucketUsage, to next: BucketUsage, of bucket: String
    ) throws(StorageError) {
        if let hardBytes, next.bytes > hardBytes, next.bytes > usage.bytes {
            throw StorageError(
                .quotaExceeded,
                "bucket “\(bucket)” holds \(usage.bytes) of the \(hardBytes) bytes of its quota")
        }
        if let hardObjects, next.objects > hardObjects, next.objects > usage.objects {
            throw StorageError(
                .quotaExceeded,
                "bucket “\(bucket)” holds \(usage.objects) of the \(hardObjects) objects of its quota"
            )
        }
    }
}
