// UploadPart: a body that becomes part of an upload. Parts come in any order, in parallel, and again.

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func uploadPart(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let number = try request.partNumber
        let announced = try BodyAnnouncement(request)
        let upload = try await uploads.upload(request.uploadID, of: name)
        try upload.requireAlgorithm(announced.checksum?.algorithm)
        // The object's checksum is made of the parts', whether or not the client sent them.
        let staged = try await receive(
            request, announced, isBlob: false, isSealed: upload.isSealed,
            alsoComputing: upload.checksumAlgorithm)
        let part = try await uploads.putPart(
            upload.id, of: name, number: number, staged: staged)
        var response = ServerResponse(
            status: .ok, fields: [.eTag: ETags.quoted(part.etag)])
        if let algorithm = announced.checksum?.algorithm ?? upload.checksumAlgorithm,
            let checksum = part.checksums[algorithm]
        {
            response.fields[algorithm.headerName] = Base64.encode(checksum)
        }
        response.fields.setSealed(upload.isSealed)
        return response
    }
}

extension S3Request {
    /// 1 to 10 000.
    var partNumber: Int {
        get throws(S3Error) {
            let text = query["partNumber"] ?? ""
            guard let number = Int(text), (1...limits.parts).contains(number) else {
                throw .invalidPartNumberArgument(text)
            }
            return number
        }
    }
}

extension Upload {
    /// Throws `InvalidRequest` for a part with another checksum than the upload was begun with.
    fileprivate func requireAlgorithm(_ algorithm: ChecksumAlgorithm?) throws(S3Error) {
        guard let algorithm, let expected = checksumAlgorithm, algorithm != expected else { return }
        throw S3Error(
            .invalidRequest,
            "Checksum Type mismatch occurred, expected checksum Type:"
                + " \(expected.wireName.lowercased()), actual checksum Type:"
                + " \(algorithm.wireName.lowercased())")
    }
}
