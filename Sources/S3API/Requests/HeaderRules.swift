// Which `x-amz-` headers this front understands. One that would change what a write means, and is not
// honoured, is refused: nothing is silently ignored.

internal import HTTPTypes
internal import Storage

enum HeaderRules {
    /// Throws `NotImplemented` for a header whose meaning would be lost; `InvalidRequest` for a
    /// checksum that is not offered, and for values that are none.
    static func check(_ fields: HTTPFields, _ operation: S3Operation) throws(S3Error) {
        let writes = operation.writes
        for field in fields {
            let name = field.name.canonicalName
            guard name.utf8.starts(with: "x-amz-".utf8) else { continue }
            if isEncryption(name) {
                try SealingHeaders.check(field, operation)
                continue
            }
            guard writes, !known.contains(name), !asksNothing(field) else { continue }
            if name.utf8.starts(with: checksum.utf8) {
                // An algorithm that is not offered is refused as such.
                guard ChecksumAlgorithm(headerName: name) == nil else { continue }
                _ = try ChecksumAlgorithm(
                    wireName: String(name.dropFirst(checksum.utf8.count)))
            }
            guard !openEnded.contains(where: { name.utf8.starts(with: $0.utf8) }) else { continue }
            throw S3Error(
                .notImplemented,
                "A header you provided implies functionality that is not implemented: \(name).")
        }
        if writes { try checkValues(fields) }
    }

    /// Clients write out that they do not want what they do not want.
    private static func asksNothing(_ field: HTTPField) -> Bool {
        field.name.canonicalName == "x-amz-bucket-object-lock-enabled" && field.value == "false"
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
    private static let openEnded = ["x-amz-meta-", "x-amz-copy-source"]

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
