// Which operation a request is.

internal import HTTPTypes
internal import S3API
import Testing

@Suite("Operations")
struct OperationTests {
    private func operation(
        _ method: HTTPRequest.Method, _ target: String, _ fields: HTTPFields = [:]
    ) throws -> S3Operation {
        try S3Operation(method, RequestTarget(target, limits: S3Limits()), fields)
    }

    @Test(
        "method, path and sub-resource choose the operation",
        arguments: [
            (.get, "/", .listBuckets), (.get, "/b", .listObjects),
            (.get, "/b?list-type=2&prefix=&delimiter=%2F&start-after=", .listObjectsV2),
            (.get, "/b?versions", .listObjectVersions),
            (.get, "/b?uploads=", .listMultipartUploads),
            (.get, "/b/?location", .getBucketLocation),
            (.get, "/b?object-lock", .getBucketSetting(.objectLock)),
            (.head, "/b", .headBucket), (.put, "/b", .createBucket), (.delete, "/b", .deleteBucket),
            (.post, "/b?delete", .deleteObjects), (.get, "/b/k?x-id=GetObject", .getObject),
            (.head, "/b/k", .headObject), (.put, "/b/k", .putObject),
            (.delete, "/b/k", .deleteObject),
            (.post, "/b/k?uploads", .createMultipartUpload),
            (.put, "/b/k?partNumber=1&uploadId=u", .uploadPart),
            (.get, "/b/k?uploadId=u", .listParts),
            (.post, "/b/k?uploadId=u", .completeMultipartUpload),
            (.delete, "/b/k?uploadId=u", .abortMultipartUpload),
            // As who reads an object makes sure that it is no copy of a cache.
            (.get, "/b/k?123456", .getObject), (.head, "/b/k?something", .headObject),
        ] as [(HTTPRequest.Method, String, S3Operation)])
    func routes(_ method: HTTPRequest.Method, _ target: String, _ expected: S3Operation) throws {
        #expect(try operation(method, target) == expected)
    }

    @Test("a copy source makes a put a copy")
    func copies() throws {
        let fields: HTTPFields = [.copySource: "b/k"]
        #expect(try operation(.put, "/b/k", fields) == .copyObject)
        #expect(try operation(.put, "/b/k?partNumber=1&uploadId=u", fields) == .uploadPartCopy)
    }

    @Test(
        "what is not offered is refused as such",
        arguments: [
            (.put, "/b?website", .notImplemented), (.put, "/b?policyStatus", .notImplemented),
            (.get, "/b?inventory", .notImplemented), (.get, "/b?something", .notImplemented),
            (.post, "/b/k?restore", .notImplemented),
            (.post, "/b/k?select&select-type=2", .notImplemented),
            (.get, "/b/k?torrent", .notImplemented), (.put, "/b/k?something", .notImplemented),
            (.delete, "/b/k?something", .notImplemented), (.put, "/b/k?retention", .notImplemented),
            (.post, "/b", .notImplemented), (.post, "/", .notImplemented),
            (.put, "/", .methodNotAllowed), (.patch, "/b/k", .methodNotAllowed),
            (.put, "/b/k?partNumber=3", .invalidArgument),
            (.get, "/b?list-type=3", .invalidArgument), (.get, "/b?acl&policy", .invalidArgument),
        ] as [(HTTPRequest.Method, String, S3Error.Code)])
    func refusals(_ method: HTTPRequest.Method, _ target: String, _ code: S3Error.Code) {
        let error = #expect(throws: S3Error.self) { try operation(method, target) }
        #expect(error?.code == code)
    }

    @Test("every setting of a bucket is asked for by its own sub-resource")
    func settings() throws {
        for setting in BucketSetting.allCases {
            #expect(try operation(.get, "/b?\(setting.rawValue)") == .getBucketSetting(setting))
        }
    }
}
