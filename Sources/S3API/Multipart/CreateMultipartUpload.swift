// CreateMultipartUpload: a session is durable, and in every list, when this answers.

internal import Checksums
internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func createMultipartUpload(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let attributes = try ObjectAttributes(request.fields, limits: request.limits)
        let checksum = try UploadChecksum(request.fields)
        let upload = try await uploads.create(
            Upload(
                id: UploadID(""), name: name, initiatedMilliseconds: 0,
                headers: attributes.headers, userMetadata: attributes.userMetadata,
                tags: attributes.tags, checksumAlgorithm: checksum?.algorithm,
                checksumKind: checksum?.kind, isSealed: try await seals(request),
                writer: request.writer))
        let document = XMLWriter.document("InitiateMultipartUploadResult") {
            $0.element("Bucket", name.bucket)
            $0.element("Key", name.key.string)
            $0.element("UploadId", upload.id.text)
        }
        var response = ServerResponse.document(document)
        if let checksum {
            response.fields[.checksumAlgorithm] = checksum.algorithm.wireName
            response.fields[.checksumType] = checksum.kind.wireName
        }
        response.fields.setSealed(upload.isSealed)
        return response
    }
}

/// The checksum that an upload is begun with.
private struct UploadChecksum {
    let algorithm: ChecksumAlgorithm
    let kind: ObjectChecksum.Kind

    init?(_ fields: HTTPFields) throws(S3Error) {
        guard let text = fields[.checksumAlgorithm] else {
            guard !fields.contains(.checksumType) else {
                throw S3Error(
                    .invalidRequest,
                    "The x-amz-checksum-type header can only be used with the"
                        + " x-amz-checksum-algorithm header.")
            }
            return nil
        }
        algorithm = try ChecksumAlgorithm(wireName: text)
        kind =
            try fields[.checksumType].map { text throws(S3Error) in
                try ObjectChecksum.Kind(wireName: text)
            } ?? algorithm.defaultMultipartKind
        guard Self.isOffered(algorithm, kind) else {
            throw S3Error(
                .invalidRequest,
                "The \(kind.wireName) checksum type cannot be used with the"
                    + " \(algorithm.wireName.lowercased()) checksum algorithm.")
        }
    }

    /// Amazon S3, "Checking object integrity for data uploads": digests do not combine, and CRC-64 always
    /// does.
    private static func isOffered(
        _ algorithm: ChecksumAlgorithm, _ kind: ObjectChecksum.Kind
    ) -> Bool {
        switch kind {
        case .fullObject: algorithm.kind.isCombinable
        case .composite: algorithm != .crc64nvme
        }
    }
}
