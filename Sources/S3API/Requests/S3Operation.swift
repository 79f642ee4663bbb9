// Which operation a request is: by method, by what it names, and by the query's sub-resource. What is not
// known is refused, never taken for something else.

package import HTTPTypes
package import Storage

package enum S3Operation: Sendable, Hashable {
    case listBuckets
    case createBucket
    case headBucket
    case deleteBucket
    case getBucketLocation
    case getBucketSetting(BucketSetting)
    case putBucketACL
    case putBucketDocument(BucketDocument)
    case deleteBucketDocument(BucketDocument)
    case listObjects
    case listObjectsV2
    case listObjectVersions
    case listMultipartUploads
    case deleteObjects
    case getObject
    case headObject
    case putObject
    case copyObject
    case deleteObject
    case getObjectACL
    case putObjectACL
    case getObjectTagging
    case putObjectTagging
    case deleteObjectTagging
    case getObjectAttributes
    case createMultipartUpload
    case uploadPart
    case uploadPartCopy
    case listParts
    case completeMultipartUpload
    case abortMultipartUpload

    package init(
        _ method: HTTPRequest.Method, _ target: RequestTarget, _ fields: HTTPFields
    )
        throws(S3Error)
    {
        // Where an object is read, as by a browser that is to forget what it has, it is no other operation.
        let reads = target.key != nil && (method == .get || method == .head)
        let subresource = try SubresourceName.find(in: target.query, ignoringUnknown: reads)
        let copies = fields.contains(.copySource)
        switch (target.bucket, target.key) {
        case (nil, _):
            guard method == .get, subresource == nil else {
                throw Self.refusal(method, subresource)
            }
            self = .listBuckets
        case (_, nil):
            self = try Self.onBucket(method, subresource, target.query)
        default:
            self = try Self.onObject(method, subresource, target.query, copies: copies)
        }
    }

    /// Whether it changes something.
    var writes: Bool {
        switch self {
        case .createBucket, .deleteBucket, .putBucketACL, .putBucketDocument,
            .deleteBucketDocument, .deleteObjects, .putObject, .copyObject, .deleteObject,
            .putObjectACL, .putObjectTagging, .deleteObjectTagging,
            .createMultipartUpload, .uploadPart, .uploadPartCopy, .completeMultipartUpload,
            .abortMultipartUpload:
            true
        case .listBuckets, .headBucket, .getBucketLocation, .getBucketSetting, .listObjects,
            .listObjectsV2, .listObjectVersions, .listMultipartUploads, .getObject, .headObject,
            .getObjectACL, .getObjectTagging, .getObjectAttributes, .listParts:
            false
        }
    }

    /// As the API reference calls it, for the request log.
    var label: String {
        switch self {
        case .listBuckets: "ListBuckets"
        case .createBucket: "CreateBucket"
        case .headBucket: "HeadBucket"
        case .deleteBucket: "DeleteBucket"
        case .getBucketLocation: "GetBucketLocation"
        case .getBucketSetting: "GetBucketSetting"
        case .putBucketACL: "PutBucketAcl"
        case .putBucketDocument(let kind): "Put" + kind.label
        case .deleteBucketDocument(let kind): "Delete" + kind.label
        case .listObjects: "ListObjects"
        case .listObjectsV2: "ListObjectsV2"
        case .listObjectVersions: "ListObjectVersions"
        case .listMultipartUploads: "ListMultipartUploads"
        case .deleteObjects: "DeleteObjects"
        case .getObject: "GetObject"
        case .headObject: "HeadObject"
        case .putObject: "PutObject"
        case .copyObject: "CopyObject"
        case .deleteObject: "DeleteObject"
        case .getObjectACL: "GetObjectAcl"
        case .putObjectACL: "PutObjectAcl"
        case .getObjectTagging: "GetObjectTagging"
        case .putObjectTagging: "PutObjectTagging"
        case .deleteObjectTagging: "DeleteObjectTagging"
        case .getObjectAttributes: "GetObjectAttributes"
        case .createMultipartUpload: "CreateMultipartUpload"
        case .uploadPart: "UploadPart"
        case .uploadPartCopy: "UploadPartCopy"
        case .listParts: "ListParts"
        case .completeMultipartUpload: "CompleteMultipartUpload"
        case .abortMultipartUpload: "AbortMultipartUpload"
        }
    }

    private static func onBucket(
        _ method: HTTPRequest.Method, _ subresource: String?, _ query: RequestQuery
    ) throws(S3Error) -> S3Operation {
        switch (method, subresource) {
        case (.get, nil):
            switch query["list-type"] {
            case nil: return .listObjects
            case "2": return .listObjectsV2
            case let other?:
                throw .invalidArgument("list-type", other, "There is no such type of list.")
            }
        case (.get, "location"): return .getBucketLocation
        case (.get, "uploads"): return .listMultipartUploads
        case (.get, "versions"): return .listObjectVersions
        case (.get, let name?):
            guard let setting = BucketSetting(rawValue: name) else {
                throw refusal(method, subresource)
            }
            return .getBucketSetting(setting)
        case (.head, nil): return .headBucket
        case (.put, nil): return .createBucket
        case (.put, "acl"): return .putBucketACL
        case (.delete, nil): return .deleteBucket
        case (.post, "delete"): return .deleteObjects
        case (.put, let name?): return .putBucketDocument(try document(name, method))
        case (.delete, let name?): return .deleteBucketDocument(try document(name, method))
        default: throw refusal(method, subresource)
        }
    }

    /// The document of a bucket that is written under this name.
    private static func document(
        _ name: String, _ method: HTTPRequest.Method
    ) throws(S3Error) -> BucketDocument {
        // Versioning can be suspended, and is never as if it had not been.
        guard let setting = BucketSetting(rawValue: name), setting != .policyStatus,
            setting != .versioning || method == .put, let document = setting.document
        else { throw refusal(method, name) }
        return document
    }

    private static func onObject(
        _ method: HTTPRequest.Method, _ subresource: String?, _ query: RequestQuery, copies: Bool
    ) throws(S3Error) -> S3Operation {
        switch (method, subresource) {
        case (.get, nil): return .getObject
        case (.get, "uploadId"): return .listParts
        case (.get, "acl"): return .getObjectACL
        case (.get, "tagging"): return .getObjectTagging
        case (.put, "tagging"): return .putObjectTagging
        case (.delete, "tagging"): return .deleteObjectTagging
        case (.get, "attributes"): return .getObjectAttributes
        case (.head, nil): return .headObject
        case (.put, nil):
            // A part whose upload was left out must not become the object.
            if let number = query["partNumber"] {
                throw .invalidArgument(
                    "partNumber", number, "A part is uploaded with both partNumber and uploadId.")
            }
            return copies ? .copyObject : .putObject
        case (.put, "uploadId"): return copies ? .uploadPartCopy : .uploadPart
        case (.put, "acl"): return .putObjectACL
        case (.post, "uploads"): return .createMultipartUpload
        case (.post, "uploadId"): return .completeMultipartUpload
        case (.delete, nil): return .deleteObject
        case (.delete, "uploadId"): return .abortMultipartUpload
        default: throw refusal(method, subresource)
        }
    }

    private static func refusal(_ method: HTTPRequest.Method, _ subresource: String?) -> S3Error {
        if let subresource { return .notImplemented("\(method.rawValue) with ?\(subresource)") }
        if method == .post { return .notImplemented("POST without a sub-resource") }
        return S3Error(
            .methodNotAllowed, "The specified method is not allowed against this resource.")
    }
}

/// The query parameters that choose an operation, those that only refine one, and nothing else.
enum SubresourceName {
    /// The sub-resource that the query names, if any. Throws `NotImplemented` where a parameter without a
    /// value is none of S3's, unless such are ignored: it would be an operation of its own.
    static func find(
        in query: RequestQuery, ignoringUnknown: Bool
    ) throws(S3Error) -> String? {
        var found: String?
        for item in query.items {
            if operations.contains(item.name) {
                guard found == nil || found == item.name else {
                    throw .invalidArgument(
                        "ResourceType", item.name, "Conflicting sub-resources: \(found ?? "").")
                }
                found = item.name
            } else if !ignoringUnknown, item.value.isEmpty, !refinements.contains(item.name),
                !isSigning(item.name)
            {
                throw .notImplemented("?\(item.name)")
            }
        }
        return found
    }

    private static func isSigning(_ name: String) -> Bool {
        name.utf8.count > 6 && name.utf8.prefix(6).elementsEqual("X-Amz-".utf8)
    }

    private static let operations: Set<String> = [
        "accelerate", "acl", "analytics", "append", "attributes", "cors", "delete", "encryption",
        "intelligent-tiering", "inventory", "legal-hold", "lifecycle", "location", "logging",
        "metadataConfiguration", "metadataTable", "metrics", "notification", "object-lock",
        "ownershipControls", "policy", "policyStatus", "publicAccessBlock", "renameObject",
        "replication", "requestPayment", "restore", "retention", "select", "session", "tagging",
        "torrent", "uploadId", "uploads", "versioning", "versions", "website",
    ]

    private static let refinements: Set<String> = [
        "bucket-region", "continuation-token", "delimiter", "encoding-type", "fetch-owner",
        "key-marker", "list-type", "marker", "max-buckets", "max-keys", "max-parts", "max-uploads",
        "part-number-marker", "partNumber", "prefix", "response-cache-control",
        "response-content-disposition", "response-content-encoding", "response-content-language",
        "response-content-type", "response-expires", "start-after", "upload-id-marker",
        "version-id-marker", "versionId", "x-id",
    ]
}
