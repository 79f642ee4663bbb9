// The error codes of S3 that this front answers, each with its status (Amazon S3 API Reference, "Error
// responses", "List of error codes").

package import HTTPTypes

extension S3Error {
    /// The raw value is what the XML says.
    package enum Code: String, Sendable, CaseIterable {
        case accessControlListNotSupported = "AccessControlListNotSupported"
        case accessDenied = "AccessDenied"
        case accessForbidden = "AccessForbidden"
        case authorizationHeaderMalformed = "AuthorizationHeaderMalformed"
        case authorizationQueryParametersError = "AuthorizationQueryParametersError"
        case badDigest = "BadDigest"
        case badRequest = "BadRequest"
        case bucketAlreadyOwnedByYou = "BucketAlreadyOwnedByYou"
        case bucketNotEmpty = "BucketNotEmpty"
        case encryptionNotFound = "ServerSideEncryptionConfigurationNotFoundError"
        case entityTooLarge = "EntityTooLarge"
        case entityTooSmall = "EntityTooSmall"
        case illegalVersioningConfiguration = "IllegalVersioningConfigurationException"
        case incompleteBody = "IncompleteBody"
        case insufficientStorage = "InsufficientStorage"
        case internalError = "InternalError"
        case invalidAccessKeyID = "InvalidAccessKeyId"
        case invalidArgument = "InvalidArgument"
        case invalidBucketName = "InvalidBucketName"
        case invalidDigest = "InvalidDigest"
        case invalidPart = "InvalidPart"
        case invalidPartNumber = "InvalidPartNumber"
        case invalidPartOrder = "InvalidPartOrder"
        case invalidRange = "InvalidRange"
        case invalidRequest = "InvalidRequest"
        case invalidStorageClass = "InvalidStorageClass"
        case invalidTag = "InvalidTag"
        case invalidURI = "InvalidURI"
        case keyTooLong = "KeyTooLongError"
        case malformedPolicy = "MalformedPolicy"
        case malformedTrailer = "MalformedTrailerError"
        case malformedXML = "MalformedXML"
        case maxMessageLengthExceeded = "MaxMessageLengthExceeded"
        case metadataTooLarge = "MetadataTooLarge"
        case methodNotAllowed = "MethodNotAllowed"
        case missingContentLength = "MissingContentLength"
        case noSuchBucket = "NoSuchBucket"
        case noSuchBucketPolicy = "NoSuchBucketPolicy"
        case noSuchCORSConfiguration = "NoSuchCORSConfiguration"
        case noSuchKey = "NoSuchKey"
        case noSuchLifecycleConfiguration = "NoSuchLifecycleConfiguration"
        case noSuchPublicAccessBlock = "NoSuchPublicAccessBlockConfiguration"
        case noSuchTagSet = "NoSuchTagSet"
        case noSuchUpload = "NoSuchUpload"
        case noSuchVersion = "NoSuchVersion"
        case noSuchWebsiteConfiguration = "NoSuchWebsiteConfiguration"
        case notImplemented = "NotImplemented"
        case notModified = "NotModified"
        case objectLockNotFound = "ObjectLockConfigurationNotFoundError"
        case ownershipControlsNotFound = "OwnershipControlsNotFoundError"
        case preconditionFailed = "PreconditionFailed"
        case quotaExceeded = "QuotaExceeded"
        case replicationNotFound = "ReplicationConfigurationNotFoundError"
        case requestTimeTooSkewed = "RequestTimeTooSkewed"
        case requestTimeout = "RequestTimeout"
        case serviceUnavailable = "ServiceUnavailable"
        case signatureDoesNotMatch = "SignatureDoesNotMatch"
        case slowDown = "SlowDown"
        case contentSHA256Mismatch = "XAmzContentSHA256Mismatch"

        package var status: HTTPResponse.Status {
            switch self {
            case .notModified: .notModified
            case .accessDenied, .accessForbidden, .invalidAccessKeyID, .requestTimeTooSkewed,
                .signatureDoesNotMatch:
                .forbidden
            case .encryptionNotFound, .noSuchBucket, .noSuchBucketPolicy, .noSuchCORSConfiguration,
                .noSuchKey, .noSuchLifecycleConfiguration, .noSuchPublicAccessBlock,
                .noSuchTagSet, .noSuchUpload, .noSuchVersion, .noSuchWebsiteConfiguration,
                .objectLockNotFound, .ownershipControlsNotFound, .replicationNotFound:
                .notFound
            case .methodNotAllowed: .methodNotAllowed
            case .bucketAlreadyOwnedByYou, .bucketNotEmpty: .conflict
            case .missingContentLength: .lengthRequired
            case .preconditionFailed: .preconditionFailed
            case .invalidPartNumber, .invalidRange: .rangeNotSatisfiable
            case .internalError: .internalServerError
            case .notImplemented: .notImplemented
            case .serviceUnavailable, .slowDown: .serviceUnavailable
            // With a reason: botocore takes a status line without one, in answer to `Expect: 100-continue`,
            // for no answer.
            case .insufficientStorage, .quotaExceeded:
                HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
            case .accessControlListNotSupported, .authorizationHeaderMalformed,
                .authorizationQueryParametersError, .badDigest, .badRequest,
                .contentSHA256Mismatch,
                .entityTooLarge, .entityTooSmall, .illegalVersioningConfiguration, .incompleteBody,
                .invalidArgument,
                .invalidBucketName, .invalidDigest, .invalidPart, .invalidPartOrder,
                .invalidRequest, .invalidStorageClass, .invalidTag, .invalidURI, .keyTooLong,
                .malformedPolicy, .malformedTrailer, .malformedXML, .maxMessageLengthExceeded,
                .metadataTooLarge,
                .requestTimeout:
                .badRequest
            }
        }
    }
}
