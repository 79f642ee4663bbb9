// What a bucket demands of what is written to it (Amazon S3 API Reference, ServerSideEncryptionConfiguration). The one
// thing it can demand here is `AES256`; the store heeds the document for being there
// (`Buckets.demandsSealing`).

internal import NIOCore

struct EncryptionConfiguration: Sendable, Hashable {
    private static let root = "ServerSideEncryptionConfiguration"

    /// What clients that write it expect to read again; it is about keys of another service.
    var bucketKey: Bool?

    /// Throws `MalformedXML`, or `NotImplemented` for keys that are not the store's own.
    init(document: ByteBuffer, limits: S3Limits) throws(S3Error) {
        let root = try XMLElement.parse(
            document, root: Self.root, depth: limits.documentDepth,
            elements: limits.documentElements)
        try root.expectChildren(["Rule"])
        guard let rule = root.child("Rule") else { throw .malformedXML }
        try rule.expectChildren([
            "ApplyServerSideEncryptionByDefault", "BlockedEncryptionTypes", "BucketKeyEnabled",
        ])
        guard rule.child("BlockedEncryptionTypes") == nil else {
            throw .notImplemented("BlockedEncryptionTypes")
        }
        guard let byDefault = rule.child("ApplyServerSideEncryptionByDefault") else {
            throw .malformedXML
        }
        try byDefault.expectChildren(["SSEAlgorithm", "KMSMasterKeyID"])
        guard byDefault.child("KMSMasterKeyID") == nil else {
            throw .notImplemented("KMSMasterKeyID")
        }
        switch try byDefault.child("SSEAlgorithm")?.leafText() {
        case SealingHeaders.algorithm: break
        case "aws:kms", "aws:kms:dsse": throw .notImplemented("Encryption with keys of KMS")
        default: throw .malformedXML
        }
        if let text = try rule.child("BucketKeyEnabled")?.leafText() {
            guard let value = Bool(text.lowercased()) else { throw .malformedXML }
            bucketKey = value
        }
    }

    var document: ByteBuffer {
        XMLWriter.document(Self.root) {
            $0.element("Rule") {
                $0.element("ApplyServerSideEncryptionByDefault") {
                    $0.element("SSEAlgorithm", SealingHeaders.algorithm)
                }
                if let bucketKey { $0.element("BucketKeyEnabled", bucketKey) }
            }
        }
    }
}
