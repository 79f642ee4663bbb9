// Removing a region that is gone for good: this region stops waiting for it. In this order, so that nothing is
// forgotten before the region is refused:
//  1. nothing was heard of it for a minute, neither an answer nor a question: one that is there is not gone,
//     and would be refused with all that it holds. Who knows better may force it
//  2. that it is removed is durable; what decides on forgetting deletions looks there (`ForgetExpired`)
//  3. its requests are refused, and the connection to it is given up
//  4. what it confirmed is dropped: the collection of garbage waits for it no more, and nothing is left of it
// Done twice, it does the same; so a crash in between is mended by giving the command again.
//
// A name may have belonged to several regions, one after the other. It means the one that has it now; those
// that were removed only where nobody has it.

internal import NIOCore
package import Storage

/// What the removal of a region means here.
package struct RegionRemoval: Sendable, Hashable {
    package var region: RegionID
    /// As this region follows it, or as it calls itself; `nil` where that is not known.
    package var name: String?
    package var isRemoved: Bool
    /// It was removed by an earlier command.
    package var wasRemoved: Bool
    package var isConnected: Bool
    /// Since anything was heard of it; `nil` where that was never since the start.
    package var heardMillisecondsAgo: Int64?
    /// This region's settings still say that it is followed.
    package var isFollowed: Bool
    /// What it wrote, is known here, and waits to be complete.
    package var pendingEntries: Int
}

package struct RemoveRegion: Sendable {
    /// One that follows this region asks at least so often: a long poll, and time to connect again.
    package static let silenceMilliseconds: Int64 = 60_000

    private let replication: ReplicationService
    private let stores: ReplicationStores
    private let regions: ListRegions
    private let confirmed: ConfirmedPositions
    private let removed: RemovedRegions

    package init(
        replication: ReplicationService, stores: ReplicationStores, regions: ListRegions,
        confirmed: ConfirmedPositions, removed: RemovedRegions
    ) {
        self.replication = replication
        self.stores = stores
        self.regions = regions
        self.confirmed = confirmed
        self.removed = removed
    }

    /// What would be done. `subject` is the name of a region or its id. Throws `invalidArgument` where none is
    /// known by it, or several are, or it is this region.
    package func plan(_ subject: String) async throws -> RegionRemoval {
        let status = replication.status()
        guard subject != status.name, RegionID(subject) != stores.feed.region else {
            throw StorageError(.invalidArgument, "“\(subject)” is this region itself")
        }
        let known = try await region(subject, of: regions.run())
        guard let region = known.region else {
            throw StorageError(
                .invalidArgument,
                "region “\(subject)” was never met: nothing waits for it; take it out of the settings"
            )
        }
        return RegionRemoval(
            region: region, name: known.name, isRemoved: known.isRemoved,
            wasRemoved: known.isRemoved, isConnected: known.isConnected,
            heardMillisecondsAgo: known.heardMillisecondsAgo, isFollowed: known.url != nil,
            pendingEntries: known.lag.pendingEntries)
    }

    /// Does it. Throws `invalidArgument`, as above and, unless it is forced, where the region is there.
    package func run(_ subject: String, isForced: Bool = false) async throws -> RegionRemoval {
        var removal = try await plan(subject)
        let (region, name) = (removal.region, removal.name ?? removal.region.description)
        if !isForced, !removal.wasRemoved { try Self.checkIsGone(removal, name) }
        try await Settings(objects: stores.objects, blobs: stores.blobs).write(
            ByteBuffer(string: name), to: Settings.removedRegion(region))
        removed.note(region, named: name)
        replication.noteRemoved([region])
        try await stores.feed.forget(region)
        confirmed.forget(region)
        removal.isRemoved = true
        return removal
    }

    private static func checkIsGone(_ removal: RegionRemoval, _ name: String) throws {
        let advice = "it is not gone; stop it first, for good, or force it"
        guard !removal.isConnected else {
            throw StorageError(.invalidArgument, "region \(name) is connected: \(advice)")
        }
        if let heard = removal.heardMillisecondsAgo, heard < silenceMilliseconds {
            throw StorageError(
                .invalidArgument,
                "region \(name) was heard of \(heard / 1000) s ago, which is less than a minute: \(advice)"
            )
        }
    }

    private func region(_ subject: String, of known: [KnownRegion]) throws -> KnownRegion {
        if let id = RegionID(subject), let region = known.first(where: { $0.region == id }) {
            return region
        }
        let named = known.filter { $0.name == subject }
        let present = named.filter { !$0.isRemoved }
        let meant = present.isEmpty ? named : present
        if let region = meant.first, meant.count == 1 { return region }
        let ids = meant.compactMap(\.region?.description).joined(separator: ", ")
        guard meant.isEmpty else {
            throw StorageError(
                .invalidArgument,
                "several regions have or had the name “\(subject)”; give the id of one: \(ids)")
        }
        let all = known.compactMap { $0.url == nil ? $0.region?.description : $0.name }
        throw StorageError(
            .invalidArgument,
            "no region “\(subject)” is known here"
                + (all.isEmpty ? "" : "; known are \(all.joined(separator: ", "))"))
    }
}
