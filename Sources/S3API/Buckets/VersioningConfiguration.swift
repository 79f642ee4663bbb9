// Whether a bucket keeps what is overwritten and deleted (Amazon S3 API Reference, PutBucketVersioning,
// GetBucketVersioning).

internal import NIOCore
internal import Storage

extension BucketVersioning {
    private static let root = "VersioningConfiguration"

    /// Throws `IllegalVersioningConfigurationException` without a status, `NotImplemented` where deleting a version
    /// is to ask for a second factor, `MalformedXML`.
    init(configuration: ByteBuffer, limits: S3Limits) throws(S3Error) {
        let root = try XMLElement.parse(
            configuration, root: Self.root, depth: limits.documentDepth,
            elements: limits.documentElements)
        try root.expectChildren(["Status", "MfaDelete"])
        switch root.child("MfaDelete")?.trimmedText {
        case nil, "Disabled": break
        case "Enabled": throw .notImplemented("MfaDelete")
        default: throw .malformedXML
        }
        switch root.child("Status")?.trimmedText {
        case "Enabled": self = .enabled
        case "Suspended": self = .suspended
        case nil:
            throw S3Error(
                .illegalVersioningConfiguration, "The Versioning element must be specified")
        default: throw .malformedXML
        }
    }

    var configuration: ByteBuffer {
        XMLWriter.document(Self.root) {
            switch self {
            case .enabled: $0.element("Status", "Enabled")
            case .suspended: $0.element("Status", "Suspended")
            }
        }
    }
}
