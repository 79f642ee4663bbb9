// What `x-amz-copy-source` names, and the conditions on it.

internal import Access
internal import HTTPTypes
internal import Storage

struct CopySource: Sendable {
    let name: ObjectName
    let content: ObjectContent

    /// `bucket/key` or `/bucket/key`, percent-encoded, with or without `?versionId=null`. Some clients encode
    /// the slash behind the bucket too.
    static func parse(_ text: String, limits: S3Limits) throws(S3Error) -> ObjectName {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let source = String(halves[0].drop { $0 == "/" })
        let path =
            source.contains("/")
            ? source : source.replacing(/%2[Ff]/, with: "/", maxReplacements: 1)
        guard let slash = path.firstIndex(of: "/"),
            BucketName.isValid(String(path[..<slash])),
            let key = try RequestTarget.key(
                String(path[path.index(after: slash)...]).utf8.span, limits: limits)
        else {
            throw .invalidArgument(
                "x-amz-copy-source", text,
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
        }
        if halves.count == 2, halves[1] != "versionId=null" {
            throw S3Error(.noSuchVersion, "The specified version does not exist.")
        }
        return ObjectName(bucket: String(path[..<slash]), key: key)
    }
}

extension S3Handler {
    /// The source of a copy as it is now. Throws `NoSuchKey`, `NoSuchBucket`, `PreconditionFailed`.
    func copySource(_ request: S3Request) async throws -> CopySource {
        let name = try CopySource.parse(
            request.fields[.copySource] ?? "", limits: request.limits)
        try request.principal.require(.read, bucket: name.bucket, key: name.key)
        guard let content = try await objects.object(name)?.content else {
            throw S3Error.noSuchKey.with("Key", name.key.string)
        }
        let conditions = ReadConditions(
            request.fields, match: .copySourceIfMatch, noneMatch: .copySourceIfNoneMatch,
            modified: .copySourceIfModifiedSince, unmodified: .copySourceIfUnmodifiedSince)
        switch conditions?.evaluate(content) {
        case nil, .holds: return CopySource(name: name, content: content)
        case .failed(let condition), .notModified(let condition):
            throw S3Error.preconditionFailed("x-amz-copy-source-" + condition)
        }
    }
}
