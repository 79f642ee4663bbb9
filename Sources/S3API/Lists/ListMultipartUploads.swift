// ListMultipartUploads: registries ask for it on every chunk they are sent, by prefix, and page through it
// with `upload-id-marker` alone. `IsTruncated` is always there: they read it unchecked.

internal import HTTPServer
internal import Storage

extension S3Handler {
    func listMultipartUploads(_ request: S3Request) async throws -> ServerResponse {
        let text = try ListText(request.query)
        let markers = UploadMarkers(request.query)
        let most = request.limits.listEntries
        let limit = try request.number("max-uploads", default: most, cutAt: most)
        let bucket = try request.bucket
        var page = try await uploads.uploads(
            UploadListRequest(
                bucket: bucket, prefix: text.prefix, delimiter: text.delimiter,
                after: markers.after, limit: limit))
        if limit == 0 { page = UploadListPage(entries: [], isTruncated: false) }
        let document = XMLWriter.document("ListMultipartUploadsResult") {
            $0.element("Bucket", bucket)
            $0.element("KeyMarker", text.show(markers.key))
            $0.element("UploadIdMarker", markers.uploadID)
            if page.isTruncated { page.writeNextMarkers(text, to: &$0) }
            text.write(to: &$0)
            $0.element("MaxUploads", limit)
            $0.element("IsTruncated", page.isTruncated)
            page.write(text, owner: owner, to: &$0)
        }
        return .document(document)
    }
}

/// Where a list of uploads goes on.
private struct UploadMarkers {
    let key: String
    let uploadID: String

    init(_ query: RequestQuery) {
        key = query["key-marker"] ?? ""
        uploadID = query["upload-id-marker"] ?? ""
    }

    var after: UploadListRequest.After? {
        if !uploadID.isEmpty {
            return .upload(UploadID(uploadID), key: key.isEmpty ? nil : ObjectKey(key))
        }
        return key.isEmpty ? nil : .key(ObjectKey(key))
    }
}

extension UploadListPage {
    fileprivate func writeNextMarkers(_ text: ListText, to writer: inout XMLWriter) {
        switch entries.last {
        case .upload(let upload):
            writer.element("NextKeyMarker", text.show(upload.name.key))
            writer.element("NextUploadIdMarker", upload.id.text)
        case .commonPrefix(let prefix):
            writer.element("NextKeyMarker", text.show(prefix))
        case nil: break
        }
    }

    fileprivate func write(_ text: ListText, owner: Owner, to writer: inout XMLWriter) {
        for case .upload(let upload) in entries {
            writer.element("Upload") {
                $0.element("Key", text.show(upload.name.key))
                $0.element("UploadId", upload.id.text)
                owner.write(as: "Initiator", to: &$0)
                owner.write(to: &$0)
                $0.element("StorageClass", upload.headers.listedClass)
                $0.element(
                    "Initiated",
                    CalendarDate(milliseconds: upload.initiatedMilliseconds).iso8601)
                $0.describeChecksum(of: upload)
            }
        }
        for case .commonPrefix(let prefix) in entries {
            text.write(commonPrefix: prefix, to: &writer)
        }
    }
}

extension XMLWriter {
    /// The checksum that an upload was begun with; nothing where there is none.
    mutating func describeChecksum(of upload: Upload) {
        guard let algorithm = upload.checksumAlgorithm else { return }
        element("ChecksumAlgorithm", algorithm.wireName)
        let kind = upload.checksumKind ?? algorithm.defaultMultipartKind
        element("ChecksumType", kind.wireName)
    }
}
