// What a bucket's settings say of a write.

internal import MetadataIndex
internal import Storage

extension CommitContext {
    /// How a bucket is kept, as the group leaves it.
    mutating func settings(of bucket: String) throws(StorageError) -> BucketSettings {
        if let seen = seenSettings[bucket] { return seen }
        let found = try look { [settings] (index) throws(IndexError) in
            try settings.settings(of: bucket, in: index)
        }
        seenSettings[bucket] = found
        return found
    }

    /// Throws `quotaExceeded` where an object of that size would be too much for its bucket, and `source` is no object
    /// any more. Uploads that no name shows are not held to it: what they become is.
    mutating func requireQuota(
        _ name: ObjectName, sizeBytes: UInt64, insteadOf source: ObjectName? = nil
    ) throws(StorageError) {
        guard name.bucket != BucketName.system else { return }
        let quota = try settings(of: name.bucket).quota
        guard quota != .none else { return }
        let usage = try look { (index) throws(IndexError) in
            try index.tally(name.bucket).usage
        }
        var next = usage.replacing(try replaced(at: name), by: sizeBytes)
        if let source, source.bucket == name.bucket, let gone = try replaced(at: source) {
            next = next.without(bytes: gone)
        }
        try quota.check(usage, to: next, of: name.bucket)
        guard quota.isOverSoft(next), !quota.isOverSoft(usage) else { return }
        crossings.append(QuotaCrossing(bucket: name.bucket, usage: next, quota: quota))
    }

    /// The size of the object that a write of the name takes the place of; `nil` where there is none, or it is kept.
    private mutating func replaced(at name: ObjectName) throws(StorageError) -> UInt64? {
        let shown = try register(name, about: .unversioned).visible
        let isKept = try versioning(of: name) == .enabled || shown?.versionID.stamp != nil
        return isKept ? nil : shown?.content?.sizeBytes
    }
}
