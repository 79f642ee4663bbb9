// Server-side encryption as S3 speaks of it. `AES256` is what this store's encryption at rest is; keys that the
// client brings, or that another service keeps, are not offered, and are refused rather than not heeded.

internal import HTTPTypes
internal import Storage

enum SealingHeaders {
    static let algorithm = "AES256"

    /// Throws unless the header asks for what the operation does.
    static func check(_ field: HTTPField, _ operation: S3Operation) throws(S3Error) {
        guard field.name == .serverSideEncryption else {
            throw .notImplemented("Server-side encryption (\(field.name.canonicalName))")
        }
        switch field.value {
        case algorithm: break
        case "aws:kms", "aws:kms:dsse", "aws:fsx":
            throw .notImplemented("Server-side encryption with \(field.value)")
        default:
            throw .invalidArgument(
                field.name.canonicalName, field.value,
                "The encryption method specified is not supported")
        }
        guard operation.makesObjects else {
            throw .invalidArgument(
                field.name.canonicalName, field.value,
                "x-amz-server-side-encryption header is not supported for this operation.")
        }
    }
}

extension S3Operation {
    /// Whether it says what an object will be.
    fileprivate var makesObjects: Bool {
        switch self {
        case .putObject, .copyObject, .createMultipartUpload: true
        default: false
        }
    }
}

extension S3Handler {
    /// Whether what the request writes is sealed: it says so, or its bucket demands it.
    func seals(_ request: S3Request) async throws -> Bool {
        if request.fields.contains(.serverSideEncryption) { return true }
        return try await Buckets.demandsSealing(request.bucket, in: objects)
    }
}

extension HTTPFields {
    /// Says of an object that it is sealed.
    mutating func setSealed(_ isSealed: Bool) {
        if isSealed { self[.serverSideEncryption] = SealingHeaders.algorithm }
    }
}
