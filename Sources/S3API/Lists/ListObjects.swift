// ListObjects, both versions: one page of the store's list in either's form. Version 1 goes on by the last
// name it showed, version 2 by an opaque token.

internal import HTTPServer
internal import NIOCore
internal import Storage

extension S3Handler {
    func listObjects(_ request: S3Request) async throws -> ServerResponse {
        let text = try ListText(request.query)
        let marker = request.query["marker"] ?? ""
        let (page, limit) = try await page(
            request, text, after: marker.isEmpty ? nil : ObjectKey(marker))
        let bucket = try request.bucket
        let document = XMLWriter.document("ListBucketResult", capacity: page.documentBytes) {
            $0.element("Name", bucket)
            text.write(to: &$0)
            $0.element("Marker", text.show(marker))
            // Without a delimiter the last key is the next marker, and Amazon S3 says none.
            if page.isTruncated, text.delimiter != nil, let last = page.entries.last {
                $0.element("NextMarker", text.show(last.key))
            }
            $0.element("MaxKeys", limit)
            $0.element("IsTruncated", page.isTruncated)
            page.write(text, owner: owner, to: &$0)
        }
        return .document(document)
    }

    func listObjectsV2(_ request: S3Request) async throws -> ServerResponse {
        let text = try ListText(request.query)
        let token = request.query["continuation-token"]
        let startAfter = request.query["start-after"]
        // A token goes on behind the last page, wherever the first began.
        let after =
            try token.map(ContinuationToken.decode)
            ?? startAfter.flatMap {
                $0.isEmpty ? nil : ObjectKey($0)
            }
        let (page, limit) = try await page(request, text, after: after)
        let bucket = try request.bucket
        let shownOwner = request.query["fetch-owner"] == "true" ? owner : nil
        let document = XMLWriter.document("ListBucketResult", capacity: page.documentBytes) {
            $0.element("Name", bucket)
            text.write(to: &$0)
            $0.element("MaxKeys", limit)
            $0.element("KeyCount", page.entries.count)
            $0.element("IsTruncated", page.isTruncated)
            $0.element("ContinuationToken", ifPresent: token)
            if page.isTruncated, let last = page.entries.last {
                $0.element("NextContinuationToken", ContinuationToken.encode(last.key))
            }
            if let startAfter { $0.element("StartAfter", text.show(startAfter)) }
            page.write(text, owner: shownOwner, to: &$0)
        }
        return .document(document)
    }

    /// The page that a list's parameters ask for, and the limit that it repeats.
    func page(
        _ request: S3Request, _ text: ListText, after: ObjectKey?
    ) async throws -> (page: ListPage, limit: Int) {
        let most = request.limits.listEntries
        let limit = try request.number("max-keys", default: most, cutAt: most)
        let wanted = ListRequest(
            bucket: try request.bucket, prefix: text.prefix, delimiter: text.delimiter,
            after: after, limit: limit)
        let page = try await objects.list(wanted)
        // A list of nothing has nothing to go on from.
        guard limit > 0 else { return (ListPage(entries: [], isTruncated: false), limit) }
        return (try await lookedUp(page, wanted), limit)
    }

    /// A prefix that is a whole key is how some clients ask whether it is there (Distribution 2.8's `Stat`),
    /// so it is looked up as by HEAD: what is in quarantine is taken out, or is not shown.
    private func lookedUp(_ page: ListPage, _ wanted: ListRequest) async throws -> ListPage {
        guard case .object(let listed)? = page.entries.first, listed.name.key == wanted.prefix,
            listed.content?.quarantinedMilliseconds != nil
        else { return page }
        guard let object = try await objects.object(listed.name) else {
            // It was removed since it was listed, or does not count as there any more.
            var rest = wanted
            rest.after = listed.name.key
            return try await objects.list(rest)
        }
        var page = page
        page.entries[0] = .object(object)
        return page
    }
}

/// Where the next page begins, as clients carry it: the last key shown, behind the form's number.
enum ContinuationToken {
    private static let form: UInt8 = 1

    static func encode(_ key: ObjectKey) -> String { Base64.encodeURLSafe([form] + key.bytes) }

    /// Throws `InvalidArgument` for what `encode` never gave.
    static func decode(_ token: String) throws(S3Error) -> ObjectKey {
        guard let bytes = Base64.decodeURLSafe(token), bytes.first == form else {
            throw .invalidArgument(
                "continuation-token", token, "The continuation token provided is incorrect")
        }
        return ObjectKey(bytes: Array(bytes.dropFirst()))
    }
}

extension ListPage {
    /// About what its document takes.
    fileprivate var documentBytes: Int { 512 + entries.count * 320 }

    /// The objects, then the common prefixes, each in order.
    fileprivate func write(_ text: ListText, owner: Owner?, to writer: inout XMLWriter) {
        for case .object(let object) in entries {
            guard let content = object.content else { continue }
            writer.element("Contents") {
                $0.describe(content, key: text.show(object.name.key), owner: owner)
            }
        }
        for case .commonPrefix(let prefix) in entries {
            text.write(commonPrefix: prefix, to: &writer)
        }
    }
}
