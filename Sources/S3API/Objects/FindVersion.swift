// The version of an object that a request names, and how answers name it (Amazon S3 User Guide, "Working with
// objects in a versioning-enabled bucket", "Working with delete markers"). A bucket that never had versioning says
// nothing of ids.

internal import Access
internal import HTTPServer
internal import HTTPTypes
internal import Storage

/// A version with bytes.
struct FoundObject: Sendable {
    let version: ObjectVersion
    let content: ObjectContent
    /// `nil` in a bucket without versioning.
    let id: String?
}

extension S3Handler {
    /// What the request's key, and its `versionId` where it has one, name. Throws `NoSuchKey`, `NoSuchVersion`,
    /// `MethodNotAllowed` for a delete marker, or `AccessDenied` in their place.
    func find(_ request: S3Request) async throws -> FoundObject {
        try await find(request.name, try request.versionID, for: request)
    }

    func find(
        _ name: ObjectName, _ id: VersionID?, for request: S3Request
    ) async throws -> FoundObject {
        let method = request.server.head.method
        guard let id else {
            if let object = try await objects.object(name), let content = object.content {
                return FoundObject(
                    version: object, content: content, id: try await shownID(of: object))
            }
            // Who may not list must not learn what there is (GetObject, "Permissions").
            try request.principal.require(.list, bucket: name.bucket, key: name.key)
            let noSuchKey = S3Error.noSuchKey.with("Key", name.key.string)
            guard try await versioning.value(of: name.bucket) != nil,
                let marker = try await versions.version(of: name, id: nil),
                marker.content == nil
            else { throw noSuchKey }
            throw noSuchKey.with(marker.markerFields)
        }
        try request.principal.require(.readVersion, bucket: name.bucket, key: name.key)
        guard let version = try await versions.version(of: name, id: id) else {
            throw S3Error(.noSuchVersion, "The specified version does not exist.")
                .with("Key", name.key.string).with("VersionId", id.description)
        }
        guard let content = version.content else {
            var fields = version.markerFields
            fields[.allow] = "DELETE"
            fields[.lastModified] = CalendarDate(milliseconds: version.recordedTime).http
            throw S3Error(
                .methodNotAllowed,
                "The specified method is not allowed against this resource."
            )
            .with("Method", method.rawValue).with("ResourceType", "DeleteMarker").with(fields)
        }
        return FoundObject(
            version: version, content: content, id: try await shownID(of: version))
    }

    /// As an answer says it; `nil` in a bucket without versioning.
    func shownID(of version: ObjectVersion) async throws -> String? {
        if version.versionID != .unversioned { return version.versionID.description }
        return try await versioning.value(of: version.name.bucket) == nil ? nil : "null"
    }
}

extension S3Request {
    /// The version that is asked for. Throws `InvalidArgument` for what is no id.
    var versionID: VersionID? {
        get throws(S3Error) {
            try query["versionId"].map { text throws(S3Error) in
                try VersionID(asked: text, by: "versionId")
            }
        }
    }
}

extension VersionID {
    /// Throws `InvalidArgument` for what is no id.
    init(asked text: String, by parameter: String) throws(S3Error) {
        guard !text.isEmpty else {
            throw .invalidArgument(parameter, text, "Version id cannot be the empty string")
        }
        guard let id = VersionID(text) else {
            throw .invalidArgument(parameter, text, "Invalid version id specified")
        }
        self = id
    }
}

extension ObjectVersion {
    /// What is said of a delete marker beside an error.
    var markerFields: HTTPFields {
        [.deleteMarker: "true", .versionID: versionID.description]
    }

    /// When a deletion was recorded.
    var recordedTime: Int64 {
        recordedMilliseconds ?? Int64(clamping: version.stamp.milliseconds)
    }
}
