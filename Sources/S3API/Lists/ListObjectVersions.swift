// ListObjectVersions of an unversioned bucket: each object is its one version, `null`. Tools that empty a
// bucket ask for this list and delete what it names.

internal import HTTPServer
internal import Storage

extension S3Handler {
    func listObjectVersions(_ request: S3Request) async throws -> ServerResponse {
        let text = try ListText(request.query)
        let keyMarker = request.query["key-marker"] ?? ""
        let versionMarker = request.query["version-id-marker"] ?? ""
        guard versionMarker.isEmpty || !keyMarker.isEmpty else {
            throw S3Error.invalidArgument(
                "version-id-marker", versionMarker,
                "A version-id marker cannot be specified without a key marker.")
        }
        let (page, limit) = try await page(
            request, text, after: keyMarker.isEmpty ? nil : ObjectKey(keyMarker))
        let bucket = try request.bucket
        let document = XMLWriter.document("ListVersionsResult") {
            $0.element("Name", bucket)
            text.write(to: &$0)
            $0.element("KeyMarker", text.show(keyMarker))
            $0.element("VersionIdMarker", versionMarker)
            if page.isTruncated, let last = page.entries.last {
                $0.element("NextKeyMarker", text.show(last.key))
                if case .object = last { $0.element("NextVersionIdMarker", "null") }
            }
            $0.element("MaxKeys", limit)
            $0.element("IsTruncated", page.isTruncated)
            page.writeVersions(text, owner: owner, to: &$0)
        }
        return .document(document)
    }
}

extension ListPage {
    fileprivate func writeVersions(_ text: ListText, owner: Owner, to writer: inout XMLWriter) {
        for case .object(let object) in entries {
            guard let content = object.content else { continue }
            writer.element("Version") {
                $0.describe(
                    content, key: text.show(object.name.key), owner: owner, version: true)
            }
        }
        for case .commonPrefix(let prefix) in entries {
            text.write(commonPrefix: prefix, to: &writer)
        }
    }
}
