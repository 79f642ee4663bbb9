// Where the admin API and the probes live, and how the socket is found.

package enum AdminCall {
    package static let prefix = "/-/admin/v1/"
    /// GET: `StatusDocument`.
    package static let status = prefix + "status"
    /// GET: `JobListDocument`. POST of a `JobRequestDocument`: begins a job, `JobDocument`.
    package static let jobs = prefix + "jobs"
    /// GET: `JobDocument`. DELETE: asks the job to end, `JobDocument`.
    package static func job(_ id: UInt64) -> String { jobs + "/\(id)" }
    /// POST of a `HistoryRequestDocument`: `HistoryDocument`.
    package static let history = prefix + "history"
    /// POST of a `RollbackRequestDocument`: `RollbackDocument`.
    package static let rollback = prefix + "rollback"
    /// GET: `BucketListDocument`. POST of a `BucketRequestDocument`: makes a bucket, `BucketEntryDocument`.
    package static let buckets = prefix + "buckets"
    /// POST of a `BucketRequestDocument`: changes its settings, `BucketEntryDocument`.
    package static let setBucket = buckets + "/set"
    /// POST of a `BucketRequestDocument`: `BucketEntryDocument` as it was.
    package static let deleteBucket = buckets + "/delete"
    /// GET: `KeyListDocument`. POST of a `KeyRequestDocument`: makes a key, `NewKeyDocument`.
    package static let keys = prefix + "keys"
    /// POST of a `KeyChangeDocument`: `NewKeyDocument`.
    package static let rotateKey = keys + "/rotate"
    /// POST of a `KeyChangeDocument`: `RevokedKeyDocument`.
    package static let revokeKey = keys + "/revoke"
    package static let regions = prefix + "regions/"
    /// GET: `RegionListDocument`.
    package static let listRegions = regions + "list"
    /// POST of a `RemoveRegionRequestDocument`: `RegionRemovalDocument`.
    package static let removeRegion = regions + "remove"
    package static let encryption = prefix + "encryption/"
    /// POST: a new master key, `MasterKeyRotationDocument`.
    package static let rotateMasterKey = encryption + "rotate"
    /// GET, without a key: 200 while the process runs.
    package static let live = "/-/health/live"
    /// GET, without a key: 200 while it serves; 503 with a `HealthDocument` otherwise.
    package static let ready = "/-/health/ready"
    package static let documentType = "application/json"
    /// The socket's name within the data directory; its file permissions are the authentication.
    package static let socketName = "admin.sock"
}
