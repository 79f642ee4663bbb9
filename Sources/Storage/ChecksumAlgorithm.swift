// The checksum algorithms that clients may choose, and the functions that compute them.

package import Checksums

/// The checksum algorithms of S3 that are offered. Raw values are stored: never renumber.
package enum ChecksumAlgorithm: UInt8, Sendable, CaseIterable {
    case crc32 = 1
    case crc32c = 2
    case crc64nvme = 3
    case sha1 = 4
    case sha256 = 5

    package var kind: ChecksumKind {
        switch self {
        case .crc32: .crc32
        case .crc32c: .crc32c
        case .crc64nvme: .crc64nvme
        case .sha1: .sha1
        case .sha256: .sha256
        }
    }

    /// What a multipart upload that names no type gets (Amazon S3, "Checking object integrity for data
    /// uploads", table of full object and composite checksums).
    package var defaultMultipartKind: ObjectChecksum.Kind {
        switch self {
        case .crc64nvme: .fullObject
        case .crc32, .crc32c, .sha1, .sha256: .composite
        }
    }
}
