// Buckets, as the admin API tells of them and changes them. Fields are only ever added.

/// The body of the POSTs that make, change and delete a bucket.
package struct BucketRequestDocument: Sendable, Hashable, Codable {
    package var name: String
    /// By name, as a person writes them; what is not named stays as it is.
    package var settings: [String: String]?

    package init(name: String, settings: [String: String]? = nil) {
        self.name = name
        self.settings = settings
    }
}

/// The answer of `GET /-/admin/v1/buckets`.
package struct BucketListDocument: Sendable, Hashable, Codable {
    /// In order of name.
    package var buckets: [BucketEntryDocument]

    package init(buckets: [BucketEntryDocument]) { self.buckets = buckets }
}

/// A bucket, and the answer to a change of one: as it is then, or was before it was deleted.
package struct BucketEntryDocument: Sendable, Hashable, Codable {
    package var name: String
    package var createdMilliseconds: Int64
    /// What its names show.
    package var objects: UInt64
    package var bytes: UInt64
    /// All that hold, by name.
    package var settings: [String: String]
    /// Why its settings cannot be read here; what holds then is what holds for every bucket.
    package var unreadable: String?
    /// "within", "over-soft", "full" or "over-hard"; absent without a quota.
    package var quota: String?

    package init(
        name: String, createdMilliseconds: Int64, objects: UInt64, bytes: UInt64,
        settings: [String: String], unreadable: String? = nil, quota: String? = nil
    ) {
        self.name = name
        self.createdMilliseconds = createdMilliseconds
        self.objects = objects
        self.bytes = bytes
        self.settings = settings
        self.unreadable = unreadable
        self.quota = quota
    }
}
