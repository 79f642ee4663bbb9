// What the machine knows of one peer.

internal import DequeModule
internal import Storage

struct PeerState: Sendable {
    enum Phase: Sendable, Hashable {
        /// Not connected, no attempt under way.
        case apart
        case greeting
        /// Met for the first time: its identity is being written down.
        case pinning
        case connected
    }

    var phase = Phase.apart
    /// The pinned identity, once met.
    var region: RegionID?
    /// Failures in a row, until an answer to a poll.
    var attempts = 0
    var lastError: String?
    /// What was reported as an alarm: once, not at each attempt.
    var lastAlarm: String?
    var skewMilliseconds: Int64?
    /// When the region that the name stands for last answered.
    var heardMilliseconds: Int64?
    /// What its feed was cut at, the last time.
    var held: HeldEntry?

    /// What the poll under way asked behind; `nil` while none is.
    var polled: [RegionID: FeedPosition]?
    var pollStartedMilliseconds: Int64 = 0
    /// The last answer was empty and came at once, or none was given: not asked again in the same instant.
    var isPollResting = false
    /// It was put back from an older copy, and tells nothing of its feed before it has again what is known here.
    var isFeedRefused = false

    /// What it has of this region's feed and is fetched back.
    var lost: LostFeed?
    /// A handshake of a connection that is up is under way, and when the next one is due.
    var isGreetingAgain = false
    var nextGreetingMilliseconds: Int64 = 0

    var namesToAsk: Deque<ObjectName> = []
    var askedNames: [ObjectName] = []
    var blobsToAsk: Deque<BlobID> = []
    var askedBlobs: [BlobID] = []

    var isConnected: Bool { phase == .connected }

    /// Whether what it writes comes here.
    var isFollowed: Bool { isConnected && !isFeedRefused }
}

/// How far the way back of a lost stretch is.
struct LostFeed: Sendable {
    let stretch: LostStretch
    /// Who knows it.
    let run: RegionRun
    /// What the next request asks behind.
    var next: FeedPosition
    var isAsked = false
    /// All has come, and waits to be merged.
    var isComplete = false

    init(_ stretch: LostStretch, knownTo run: RegionRun) {
        self.stretch = stretch
        self.run = run
        next = stretch.after
    }
}

/// A peer as a source of a blob.
struct SourceOfBlob: Hashable, Comparable, Sendable {
    var blob: BlobID
    var peer: String

    static func < (left: SourceOfBlob, right: SourceOfBlob) -> Bool {
        (left.blob, left.peer) < (right.blob, right.peer)
    }
}

/// A source that sent wrong bytes.
struct Refusal: Hashable, Sendable {
    var times = 0
    /// It has said since that it has the blob: it may be tried again.
    var isLifted = false
    /// It has said since that it does not have the blob.
    var isAbsent = false
}
