// One region of a simulation: a store that survives crashes, and a state machine that does not.

internal import Replication
package import Storage

package final class SimulatedRegion {
    package let index: Int
    package let name: String
    package private(set) var store: MemoryStore
    package let clock: SimulatedClock
    private(set) var performer: DirectivePerformer
    private let network: SimulatedNetwork
    private let transports: [String: SimulatedTransport]
    /// What it is put back to.
    private(set) var copy: MemoryStore?
    private var incarnation: UInt64 = 1
    private let peerNames: [String]
    private let limits: ReplicationLimits

    /// `nil` while the region is down.
    var machine: Replicator?
    /// The disk refuses some of what it is asked for.
    var hasDiskTrouble = false
    /// Puts that wait and that the machine has been told of in this life, and those of the merge under way.
    var told: Set<VersionReference> = []
    var merging: [VersionReference] = []
    /// Puts for which it waits with no delete.
    var hopeless: Set<VersionReference> = []
    /// Steps of an earlier life are dropped.
    var life = 0

    init(
        index: Int, of count: Int, network: SimulatedNetwork, clock: SimulatedClock,
        limits: ReplicationLimits
    ) {
        self.index = index
        self.clock = clock
        self.limits = limits
        name = Self.name(index)
        store = MemoryStore(
            region: Self.id(index), clock: clock, isRegionLocal: Self.isRegionLocal)
        let peers = (0..<count).filter { $0 != index }
        peerNames = peers.map(Self.name)
        self.network = network
        transports = Dictionary(
            uniqueKeysWithValues: peers.map { peer in
                (Self.name(peer), SimulatedTransport(from: index, to: peer, network: network))
            })
        performer = Self.performer(name, store, transports, clock, limits)
        attach()
    }

    private static func performer(
        _ name: String, _ store: MemoryStore, _ transports: [String: SimulatedTransport],
        _ clock: SimulatedClock, _ limits: ReplicationLimits
    ) -> DirectivePerformer {
        DirectivePerformer(
            name: name, transports: transports,
            stores: ReplicationStores(objects: store, blobs: store, uploads: store, feed: store),
            clock: clock, limits: limits)
    }

    private func attach() {
        network.attach(
            index,
            answers: RegionAnswers(
                name: name, feed: store, blobs: store, clock: clock, limits: limits),
            blobs: store)
    }

    func takeCopy() { copy = store.copied(incarnation: incarnation) }

    /// The region is down, and will be as it was when the copy was taken.
    func putBack() {
        guard let copy else { preconditionFailure("\(name) has no copy to be put back to") }
        store = copy.copied(incarnation: incarnation)
    }

    /// Each start begins a new incarnation.
    private func beginIncarnation() {
        incarnation += 1
        store = store.copied(incarnation: incarnation)
        performer = Self.performer(name, store, transports, clock, limits)
        attach()
    }

    package static func name(_ index: Int) -> String { "region-\(index)" }

    package static func id(_ index: Int) -> RegionID { RegionID(UInt64(index) + 1) }

    package static func index(of peer: String) -> Int? {
        Int(peer.drop { $0 != "-" }.dropFirst())
    }

    var isUp: Bool { machine != nil }

    func boot() {
        if life > 0 { beginIncarnation() }
        life += 1
        told = []
        merging = []
        machine = Replicator(
            region: Self.id(index), name: name, peers: peerNames, limits: limits)
    }

    func crash() {
        life += 1
        machine = nil
    }

    private static func isRegionLocal(_ name: ObjectName) -> Bool {
        name.bucket == BucketName.system && name.key.hasPrefix("local/")
    }
}
