// What the composition root decides about the S3 front.

package struct S3Configuration: Sendable, Hashable {
    /// What GetBucketLocation and `x-amz-bucket-region` answer, and clients then sign with.
    package var region: String
    /// `s3.example.org`: a request to `<bucket>.s3.example.org` names its bucket by host. Path style
    /// works with and without.
    package var domain: String?
    /// The one account that owns all buckets.
    package var ownerID: String
    package var ownerName: String
    /// Whether presigned URLs of signature version 2 may read: some clients make no others unless told.
    package var acceptsQueryV2: Bool
    package var limits: S3Limits

    package init(
        region: String = "us-east-1", domain: String? = nil, ownerID: String = "holdfast",
        ownerName: String = "holdfast", acceptsQueryV2: Bool = true, limits: S3Limits = S3Limits()
    ) {
        self.region = region
        self.domain = domain
        self.ownerID = ownerID
        self.ownerName = ownerName
        self.acceptsQueryV2 = acceptsQueryV2
        self.limits = limits
    }
}
