// Names that were lost here, back from other regions: after a rebuild of the index from a journal that was
// damaged, or when an old copy of the data directory was put back. Each region is asked for all it shows, by
// range of keys, and what is lacking here is taken in like any other news: it shows when all it reaches is
// here. This region's own writes come back the same way, with the stamps they had.

package import Storage

package struct RecoverNames: Sendable {
    private let peers: [ReplicationPeer]
    private let feed: any ChangeFeed
    private let limits: ReplicationLimits

    package init(
        peers: [ReplicationPeer], feed: any ChangeFeed,
        limits: ReplicationLimits = ReplicationLimits()
    ) {
        self.peers = peers
        self.feed = feed
        self.limits = limits
    }

    package var hasPeers: Bool { !peers.isEmpty }

    /// Hands what is lacking to `take`, page by page, with the peer that has it. Throws where a peer could
    /// not be asked to the end: what came until then is taken.
    package func run(
        _ report: any WorkReport,
        take: @Sendable (_ entries: [FeedEntry], _ peer: String) async throws -> Void
    ) async throws {
        report.set(JobProgress(stage: "names of other regions"))
        for peer in peers {
            var buckets = [BucketName.system]
            while let bucket = buckets.popLast() {
                var after: ObjectKey?
                while true {
                    try report.checkCancellation()
                    let page = try await peer.transport.entries(
                        in: bucket, after: after, limit: limits.feedEntries)
                    guard let last = page.last else { break }
                    let lacking = try await lacking(page)
                    if !lacking.isEmpty { try await take(lacking, peer.name) }
                    report.advance(UInt64(page.count))
                    report.add("recovered_names", UInt64(lacking.count))
                    if bucket == BucketName.system { buckets += Self.buckets(page) }
                    after = last.object.name.key
                }
            }
        }
    }

    /// Those that would change what is known here.
    private func lacking(_ page: [FeedEntry]) async throws -> [FeedEntry] {
        let registers = try await feed.registers(of: page.map(\.object.name))
        return zip(page, registers).compactMap { entry, before in
            var object = entry.object
            object.state = .pending
            var after = before
            after.insert(object)
            _ = after.dropSuperseded()
            return after == before ? nil : entry
        }
    }

    private static func buckets(_ page: [FeedEntry]) -> [String] {
        page.compactMap { entry in
            let key = entry.object.name.key.string
            guard key.hasPrefix(Buckets.prefix), entry.object.content != nil else { return nil }
            return String(key.dropFirst(Buckets.prefix.utf8.count))
        }
    }
}
