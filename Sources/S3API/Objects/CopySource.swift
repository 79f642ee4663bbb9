// What `x-amz-copy-source` names, and the conditions on it.

internal import Access
internal import HTTPTypes
internal import Storage

struct CopySource: Sendable {
    let name: ObjectName
    let content: ObjectContent
    /// `nil` in a bucket without versioning.
    let versionID: String?
    /// It was named by its version: to copy that over its own key brings it back.
    let isOlderVersion: Bool

    /// `bucket/key` or `/bucket/key`, percent-encoded, with or without `?versionId=`. Some clients encode
    /// the slash behind the bucket too, and a space as “+”, as forms do.
    static func parse(
        _ text: String, limits: S3Limits
    ) throws(S3Error) -> (name: ObjectName, id: VersionID?) {
        let halves = text.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let source = String(halves[0].drop { $0 == "/" })
        let path =
            source.contains("/")
            ? source : source.replacing(/%2[Ff]/, with: "/", maxReplacements: 1)
        guard let slash = path.firstIndex(of: "/"),
            BucketName.isValid(String(path[..<slash])),
            let key = try RequestTarget.key(
                String(path[path.index(after: slash)...]).utf8.span, plusIsSpace: true,
                limits: limits)
        else {
            throw .invalidArgument(
                "x-amz-copy-source", text,
                "Copy Source must mention the source bucket and key: sourcebucket/sourcekey")
        }
        let name = ObjectName(bucket: String(path[..<slash]), key: key)
        guard halves.count == 2 else { return (name, nil) }
        let parameter = "versionId="
        guard halves[1].utf8.starts(with: parameter.utf8) else {
            throw .invalidArgument(
                "x-amz-copy-source", text, "A copy source has no parameter but versionId")
        }
        let id = String(halves[1].dropFirst(parameter.count))
        return (name, try VersionID(asked: id, by: "x-amz-copy-source"))
    }
}

extension S3Handler {
    /// The source of a copy as it is now. Throws `NoSuchKey`, `NoSuchVersion`, `NoSuchBucket`,
    /// `PreconditionFailed`, and `InvalidRequest` for a delete marker.
    func copySource(_ request: S3Request) async throws -> CopySource {
        let (name, id) = try CopySource.parse(
            request.fields[.copySource] ?? "", limits: request.limits)
        try request.principal.require(.read, bucket: name.bucket, key: name.key)
        let found: FoundObject
        do {
            found = try await find(name, id, for: request)
        } catch let error as S3Error where error.code == .methodNotAllowed {
            throw S3Error(
                .invalidRequest,
                "The source of a copy request may not specifically refer to a delete marker by"
                    + " version id.")
        }
        let content = found.content
        let latest = id == nil ? found.version : try await objects.object(name)
        let conditions = ReadConditions(
            request.fields, nowMilliseconds: clock.milliseconds(), match: .copySourceIfMatch,
            noneMatch: .copySourceIfNoneMatch,
            modified: .copySourceIfModifiedSince, unmodified: .copySourceIfUnmodifiedSince)
        switch conditions?.evaluate(content) {
        case nil, .holds:
            return CopySource(
                name: name, content: content, versionID: found.id,
                isOlderVersion: latest?.version != found.version.version)
        case .failed(let condition), .notModified(let condition):
            throw S3Error.preconditionFailed("x-amz-copy-source-" + condition)
        }
    }
}
