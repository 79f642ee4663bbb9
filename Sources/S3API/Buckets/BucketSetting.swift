// The settings of a bucket that can be asked for and that no bucket has yet: each has its own way of
// saying so, which tools probe for.

internal import NIOCore

/// The raw value is the sub-resource of the query.
package enum BucketSetting: String, Sendable, CaseIterable {
    case accelerate
    case acl
    case cors
    case encryption
    case lifecycle
    case logging
    case notification
    case objectLock = "object-lock"
    case ownershipControls
    case policy
    case policyStatus
    case publicAccessBlock
    case replication
    case requestPayment
    case tagging
    case versioning
    case website
}

extension BucketSetting {
    enum Answer {
        case document(ByteBuffer)
        case absent(S3Error)
    }

    /// What is said of a bucket that was never configured.
    func answer(owner: Owner) -> Answer {
        switch self {
        case .accelerate: .document(XMLWriter.document("AccelerateConfiguration") { _ in })
        case .acl: .document(owner.accessControlPolicy)
        case .cors: absent(.noSuchCORSConfiguration, "The CORS configuration does not exist")
        case .encryption:
            absent(
                .encryptionNotFound, "The server side encryption configuration was not found")
        case .lifecycle:
            absent(
                .noSuchLifecycleConfiguration, "The lifecycle configuration does not exist")
        case .logging: .document(XMLWriter.document("BucketLoggingStatus") { _ in })
        case .notification: .document(XMLWriter.document("NotificationConfiguration") { _ in })
        case .objectLock:
            absent(
                .objectLockNotFound, "Object Lock configuration does not exist for this bucket")
        case .ownershipControls:
            absent(.ownershipControlsNotFound, "The bucket ownership controls were not found")
        case .policy, .policyStatus:
            absent(.noSuchBucketPolicy, "The bucket policy does not exist")
        case .publicAccessBlock:
            absent(
                .noSuchPublicAccessBlock, "The public access block configuration was not found")
        case .replication:
            absent(.replicationNotFound, "The replication configuration was not found")
        case .requestPayment:
            .document(
                XMLWriter.document("RequestPaymentConfiguration") {
                    $0.element("Payer", "BucketOwner")
                })
        case .tagging: absent(.noSuchTagSet, "The TagSet does not exist")
        case .versioning: .document(XMLWriter.document("VersioningConfiguration") { _ in })
        case .website:
            absent(
                .noSuchWebsiteConfiguration,
                "The specified bucket does not have a website configuration")
        }
    }

    private func absent(_ code: S3Error.Code, _ message: String) -> Answer {
        .absent(S3Error(code, message))
    }
}
