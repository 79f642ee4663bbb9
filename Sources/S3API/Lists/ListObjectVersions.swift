// ListObjectVersions: every version of every key, newest first, and the delete markers among them. Of a bucket
// without versioning each object is its one version, `null`. Tools that empty a bucket ask for this list and delete
// what it names.

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
        let most = request.limits.listEntries
        let limit = try request.number("max-keys", default: most, cutAt: most)
        let bucket = try request.bucket
        var wanted = VersionListRequest(
            bucket: bucket, prefix: text.prefix, delimiter: text.delimiter, limit: limit)
        if !keyMarker.isEmpty {
            let id =
                versionMarker.isEmpty
                ? nil : try VersionID(asked: versionMarker, by: "version-id-marker")
            wanted.after = VersionMarker(key: ObjectKey(keyMarker), id: id)
        }
        let page = try await page(of: wanted)
        let document = XMLWriter.document(
            "ListVersionsResult", capacity: 512 + page.entries.count * 400
        ) {
            $0.element("Name", bucket)
            text.write(to: &$0)
            $0.element("KeyMarker", text.show(keyMarker))
            $0.element("VersionIdMarker", versionMarker)
            if page.isTruncated, let last = page.entries.last?.marker {
                $0.element("NextKeyMarker", text.show(last.key))
                $0.element("NextVersionIdMarker", ifPresent: last.id?.description)
            }
            $0.element("MaxKeys", limit)
            $0.element("IsTruncated", page.isTruncated)
            page.write(text, owner: owner, to: &$0)
        }
        return .document(document)
    }

    /// What shows of a bucket without versioning is all there is of it, and one version each.
    private func page(of wanted: VersionListRequest) async throws -> VersionListPage {
        // A list of nothing has nothing to go on from.
        guard wanted.limit > 0 else {
            _ = try await objects.list(ListRequest(bucket: wanted.bucket, limit: 0))
            return VersionListPage(entries: [], isTruncated: false)
        }
        if try await versioning.value(of: wanted.bucket) != nil {
            return try await versions.list(wanted)
        }
        let page = try await objects.list(
            ListRequest(
                bucket: wanted.bucket, prefix: wanted.prefix, delimiter: wanted.delimiter,
                after: wanted.after?.key, limit: wanted.limit))
        let entries = page.entries.map { entry in
            switch entry {
            case .object(let object): VersionListEntry.version(object, isLatest: true)
            case .commonPrefix(let prefix): VersionListEntry.commonPrefix(prefix)
            }
        }
        return VersionListPage(entries: entries, isTruncated: page.isTruncated)
    }
}

extension VersionListPage {
    fileprivate func write(_ text: ListText, owner: Owner, to writer: inout XMLWriter) {
        for case .version(let version, let isLatest) in entries {
            let key = text.show(version.name.key)
            let mark = VersionMark(id: version.versionID.description, isLatest: isLatest)
            guard let content = version.content else {
                writer.element("DeleteMarker") {
                    $0.element("Key", key)
                    mark.write(to: &$0)
                    $0.element(
                        "LastModified", CalendarDate(milliseconds: version.recordedTime).iso8601)
                    owner.write(to: &$0)
                }
                continue
            }
            writer.element("Version") {
                $0.describe(content, key: key, owner: owner, mark: mark)
            }
        }
        for case .commonPrefix(let prefix) in entries {
            text.write(commonPrefix: prefix, to: &writer)
        }
    }
}

/// What a list of versions says beside what a list of objects does.
struct VersionMark {
    let id: String
    let isLatest: Bool

    func write(to writer: inout XMLWriter) {
        writer.element("VersionId", id)
        writer.element("IsLatest", isLatest)
    }
}
