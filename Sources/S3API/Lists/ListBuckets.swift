// ListBuckets: every bucket of the region that the key may see, in order.

internal import Access
internal import HTTPServer
internal import Storage

extension S3Handler {
    func listBuckets(_ request: S3Request) async throws -> ServerResponse {
        let prefix = request.query["prefix"] ?? ""
        let after = try request.query["continuation-token"].map(ContinuationToken.decode)
        // Without `max-buckets` there are no pages.
        let limit = try request.number("max-buckets", default: .max, from: 1, cutAt: .max)
        guard limit == .max || limit <= Self.mostBuckets else {
            throw S3Error.invalidArgument(
                "max-buckets", String(limit),
                "Argument max-buckets must be an integer between 1 and \(Self.mostBuckets).")
        }
        let isHere = [nil, "", region].contains(request.query["bucket-region"])
        let matching = try await (isHere ? buckets.list() : []).filter { bucket in
            request.principal.policy.allows(.find, bucket: bucket.name, key: nil)
                && bucket.name.hasPrefix(prefix)
                && after.map { ObjectKey(bucket.name) > $0 } ?? true
        }
        let shown = matching.prefix(limit)
        let document = XMLWriter.document("ListAllMyBucketsResult") { writer in
            owner.write(to: &writer)
            writer.element("Buckets") {
                for bucket in shown { $0.describe(bucket, region: region) }
            }
            if shown.count < matching.count, let last = shown.last {
                writer.element("ContinuationToken", ContinuationToken.encode(ObjectKey(last.name)))
            }
            if !prefix.isEmpty { writer.element("Prefix", prefix) }
        }
        return .document(document)
    }

    private var region: String { configuration.region }

    /// Of a page (Amazon S3 API Reference, ListBuckets).
    private static let mostBuckets = 10_000
}

extension XMLWriter {
    fileprivate mutating func describe(_ bucket: Bucket, region: String) {
        element("Bucket") {
            $0.element("Name", bucket.name)
            $0.element(
                "CreationDate", CalendarDate(milliseconds: bucket.createdMilliseconds).iso8601)
            $0.element("BucketRegion", region)
        }
    }
}
