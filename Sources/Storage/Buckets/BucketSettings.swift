// How a bucket is kept: one document each, shared by all regions. A setting that another region made and this one
// cannot read counts as not made (`standard`), and is shown as such; none is half heeded.

package import NIOCore

package struct BucketSettings: Sendable, Hashable {
    /// Whose paths the keys of a bucket are.
    package enum Layout: String, Sendable, Codable, CaseIterable {
        /// CNCF Distribution's, where it is found; any other key is a plain one.
        case distribution
        case quay
        case zot
        /// Nobody's: no key means anything.
        case plain
    }

    package var layout: Layout
    package var retention: HistoryRetention
    package var quota: BucketQuota
    package var replication: ReplicationRules

    package init(
        layout: Layout = .distribution, retention: HistoryRetention = .standard,
        quota: BucketQuota = BucketQuota(), replication: ReplicationRules = .none
    ) {
        self.layout = layout
        self.retention = retention
        self.quota = quota
        self.replication = replication
    }

    /// What holds for a bucket of which nothing is said.
    package static let standard = BucketSettings()
}

extension BucketSettings {
    /// The document. What a bucket does as every bucket does is not in it.
    private struct Document: SettingDocument {
        enum CodingKeys: String, CodingKey, CaseIterable {
            case format, layout, tagLinksSeconds, othersSeconds, softBytes, hardBytes, softObjects
            case hardObjects, replication
        }

        var format = 1
        var layout: Layout?
        var tagLinksSeconds: Int64?
        var othersSeconds: Int64?
        var softBytes: UInt64?
        var hardBytes: UInt64?
        var softObjects: UInt64?
        var hardObjects: UInt64?
        /// Each as its text.
        var replication: [String]?

        static let fields = Set(CodingKeys.allCases.map(\.rawValue))
    }

    package func encode() throws -> ByteBuffer {
        let standard = Self.standard
        func unless(_ value: Int64, _ usual: Int64) -> Int64? {
            value == usual ? nil : value / 1000
        }
        return try Document(
            layout: layout == standard.layout ? nil : layout,
            tagLinksSeconds: unless(
                retention.tagLinksMilliseconds, standard.retention.tagLinksMilliseconds),
            othersSeconds: unless(
                retention.othersMilliseconds, standard.retention.othersMilliseconds),
            softBytes: quota.softBytes, hardBytes: quota.hardBytes,
            softObjects: quota.softObjects, hardObjects: quota.hardObjects,
            replication: replication == .none ? nil : replication.rules.map(\.text)
        ).encoded()
    }

    /// Throws `invalidArgument` for bytes that are no such document, or say more than is known here.
    package init(decoding bytes: some Collection<UInt8>) throws(StorageError) {
        let document = try Document(decoding: bytes)
        let standard = HistoryRetention.standard
        func milliseconds(_ seconds: Int64?, _ usual: Int64) throws(StorageError) -> Int64 {
            guard let seconds else { return usual }
            guard (0...Int64.max / 2000).contains(seconds) else {
                throw StorageError(.invalidArgument, "the retention of a bucket is out of range")
            }
            return seconds * 1000
        }
        guard document.format == 1 else {
            throw StorageError(.invalidArgument, "settings of format \(document.format)")
        }
        self.init(
            layout: document.layout ?? .distribution,
            retention: HistoryRetention(
                tagLinksMilliseconds: try milliseconds(
                    document.tagLinksSeconds, standard.tagLinksMilliseconds),
                othersMilliseconds: try milliseconds(
                    document.othersSeconds, standard.othersMilliseconds)),
            quota: BucketQuota(
                softBytes: document.softBytes, hardBytes: document.hardBytes,
                softObjects: document.softObjects, hardObjects: document.hardObjects),
            replication: try ReplicationRules(texts: document.replication ?? []))
    }

    /// What holds where a document is met on the way of a write: one that cannot be read says nothing.
    package init(inForce bytes: some Collection<UInt8>) {
        do { try self.init(decoding: bytes) } catch { self = .standard }
    }
}
