// The checksums of S3 as headers, trailers and elements name them (Amazon S3, "Checking object integrity
// for data uploads").

internal import Checksums
package import HTTPTypes
package import Storage

extension ChecksumAlgorithm {
    /// As `x-amz-checksum-algorithm` and the XML say it.
    package var wireName: String {
        switch self {
        case .crc32: "CRC32"
        case .crc32c: "CRC32C"
        case .crc64nvme: "CRC64NVME"
        case .sha1: "SHA1"
        case .sha256: "SHA256"
        }
    }

    package var elementName: String { "Checksum" + wireName }

    package var headerName: HTTPField.Name {
        switch self {
        case .crc32: .checksumCRC32
        case .crc32c: .checksumCRC32C
        case .crc64nvme: .checksumCRC64NVME
        case .sha1: .checksumSHA1
        case .sha256: .checksumSHA256
        }
    }

    /// Throws `InvalidRequest` for an algorithm that is not offered.
    init(wireName: String) throws(S3Error) {
        let upper = wireName.uppercased()
        guard let algorithm = Self.allCases.first(where: { $0.wireName == upper }) else {
            throw S3Error(
                .invalidRequest,
                "Checksum algorithm provided is unsupported. Please try again with any of the valid"
                    + " types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]")
        }
        self = algorithm
    }

    init?(headerName: String) {
        let lower = headerName.lowercased()
        guard let found = Self.allCases.first(where: { $0.headerName.canonicalName == lower })
        else {
            return nil
        }
        self = found
    }

    /// The bytes of a checksum in base64. Throws `InvalidRequest` for anything else.
    func decode(_ text: String, from source: String) throws(S3Error) -> [UInt8] {
        guard let bytes = Base64.decode(text), bytes.count == kind.byteCount else {
            throw S3Error(.invalidRequest, "Value for \(source) is invalid.")
        }
        return bytes
    }
}

extension ObjectChecksum.Kind {
    package var wireName: String {
        switch self {
        case .fullObject: "FULL_OBJECT"
        case .composite: "COMPOSITE"
        }
    }

    init(wireName: String) throws(S3Error) {
        switch wireName {
        case "FULL_OBJECT": self = .fullObject
        case "COMPOSITE": self = .composite
        default:
            throw S3Error(.invalidRequest, "Value for x-amz-checksum-type header is invalid.")
        }
    }
}

extension ObjectChecksum {
    /// `<base64>`, or `<base64>-<parts>` for a composite one.
    func text(parts: Int) -> String {
        let encoded = Base64.encode(bytes)
        return kind == .composite ? "\(encoded)-\(parts)" : encoded
    }
}

/// The checksum that a request says its body has.
struct ChecksumAnnouncement: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case header([UInt8])
        /// It follows the body.
        case trailer
    }

    var algorithm: ChecksumAlgorithm
    var value: Value

    /// Throws `InvalidRequest` for an unknown algorithm, several checksums, or a value that is none.
    init?(_ fields: HTTPFields) throws(S3Error) {
        let named = try Self.headers(fields)
        let trailers = try Self.trailers(fields)
        guard named.count + trailers.count <= 1 else {
            throw S3Error(
                .invalidRequest,
                "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed."
            )
        }
        let chosen = try fields[.sdkChecksumAlgorithm].map { text throws(S3Error) in
            try ChecksumAlgorithm(wireName: text)
        }
        if let (algorithm, text) = named.first {
            self.algorithm = algorithm
            value = .header(
                try algorithm.decode(text, from: "\(algorithm.headerName.canonicalName) header"))
        } else if let algorithm = trailers.first {
            self.algorithm = algorithm
            value = .trailer
        } else {
            guard chosen == nil else {
                throw S3Error(
                    .invalidRequest,
                    "x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-*"
                        + " or x-amz-trailer headers were found.")
            }
            return nil
        }
        guard chosen == nil || chosen == algorithm else {
            throw S3Error(
                .invalidRequest, "Value for x-amz-sdk-checksum-algorithm header is invalid.")
        }
    }

    private static func headers(
        _ fields: HTTPFields
    ) throws(S3Error) -> [(ChecksumAlgorithm, String)] {
        var result: [(ChecksumAlgorithm, String)] = []
        for field in fields where field.name.canonicalName.utf8.starts(with: prefix.utf8) {
            let name = field.name
            if name == .checksumMode || name == .checksumAlgorithm || name == .checksumType {
                continue
            }
            result.append((try algorithm(name.canonicalName), field.value))
        }
        return result
    }

    private static func trailers(_ fields: HTTPFields) throws(S3Error) -> [ChecksumAlgorithm] {
        guard let names = fields[.trailerName] else { return [] }
        var result: [ChecksumAlgorithm] = []
        for name in names.split(separator: ",") {
            let trimmed = name.filter { $0 != " " }.lowercased()
            guard trimmed.hasPrefix(prefix) else {
                throw S3Error(
                    .invalidRequest, "The trailer “\(trimmed)” is not supported.")
            }
            result.append(try algorithm(trimmed))
        }
        return result
    }

    private static func algorithm(_ header: String) throws(S3Error) -> ChecksumAlgorithm {
        guard let algorithm = ChecksumAlgorithm(headerName: header) else {
            return try ChecksumAlgorithm(wireName: String(header.dropFirst(prefix.utf8.count)))
        }
        return algorithm
    }

    private static let prefix = "x-amz-checksum-"
}
