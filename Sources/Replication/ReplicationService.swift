// The shell of replication: runs the state machine against the contracts.

package import Logging
internal import NIOCore
package import Storage
internal import Synchronization

/// A region that is pulled from.
package struct ReplicationPeer: Sendable {
    package var name: String
    /// Where it is, as the operator wrote it; only shown.
    package var url: String
    package var transport: any RegionTransport

    package init(name: String, url: String, transport: any RegionTransport) {
        self.name = name
        self.url = url
        self.transport = transport
    }
}

/// The contracts of one region that replication works on.
package struct ReplicationStores: Sendable {
    package var objects: any ObjectStore
    package var blobs: any BlobStore
    package var uploads: any UploadStore
    package var feed: any ChangeFeed

    package init(
        objects: any ObjectStore, blobs: any BlobStore, uploads: any UploadStore,
        feed: any ChangeFeed
    ) {
        self.objects = objects
        self.blobs = blobs
        self.uploads = uploads
        self.feed = feed
    }
}

package final class ReplicationService: Sendable {
    private let name: String
    private let peers: [ReplicationPeer]
    private let stores: ReplicationStores
    private let clock: any WallClock
    private let limits: ReplicationLimits
    private let logger: Logger

    /// `name` is this region's label.
    package init(
        name: String, peers: [ReplicationPeer], stores: ReplicationStores, clock: any WallClock,
        limits: ReplicationLimits = ReplicationLimits(), logger: Logger
    ) {
        self.name = name
        self.peers = peers
        self.stores = stores
        self.clock = clock
        self.limits = limits
        self.logger = logger
    }

    /// Follows the peers until the task is cancelled; then returns. Run at most once.
    package func run() async throws {
        logger.info("following \(peers.count) regions")
    }

    package func status() -> ReplicationStatus {
        ReplicationStatus(region: stores.feed.region, name: name)
    }

    /// Retries at once whatever waits for its next attempt, parked entries included.
    package func retry() {}
}
