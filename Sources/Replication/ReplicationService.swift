// The shell of replication: hands events to the state machine, one at a time, and does what it answers,
// many things at once. It decides nothing.

package import Logging
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
    private let machine: Mutex<Replicator>
    private let performer: DirectivePerformer
    private let feed: any ChangeFeed
    private let urls: [String: String]
    private let clock: any WallClock
    private let log: ReplicationLog
    private let removed: RemovedRegions
    /// What has happened and was not handed to the machine yet: never more than there are directives
    /// under way, which the machine bounds.
    private let events: AsyncStream<ReplicationEvent.Kind>
    private let happened: AsyncStream<ReplicationEvent.Kind>.Continuation
    private let origin = ContinuousClock.now

    /// `name` is this region's label. The peers' names are distinct. `meet` is told the clock of each region that
    /// answers, before anything else; where it throws, that region is not followed.
    package init(
        name: String, peers: [ReplicationPeer], stores: ReplicationStores, clock: any WallClock,
        removed: RemovedRegions = RemovedRegions(),
        limits: ReplicationLimits = ReplicationLimits(), logger: Logger,
        meet: @escaping @Sendable (_ clockMilliseconds: Int64) async throws -> Void = { _ in }
    ) {
        self.removed = removed
        machine = Mutex(
            Replicator(
                region: stores.feed.region, name: name, peers: peers.map(\.name), limits: limits))
        performer = DirectivePerformer(
            name: name,
            transports: Dictionary(uniqueKeysWithValues: peers.map { ($0.name, $0.transport) }),
            stores: stores, clock: clock, limits: limits, meet: meet)
        feed = stores.feed
        urls = Dictionary(uniqueKeysWithValues: peers.map { ($0.name, $0.url) })
        self.clock = clock
        log = ReplicationLog(logger: logger)
        (events, happened) = AsyncStream.makeStream()
    }

    /// Follows the peers until the task is cancelled; then returns. Run at most once. Throws where the
    /// store does not say where to begin.
    package func run() async throws {
        happened.yield(try await performer.start())
        noteRemoved(removed.all)
        await withDiscardingTaskGroup { group in
            for await kind in events {
                for directive in handle(kind) { begin(directive, in: &group) }
            }
            group.cancelAll()
        }
    }

    package func status() -> ReplicationStatus {
        let now = clock.milliseconds()
        let elapsed = elapsedMilliseconds()
        return machine.withLock {
            $0.status(urls: urls, wallMilliseconds: now, nowMilliseconds: elapsed)
        }
    }

    /// Retries at once whatever rests until its next attempt, parked entries included.
    package func retry() { happened.yield(.retry) }

    /// These regions are gone for good.
    func noteRemoved(_ regions: Set<RegionID>) {
        if !regions.isEmpty { happened.yield(.removed(regions)) }
    }

    /// Takes in versions that a peer was asked for beside its feed; they are published like any others.
    /// Returns when there is room for more.
    package func take(_ entries: [FeedEntry], from peer: String) async throws {
        var entries = entries
        _ = DirectivePerformer.dropWrongInline(&entries)
        try await feed.merge(entries)
        happened.yield(.recovered(peer: peer, entries.compactMap { PendingEntry($0.object) }))
        while machine.withLock({ $0.hasRoom }) == false {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func handle(_ kind: ReplicationEvent.Kind) -> [ReplicationDirective] {
        let event = ReplicationEvent(
            nowMilliseconds: elapsedMilliseconds(), random: UInt64.random(in: .min ... .max),
            kind: kind)
        return machine.withLock { $0.on(event) }
    }

    private func begin(_ directive: ReplicationDirective, in group: inout DiscardingTaskGroup) {
        switch directive {
        case .report(let report):
            log.write(report)
        case .wake(let atMilliseconds):
            group.addTask {
                let rest = atMilliseconds - self.elapsedMilliseconds()
                // A cancelled sleep ends the service: nobody waits for the tick.
                guard (try? await Task.sleep(for: .milliseconds(max(rest, 0)))) != nil else {
                    return
                }
                self.happened.yield(.tick)
            }
        default:
            group.addTask {
                let happened = self.happened
                let event = await self.performer.perform(directive) { happened.yield($0) }
                if let event { happened.yield(event) }
            }
        }
    }

    private func elapsedMilliseconds() -> Int64 {
        let elapsed = origin.duration(to: .now).components
        return elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000
    }
}
