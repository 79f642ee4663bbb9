// UploadPartCopy: a part that refers to a range of another object. How registries commit a layer.

internal import HTTPServer
internal import HTTPTypes
internal import Storage

extension S3Handler {
    func uploadPartCopy(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let number = try request.partNumber
        let upload = try await uploads.upload(request.uploadID, of: name)
        let source = try await copySource(request)
        let range = try Self.copyRange(request.fields[.copySourceRange], of: source.content)
        let part = try await uploads.copyPart(
            upload.id, of: name, number: number, blob: source.content.blob, range: range)
        let document = XMLWriter.document("CopyPartResult") {
            $0.element(
                "LastModified", CalendarDate(milliseconds: part.lastModifiedMilliseconds).iso8601)
            $0.element("ETag", ETags.quoted(part.etag))
            for (algorithm, checksum) in part.checksums {
                $0.element(algorithm.elementName, Base64.encode(checksum))
            }
        }
        var response = ServerResponse.document(document)
        response.fields.setSealed(upload.isSealed)
        response.fields[.copySourceVersionID] = source.versionID
        return response
    }

    /// `bytes=first-last`, both given and within the source (`InvalidRange` past its end).
    private static func copyRange(
        _ text: String?, of source: ObjectContent
    ) throws(S3Error) -> Range<UInt64> {
        guard let text else { return 0..<source.sizeBytes }
        guard case .bounded(let first, let last) = ByteRange(text) else {
            throw .invalidArgument(
                "x-amz-copy-source-range", text,
                "The x-amz-copy-source-range value must be of the form bytes=first-last where first"
                    + " and last are the zero-based offsets of the first and last bytes to copy")
        }
        guard last < source.sizeBytes else {
            throw .invalidRange(text, sizeBytes: source.sizeBytes)
        }
        return first..<last + 1
    }
}
