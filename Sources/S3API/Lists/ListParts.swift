// ListParts: what a registry resumes an upload from.

internal import HTTPServer
internal import Storage

extension S3Handler {
    func listParts(_ request: S3Request) async throws -> ServerResponse {
        let name = try request.name
        let text = try ListText(request.query)
        let id = try request.uploadID
        let most = request.limits.listEntries
        let limit = try request.number("max-parts", default: most, cutAt: most)
        let after = try request.number(
            "part-number-marker", default: 0, cutAt: request.limits.parts)
        let upload = try await uploads.upload(id, of: name)
        var page = try await uploads.parts(of: id, name, after: after, limit: limit)
        if limit == 0 { page = ([], false) }
        let document = XMLWriter.document("ListPartsResult") {
            $0.element("Bucket", name.bucket)
            $0.element("Key", text.show(name.key))
            $0.element("UploadId", id.text)
            owner.write(as: "Initiator", to: &$0)
            owner.write(to: &$0)
            $0.element("StorageClass", upload.headers.listedClass)
            $0.describeChecksum(of: upload)
            $0.element("PartNumberMarker", after)
            $0.element("NextPartNumberMarker", page.parts.last?.number ?? 0)
            $0.element("MaxParts", limit)
            if text.isURLEncoded { $0.element("EncodingType", "url") }
            $0.element("IsTruncated", page.isTruncated)
            for part in page.parts { $0.describe(part) }
        }
        return .document(document)
    }
}

extension S3Request {
    /// The upload that the query names.
    var uploadID: UploadID {
        get throws(S3Error) {
            guard let text = query["uploadId"], !text.isEmpty else {
                throw S3Error(.noSuchUpload, "The request names no upload.")
            }
            return UploadID(text)
        }
    }
}

extension XMLWriter {
    fileprivate mutating func describe(_ part: UploadPart) {
        element("Part") {
            $0.element("PartNumber", part.number)
            $0.element(
                "LastModified", CalendarDate(milliseconds: part.lastModifiedMilliseconds).iso8601)
            $0.element("ETag", ETags.quoted(part.etag))
            $0.element("Size", part.sizeBytes)
            for algorithm in ChecksumAlgorithm.allCases {
                $0.element(
                    algorithm.elementName, ifPresent: part.checksums[algorithm].map(Base64.encode))
            }
        }
    }
}
