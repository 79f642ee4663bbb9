// Which regions this one knows: those that it follows, those that follow it, those of which something is here, and
// those that were removed.

package import Storage

/// What is known here of another region.
package struct KnownRegion: Sendable, Hashable {
    /// `nil` for one that is followed and was never met.
    package var region: RegionID?
    /// As this region follows it, as it calls itself, or as it was called when it was removed.
    package var name: String?
    /// As the operator wrote it; `nil` for one that is not followed.
    package var url: String?
    package var isConnected = false
    package var isRemoved = false
    package var lastError: String?
    /// Since it last answered this region, and since it last asked.
    package var answeredMillisecondsAgo: Int64?
    package var askedMillisecondsAgo: Int64?
    /// How far its feed is known here.
    package var cursor: FeedPosition?
    /// Up to which number it has said since the start that it has this region's feed.
    package var confirmed: UInt64?
    /// Of what it wrote and is known here.
    package var lag = ReplicationLag()

    /// The later of the two.
    package var heardMillisecondsAgo: Int64? {
        [answeredMillisecondsAgo, askedMillisecondsAgo].compactMap { $0 }.min()
    }
}

package struct ListRegions: Sendable {
    private let replication: ReplicationService
    private let feed: any ChangeFeed
    private let confirmed: ConfirmedPositions
    private let removed: RemovedRegions
    private let heard: HeardRegions

    package init(
        replication: ReplicationService, feed: any ChangeFeed, confirmed: ConfirmedPositions,
        removed: RemovedRegions, heard: HeardRegions
    ) {
        self.replication = replication
        self.feed = feed
        self.confirmed = confirmed
        self.removed = removed
        self.heard = heard
    }

    /// The last number of this region's own feed.
    package func feedNumber() async throws -> UInt64 {
        try await feed.cursors()[feed.region]?.number ?? 0
    }

    /// This region is not among them. In the order of their names, those without one behind, then by id.
    package func run() async throws -> [KnownRegion] {
        let cursors = try await feed.cursors()
        let status = replication.status()
        var regions = status.peers.map { peer in
            KnownRegion(
                region: peer.region, name: peer.name, url: peer.url, isConnected: peer.isConnected,
                lastError: peer.lastError, answeredMillisecondsAgo: peer.heardMillisecondsAgo,
                lag: peer.lag)
        }
        let others = Set(cursors.keys).union(try await feed.confirming()).union(removed.all)
            .union(heard.all).subtracting(regions.compactMap(\.region))
        regions += others.subtracting([feed.region]).map { KnownRegion(region: $0) }
        for index in regions.indices {
            guard let region = regions[index].region else { continue }
            regions[index].name =
                regions[index].name ?? heard.name(of: region) ?? removed.name(of: region)
            regions[index].isRemoved = removed.contains(region)
            regions[index].askedMillisecondsAgo = heard.millisecondsAgo(region)
            regions[index].cursor = cursors[region]
            regions[index].confirmed = confirmed.latest(of: region)
        }
        return regions.sorted { left, right in
            (left.name ?? "\u{10FFFF}", left.region?.value ?? 0)
                < (right.name ?? "\u{10FFFF}", right.region?.value ?? 0)
        }
    }
}
