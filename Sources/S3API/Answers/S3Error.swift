// The one error type of this front: what a client is told, and the cause that only the log sees.

package import HTTPTypes

package struct S3Error: Error, Sendable {
    package let code: Code
    /// A sentence for the person who reads it.
    package let message: String
    /// Further elements of the XML, in order: `Key`, `UploadId`, …
    package var details: [(name: String, value: String)] = []
    /// Further fields of the response, such as a 304's `ETag`.
    package var fields: HTTPFields = [:]
    package var cause: (any Error)?

    package init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// The same with a further element in its XML.
    package func with(_ name: String, _ value: String) -> S3Error {
        var result = self
        result.details.append((name, value))
        return result
    }

    /// The same with further fields in its response.
    package func with(_ fields: HTTPFields) -> S3Error {
        var result = self
        result.fields.append(contentsOf: fields)
        return result
    }

    package static func notImplemented(_ what: String) -> S3Error {
        S3Error(.notImplemented, "\(what) is not implemented.")
    }

    package static func invalidArgument(
        _ name: String, _ value: String, _ message: String
    ) -> S3Error {
        S3Error(.invalidArgument, message)
            .with("ArgumentName", name).with("ArgumentValue", value)
    }

    static func invalidBucketName(_ name: String) -> S3Error {
        S3Error(.invalidBucketName, "The specified bucket is not valid.").with("BucketName", name)
    }

    package static let noSuchKey = S3Error(.noSuchKey, "The specified key does not exist.")
    package static let malformedXML = S3Error(
        .malformedXML,
        "The XML you provided was not well-formed or did not validate against our published schema."
    )
    package static let incompleteBody = S3Error(
        .incompleteBody,
        "The body has not as many bytes as the request announced.")
}
