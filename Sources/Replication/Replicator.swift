// Replication as a pure value: events in, directives out, no clock, randomness, socket, file or await.
//
// An event changes the state; then everything that can start is started (`pump`). Each kind of step has
// a fixed number of places, so what is under way is bounded and answers come one for each directive:
//
//   handshake, feed, lost, names, states    one of each at a time for each peer
//   merge, examine, publish                 one at a time
//   fetch                                   one for each digest; so many small and so many large ones
//
// The way of an entry: fed → merged (durable, pending) → examined → waiting for its blob and for the
// names it depends on → ready → published. "Visible means that the direct dependencies are visible" holds
// for each publication; so by induction a visible name reaches only complete things.
//
// Nothing here has to survive: after a restart the pending versions are read from the store again, and
// the cursors say where each feed goes on.

internal import DequeModule
package import Storage

package struct Replicator: Sendable {
    /// A merge that waits for its turn.
    struct Merge: Sendable {
        enum Content: Sendable {
            case range(FeedRange)
            case named([FeedEntry])
            case rewind(RegionID, to: FeedPosition, head: FeedPosition)
            case recovered(LostStretch, from: RegionRun)
        }

        var peer: String
        var content: Content

        /// The origin whose cursor it moves back.
        var rewound: RegionID? {
            if case .rewind(let origin, _, _) = content { origin } else { nil }
        }
    }

    let region: RegionID
    let name: String
    let limits: ReplicationLimits

    var nowMilliseconds: Int64 = 0
    var random = SplitMix(seed: 0)
    var directives: [ReplicationDirective] = []
    var timers = Timers()
    /// The earliest `wake` that has not been answered.
    var armedMilliseconds: Int64?

    var peers: [String: PeerState]
    /// The keys of `peers`, sorted: what loops go over.
    let peerNames: [String]
    var pins: [String: RegionID] = [:]
    /// Regions that are gone for good, and followed no more.
    var removed: Set<RegionID> = []

    /// How far each feed is durably known here.
    var cursors: [RegionID: FeedPosition] = [:]
    /// How far each feed has been received: what the next poll asks behind.
    var received: [RegionID: FeedPosition] = [:]
    var merges: Deque<Merge> = []
    var mergeInFlight: Merge?

    var isStarted = false
    /// Where the reading of pending versions goes on.
    var loadAfter: VersionReference?
    var isLoading = false
    var isLoaded = false
    /// What waits is being read once more, and has to be again from the beginning.
    var isRereading = false
    var isReadingStale = false
    /// A merge failed that may be durable all the same.
    var isMergeUncertain = false
    /// Something was withheld by rules since the start.
    var hasWithheld = false
    var pending = PendingTable()
    var toExamine: Deque<Int> = []
    var examining: [Int] = []
    /// A put has become hopeless since tombstones were examined.
    var areDeletesStale = false
    /// Names that became ready or changed since the examination under way began.
    var changedNames: Set<ObjectName> = []
    var toPublish: Deque<Int> = []
    var publishing: [Int] = []
    /// Failures of the own store in a row, and until when it is left alone.
    var storeFailures = 0
    var isStoreResting = false

    var nameRequests: [ObjectName: NameRequest] = [:]
    var fetches = FetchQueue()
    var refusals: [SourceOfBlob: Refusal] = [:]

    var localCursor: FeedPosition?
    var isWatching = false
    var isWatchResting = false

    /// `peers` are the names of the regions to pull from.
    package init(
        region: RegionID, name: String, peers: [String],
        limits: ReplicationLimits = ReplicationLimits()
    ) {
        self.region = region
        self.name = name
        self.limits = limits
        peerNames = Set(peers).sorted()
        self.peers = Dictionary(uniqueKeysWithValues: peerNames.map { ($0, PeerState()) })
    }

    /// Takes in what happened and returns what is to be done about it.
    package mutating func on(_ event: ReplicationEvent) -> [ReplicationDirective] {
        nowMilliseconds = max(nowMilliseconds, event.nowMilliseconds)
        random = SplitMix(seed: event.random)
        apply(event.kind)
        pump()
        defer { directives = [] }
        return directives
    }

    /// Whether more may be taken in of versions that were asked for by range.
    var hasRoom: Bool { pending.count < limits.trackedEntries }

    /// Whether more may be taken in of an origin's feed. Each has a share of its own: one whose content cannot
    /// be completed, or that is gone, stops no other.
    func hasRoom(for origin: RegionID) -> Bool {
        let share = limits.trackedEntries / max(peerNames.count, 1)
        return pending.count(of: origin) < max(share, 1)
    }

    private mutating func apply(_ kind: ReplicationEvent.Kind) {
        switch kind {
        case .started(let cursors, let pins): started(cursors: cursors, pins: pins)
        case .pendingLoaded(let entries, let next): pendingLoaded(entries, next: next)
        case .greeted(let peer, let hello, let clock, let lost):
            greeted(by: peer, hello, clockMilliseconds: clock, lost: lost)
        case .pinned(let peer): pinned(peer)
        case .fed(let peer, let ranges, let held): fed(by: peer, ranges, held: held)
        case .answered(let peer, let answers): answered(by: peer, answers)
        case .stated(let peer, let statements): stated(by: peer, statements)
        case .returned(let peer, let range): returned(by: peer, range)
        case .peerFailed(let peer, let call, let error): peerFailed(peer, call, error)
        case .merged(let wrongInline): merged(wrongInline: wrongInline)
        case .examined(let examinations): examined(examinations)
        case .published: published()
        case .storeFailed(let call, let message): storeFailed(call, message)
        case .recovered(let peer, let entries):
            for entry in entries { track(entry, fedBy: peer) }
        case .fetchProgressed(let blob, let bytes): fetches.progressed(blob, bytes: bytes)
        case .fetched(let blob): fetched(blob)
        case .fetchFailed(let blob, let failure): fetchFailed(blob, failure)
        case .localChanged(let names, let through): localChanged(names, through: through)
        case .tick: ticked()
        case .removed(let regions): remove(regions)
        case .retry: retryAll()
        }
    }

    private mutating func started(
        cursors: [RegionID: FeedPosition], pins: [String: RegionID]
    ) {
        self.cursors = cursors
        received = cursors
        self.pins = pins
        for (peer, region) in pins { peers[peer]?.region = region }
        isStarted = true
        for peer in peerNames { connect(peer) }
    }

    private mutating func pendingLoaded(_ entries: [PendingEntry], next: VersionReference?) {
        for entry in entries { track(entry, fedBy: nil) }
        isLoading = false
        storeFailures = 0
        if isReadingStale { return rereadFromStart() }
        isLoaded = isLoaded || next == nil
        isRereading = isRereading && next != nil
        loadAfter = next
    }

    /// No faster than it is examined, and for those that come in by feeds there is room meanwhile: of what is withheld
    /// there may be any number.
    private mutating func pumpLoad() {
        guard isStarted, !isLoaded || isRereading, !isLoading, !isStoreResting,
            toExamine.count < (isLoaded ? limits.examinedEntries : limits.trackedEntries)
        else { return }
        isLoading = true
        directives.append(.loadPending(after: loadAfter))
    }

    /// Has all that waits read again.
    mutating func rereadWaiting() {
        if isLoading { isReadingStale = true } else { rereadFromStart() }
    }

    private mutating func rereadFromStart() {
        isReadingStale = false
        isRereading = isLoaded
        loadAfter = nil
    }

    private mutating func pump() {
        pumpLoad()
        pumpMerges()
        pumpExaminations()
        pumpPublications()
        pumpFetches()
        for peer in peerNames { pumpPeer(peer) }
        pumpWatch()
        arm()
    }

    private mutating func arm() {
        guard let next = timers.nextMilliseconds else { return }
        if let armedMilliseconds, armedMilliseconds <= next { return }
        armedMilliseconds = next
        directives.append(.wake(atMilliseconds: next))
    }

    private mutating func ticked() {
        if let armed = armedMilliseconds, armed <= nowMilliseconds { armedMilliseconds = nil }
        for key in timers.expire(nowMilliseconds: nowMilliseconds) { expired(key) }
    }

    private mutating func expired(_ key: Timers.Key) {
        switch key {
        case .reconnect(let peer): connect(peer)
        case .greet(let peer): greetAgain(peer)
        case .poll(let peer): peers[peer]?.isPollResting = false
        case .states(let peer, let blob): askState(of: blob, from: peer)
        case .name(let name): retryName(name)
        case .fetch(let blob): retryFetch(blob)
        case .examine(let entry): examineAgain(entry)
        case .store: isStoreResting = false
        case .watch: isWatchResting = false
        case .rules: rereadInTime()
        }
    }

    /// The operator's wish: whatever rests until its next attempt is tried now.
    private mutating func retryAll() {
        isStoreResting = false
        for peer in peerNames where peers[peer]?.phase == .apart { connect(peer) }
        for source in refusals.keys.sorted() { askState(of: source.blob, from: source.peer) }
        for blob in fetches.stalled { retryFetch(blob) }
        for name in nameRequests.keys.sorted() { retryName(name) }
        for entry in pending.parked { examineAgain(entry) }
    }

    /// How long to rest after so many failures.
    mutating func restMilliseconds(after attempts: Int, last: Int64? = nil) -> Int64 {
        Backoff.delayMilliseconds(
            attempts: attempts, first: limits.firstRetryMilliseconds,
            last: last ?? limits.lastRetryMilliseconds, random: random.next())
    }

    mutating func setTimer(_ key: Timers.Key, inMilliseconds: Int64) {
        timers.set(key, atMilliseconds: nowMilliseconds + inMilliseconds)
    }

    mutating func report(_ report: ReplicationReport) { directives.append(.report(report)) }
}
