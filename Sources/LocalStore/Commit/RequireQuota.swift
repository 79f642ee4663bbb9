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

    /// Throws `quotaExceeded` where an object of that size would be too much for its bucket. Uploads that no
    /// name shows are not held to it: what they become is.
    mutating func requireQuota(_ name: ObjectName, sizeBytes: UInt64) throws(StorageError) {
        guard name.bucket != BucketName.system else { return }
        let quota = try settings(of: name.bucket).quota
        guard quota != .none else { return }
        let usage = try look { (index) throws(IndexError) in
            try index.tally(name.bucket).usage
        }
        let shown = try register(name, about: .unversioned).visible
        let keepsShown = try versioning(of: name) == .enabled || shown?.versionID.stamp != nil
        let present = keepsShown ? nil : shown?.content?.sizeBytes
        let next = usage.replacing(present, by: sizeBytes)
        try quota.check(usage, to: next, of: name.bucket)
        guard quota.isOverSoft(next), !quota.isOverSoft(usage) else { return }
        crossings.append(QuotaCrossing(bucket: name.bucket, usage: next, quota: quota))
    }
}
