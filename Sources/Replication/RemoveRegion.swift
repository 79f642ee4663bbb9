// Removing a region that is gone for good: this region stops waiting for it. In this order, so that nothing is
// forgotten before the region is refused:
//  1. it must not be connected: one that is there is not gone
//  2. that it is removed is durable; what decides on forgetting deletions looks there (`ForgetExpired`)
//  3. its requests are refused, and the connection to it is given up
//  4. what it confirmed is dropped: the collection of garbage waits for it no more, and nothing is left of it
// Done twice, it does the same; so a crash in between is mended by giving the command again.

internal import NIOCore
package import Storage

/// What the removal of a region means here.
package struct RegionRemoval: Sendable, Hashable {
    package var region: RegionID
    /// As this region follows it, or followed it; `nil` for one that only asked.
    package var name: String?
    package var isRemoved: Bool
    package var isConnected: Bool
    /// This region's settings still say that it is followed.
    package var isFollowed: Bool
    /// What it wrote, is known here, and waits to be complete.
    package var pendingEntries: Int
}

package struct RemoveRegion: Sendable {
    private let replication: ReplicationService
    private let stores: ReplicationStores
    private let confirmed: ConfirmedPositions
    private let removed: RemovedRegions

    package init(
        replication: ReplicationService, stores: ReplicationStores,
        confirmed: ConfirmedPositions, removed: RemovedRegions
    ) {
        self.replication = replication
        self.stores = stores
        self.confirmed = confirmed
        self.removed = removed
    }

    /// What would be done. `subject` is the name of a region or its id. Throws `invalidArgument` where none is
    /// known by it, or it is this region.
    package func plan(_ subject: String) async throws -> RegionRemoval {
        let status = replication.status()
        let region = try await region(subject, status)
        let peer = status.peers.first { $0.region == region }
        let isNamed = RegionID(subject) != region
        return RegionRemoval(
            region: region, name: peer?.name ?? (isNamed ? subject : nil),
            isRemoved: removed.contains(region), isConnected: peer?.isConnected ?? false,
            isFollowed: peer != nil, pendingEntries: peer?.lag.pendingEntries ?? 0)
    }

    /// Does it. Throws `invalidArgument`, as above and where the region is connected.
    package func run(_ subject: String) async throws -> RegionRemoval {
        var removal = try await plan(subject)
        let (region, name) = (removal.region, removal.name ?? removal.region.description)
        guard !removal.isConnected else {
            throw StorageError(
                .invalidArgument,
                "region \(name) is connected: it is not gone; stop it first, for good")
        }
        try await Settings(objects: stores.objects, blobs: stores.blobs).write(
            ByteBuffer(string: name), to: Settings.removedRegion(region))
        removed.note(region, named: name)
        replication.noteRemoved([region])
        try await stores.feed.forget(region)
        confirmed.forget(region)
        removal.isRemoved = true
        return removal
    }

    private func region(_ subject: String, _ status: ReplicationStatus) async throws -> RegionID {
        let own = stores.feed.region
        guard subject != status.name, RegionID(subject) != own else {
            throw StorageError(.invalidArgument, "“\(subject)” is this region itself")
        }
        if let peer = status.peers.first(where: { $0.name == subject }), let region = peer.region {
            return region
        }
        if let region = removed.ids(named: subject).last { return region }
        let known = try await Set(stores.feed.cursors().keys)
            .union(stores.feed.confirming()).union(removed.all).subtracting([own])
        if let region = RegionID(subject), known.contains(region) { return region }
        let names = status.peers.filter { $0.region != nil }.map(\.name)
        let all = names + known.sorted().map(\.description)
        throw StorageError(
            .invalidArgument,
            "no region “\(subject)” is known here"
                + (all.isEmpty ? "" : "; known are \(all.joined(separator: ", "))"))
    }
}
