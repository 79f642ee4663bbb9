// The header fields of S3, as names that are made once.

internal import HTTPTypes

extension HTTPField.Name {
    private static func known(_ name: String) -> HTTPField.Name {
        guard let result = HTTPField.Name(name) else {
            preconditionFailure("“\(name)” is no field name")
        }
        return result
    }

    static let requestID = known("x-amz-request-id")
    static let hostID = known("x-amz-id-2")
    static let bucketRegion = known("x-amz-bucket-region")
    static let contentMD5 = known("content-md5")
    static let decodedContentLength = known("x-amz-decoded-content-length")
    static let trailerName = known("x-amz-trailer")
    static let acl = known("x-amz-acl")
    static let storageClass = known("x-amz-storage-class")
    static let tagging = known("x-amz-tagging")
    static let taggingCount = known("x-amz-tagging-count")
    static let taggingDirective = known("x-amz-tagging-directive")
    static let metadataDirective = known("x-amz-metadata-directive")
    static let copySource = known("x-amz-copy-source")
    static let copySourceRange = known("x-amz-copy-source-range")
    static let copySourceIfMatch = known("x-amz-copy-source-if-match")
    static let copySourceIfNoneMatch = known("x-amz-copy-source-if-none-match")
    static let copySourceIfModifiedSince = known("x-amz-copy-source-if-modified-since")
    static let copySourceIfUnmodifiedSince = known("x-amz-copy-source-if-unmodified-since")
    static let checksumMode = known("x-amz-checksum-mode")
    static let checksumAlgorithm = known("x-amz-checksum-algorithm")
    static let checksumType = known("x-amz-checksum-type")
    static let sdkChecksumAlgorithm = known("x-amz-sdk-checksum-algorithm")
    static let completedObjectSize = known("x-amz-mp-object-size")
    static let partsCount = known("x-amz-mp-parts-count")
    static let objectOwnership = known("x-amz-object-ownership")

    static let checksumCRC32 = known("x-amz-checksum-crc32")
    static let checksumCRC32C = known("x-amz-checksum-crc32c")
    static let checksumCRC64NVME = known("x-amz-checksum-crc64nvme")
    static let checksumSHA1 = known("x-amz-checksum-sha1")
    static let checksumSHA256 = known("x-amz-checksum-sha256")
}
