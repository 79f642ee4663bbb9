// The header fields of S3, as names that are made once.

package import HTTPTypes

extension HTTPField.Name {
    private static func known(_ name: String) -> HTTPField.Name {
        guard let result = HTTPField.Name(name) else {
            preconditionFailure("“\(name)” is no field name")
        }
        return result
    }

    package static let requestID = known("x-amz-request-id")
    package static let hostID = known("x-amz-id-2")
    package static let bucketRegion = known("x-amz-bucket-region")
    package static let contentMD5 = known("content-md5")
    package static let decodedContentLength = known("x-amz-decoded-content-length")
    package static let trailerName = known("x-amz-trailer")
    package static let acl = known("x-amz-acl")
    package static let storageClass = known("x-amz-storage-class")
    package static let transitionLeastSize = known(
        "x-amz-transition-default-minimum-object-size")
    package static let serverSideEncryption = known("x-amz-server-side-encryption")
    package static let tagging = known("x-amz-tagging")
    package static let taggingCount = known("x-amz-tagging-count")
    package static let taggingDirective = known("x-amz-tagging-directive")
    package static let metadataDirective = known("x-amz-metadata-directive")
    package static let copySource = known("x-amz-copy-source")
    package static let copySourceRange = known("x-amz-copy-source-range")
    package static let copySourceIfMatch = known("x-amz-copy-source-if-match")
    package static let copySourceIfNoneMatch = known("x-amz-copy-source-if-none-match")
    package static let copySourceIfModifiedSince = known("x-amz-copy-source-if-modified-since")
    package static let copySourceIfUnmodifiedSince = known("x-amz-copy-source-if-unmodified-since")
    package static let checksumMode = known("x-amz-checksum-mode")
    package static let checksumAlgorithm = known("x-amz-checksum-algorithm")
    package static let checksumType = known("x-amz-checksum-type")
    package static let sdkChecksumAlgorithm = known("x-amz-sdk-checksum-algorithm")
    package static let completedObjectSize = known("x-amz-mp-object-size")
    package static let partsCount = known("x-amz-mp-parts-count")
    package static let objectAttributes = known("x-amz-object-attributes")
    package static let maxParts = known("x-amz-max-parts")
    package static let partNumberMarker = known("x-amz-part-number-marker")
    package static let versionID = known("x-amz-version-id")
    package static let deleteMarker = known("x-amz-delete-marker")
    package static let copySourceVersionID = known("x-amz-copy-source-version-id")
    package static let objectOwnership = known("x-amz-object-ownership")

    package static let checksumCRC32 = known("x-amz-checksum-crc32")
    package static let checksumCRC32C = known("x-amz-checksum-crc32c")
    package static let checksumCRC64NVME = known("x-amz-checksum-crc64nvme")
    package static let checksumSHA1 = known("x-amz-checksum-sha1")
    package static let checksumSHA256 = known("x-amz-checksum-sha256")
}
