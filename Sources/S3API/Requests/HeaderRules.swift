// Which headers this front understands. One that would change what a write means, and is not honoured, is
// refused: nothing is silently ignored.

internal import HTTPTypes
internal import Storage

enum HeaderRules {
    /// Throws `NotImplemented` for a header whose meaning would be lost; `InvalidRequest` for a
    /// checksum that is not offered, and for values that are none.
    static func check(_ fields: HTTPFields, _ operation: S3Operation) throws(S3Error) {
        let writes = operation.writes
        for field in fields {
            let name = field.name.canonicalName
            guard name.utf8.starts(with: "x-amz-".utf8) else {
                if writes, guards(name), !operation.heeds(name) { throw notImplemented(name) }
                continue
            }
            guard !asksNothing(field) else { continue }
            if isEncryption(name) {
                try SealingHeaders.check(field, operation)
                continue
            }
            guard writes, !known.contains(name), !operation.heeds(name) else { continue }
            if name.utf8.starts(with: checksum.utf8) {
                // An algorithm that is not offered is refused as such.
                guard ChecksumAlgorithm(headerName: name) == nil else { continue }
                _ = try ChecksumAlgorithm(
                    wireName: String(name.dropFirst(checksum.utf8.count)))
            }
            guard !name.utf8.starts(with: "x-amz-meta-".utf8) else { continue }
            throw notImplemented(name)
        }
        if writes { try checkValues(fields) }
    }

    private static func notImplemented(_ name: String) -> S3Error {
        S3Error(
            .notImplemented,
            "A header you provided implies functionality that is not implemented: \(name)."
        ).with("Header", name)
    }

    /// Whether a write is another one, or none, where the header is heeded (RFC 9110, sections 13.1 and 14.5).
    private static func guards(_ name: String) -> Bool {
        switch name {
        case "if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
            "content-range":
            true
        default: false
        }
    }

    /// Clients write out that they do not want what they do not want.
    private static func asksNothing(_ field: HTTPField) -> Bool {
        switch field.name.canonicalName {
        case "x-amz-bucket-object-lock-enabled",
            "x-amz-server-side-encryption-bucket-key-enabled":
            field.value.lowercased() == "false"
        // Where there are no transitions, none has a least size.
        case HTTPField.Name.transitionLeastSize.canonicalName:
            field.value == LifecycleConfiguration.leastSize
        default: false
        }
    }

    private static func isEncryption(_ name: String) -> Bool {
        name.utf8.starts(with: "x-amz-server-side-encryption".utf8)
            || name.utf8.starts(with: "x-amz-copy-source-server-side-encryption".utf8)
    }

    private static func checkValues(_ fields: HTTPFields) throws(S3Error) {
        if let acl = fields[.acl] { try checkACL(acl) }
        if let storageClass = fields[.storageClass], !storageClasses.contains(storageClass) {
            throw S3Error(
                .invalidStorageClass, "The storage class you specified is not valid.")
        }
        if let ownership = fields[.objectOwnership], ownership != "BucketOwnerEnforced" {
            throw .notImplemented("Object ownership \(ownership)")
        }
    }

    /// All that a bucket whose one owner owns every object can grant (Amazon S3, "Controlling ownership
    /// of objects", BucketOwnerEnforced).
    static func checkACL(_ acl: String) throws(S3Error) {
        switch acl {
        case "private", "bucket-owner-full-control", "bucket-owner-read": return
        case "public-read", "public-read-write", "authenticated-read", "aws-exec-read",
            "log-delivery-write":
            throw S3Error(
                .accessControlListNotSupported,
                "The bucket does not allow ACLs that grant more than private.")
        default:
            throw .invalidArgument("x-amz-acl", acl, "There is no such canned ACL.")
        }
    }

    /// All of them are kept the same way, so that each promise of reading at once holds.
    private static let storageClasses: Set<String> = [
        "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "ONEZONE_IA", "INTELLIGENT_TIERING",
        "GLACIER_IR",
    ]

    private static let checksum = "x-amz-checksum-"

    /// Understood, or without a meaning that could be lost.
    private static let known: Set<String> = [
        "x-amz-acl", "x-amz-algorithm", "x-amz-bypass-governance-retention",
        "x-amz-checksum-algorithm", "x-amz-checksum-mode", "x-amz-checksum-type",
        "x-amz-content-sha256", "x-amz-credential", "x-amz-date", "x-amz-decoded-content-length",
        "x-amz-expected-bucket-owner", "x-amz-expires", "x-amz-metadata-directive",
        "x-amz-mp-object-size", "x-amz-object-ownership", "x-amz-request-payer",
        "x-amz-sdk-checksum-algorithm", "x-amz-security-token", "x-amz-signature",
        "x-amz-signedheaders", "x-amz-source-expected-bucket-owner", "x-amz-storage-class",
        "x-amz-tagging", "x-amz-tagging-directive", "x-amz-te", "x-amz-trailer",
        "x-amz-user-agent",
    ]
}

extension S3Operation {
    /// Whether a header that means something to few operations does to this one.
    fileprivate func heeds(_ name: String) -> Bool {
        switch name {
        case "if-match": isGuarded || self == .deleteObject
        case "if-none-match": isGuarded
        case "x-amz-copy-source", "x-amz-copy-source-if-match", "x-amz-copy-source-if-none-match",
            "x-amz-copy-source-if-modified-since", "x-amz-copy-source-if-unmodified-since":
            self == .copyObject || self == .uploadPartCopy
        case "x-amz-copy-source-range": self == .uploadPartCopy
        default: false
        }
    }

    /// Whether it gives a name to bytes on a condition.
    private var isGuarded: Bool {
        switch self {
        case .putObject, .copyObject, .completeMultipartUpload: true
        default: false
        }
    }
}
