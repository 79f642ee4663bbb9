// What `holdfast status` says of replication: values, read from the state machine when asked for.

package import Storage

package struct ReplicationStatus: Sendable, Hashable {
    package var region: RegionID
    package var name: String
    /// In order of name.
    package var peers: [PeerStatus]
    package var lag: ReplicationLag
    /// Running and queued, running ones first; at most `Self.listLimit`.
    package var fetches: [FetchStatus]
    package var parked: [ParkedEntry]
    package var refusedSources: [RefusedSource]

    /// How many rows a list holds at most; the counts in `lag` are always whole.
    package static let listLimit = 100

    package init(
        region: RegionID, name: String, peers: [PeerStatus] = [],
        lag: ReplicationLag = ReplicationLag(), fetches: [FetchStatus] = [],
        parked: [ParkedEntry] = [], refusedSources: [RefusedSource] = []
    ) {
        self.region = region
        self.name = name
        self.peers = peers
        self.lag = lag
        self.fetches = fetches
        self.parked = parked
        self.refusedSources = refusedSources
    }
}

/// What is known here and not published yet.
package struct ReplicationLag: Sendable, Hashable {
    package var pendingEntries: Int
    /// Of the blobs that are still to be fetched.
    package var outstandingBytes: UInt64
    /// Since the oldest of them was written; `nil` where none waits.
    package var oldestMilliseconds: Int64?

    package init(
        pendingEntries: Int = 0, outstandingBytes: UInt64 = 0, oldestMilliseconds: Int64? = nil
    ) {
        self.pendingEntries = pendingEntries
        self.outstandingBytes = outstandingBytes
        self.oldestMilliseconds = oldestMilliseconds
    }
}

package struct PeerStatus: Sendable, Hashable {
    package var name: String
    /// Where it is, as the operator wrote it.
    package var url: String
    /// `nil` until it has been met for the first time.
    package var region: RegionID?
    package var isConnected: Bool
    /// Why it is not connected, or what it last failed at.
    package var lastError: String?
    /// How far the peer's own feed is known, durably, here.
    package var cursor: FeedPosition?
    /// Its clock less ours, at the last handshake.
    package var clockSkewMilliseconds: Int64?
    /// Since its last answer; `nil` before the first since the start.
    package var heardMillisecondsAgo: Int64?
    /// Of the versions that this peer originated.
    package var lag: ReplicationLag

    package init(
        name: String, url: String, region: RegionID? = nil, isConnected: Bool = false,
        lastError: String? = nil, cursor: FeedPosition? = nil,
        clockSkewMilliseconds: Int64? = nil, heardMillisecondsAgo: Int64? = nil,
        lag: ReplicationLag = ReplicationLag()
    ) {
        self.name = name
        self.url = url
        self.region = region
        self.isConnected = isConnected
        self.lastError = lastError
        self.cursor = cursor
        self.clockSkewMilliseconds = clockSkewMilliseconds
        self.heardMillisecondsAgo = heardMillisecondsAgo
        self.lag = lag
    }
}

package struct FetchStatus: Sendable, Hashable {
    package var blob: BlobID
    package var sizeBytes: UInt64
    package var receivedBytes: UInt64
    /// The peer it comes from; `nil` while it waits for a slot or a source.
    package var source: String?
    package var attempts: Int

    package init(
        blob: BlobID, sizeBytes: UInt64, receivedBytes: UInt64 = 0, source: String? = nil,
        attempts: Int = 0
    ) {
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.receivedBytes = receivedBytes
        self.source = source
        self.attempts = attempts
    }
}

/// A version that keeps failing, and why. It is retried, at long intervals.
package struct ParkedEntry: Sendable, Hashable {
    package var name: ObjectName
    package var version: Version
    package var reason: String

    package init(name: ObjectName, version: Version, reason: String) {
        self.name = name
        self.version = version
        self.reason = reason
    }
}

/// A peer that sent wrong bytes for a digest, and is not asked for it until it has offered it again.
package struct RefusedSource: Sendable, Hashable {
    package var peer: String
    package var blob: BlobID
    package var times: Int

    package init(peer: String, blob: BlobID, times: Int) {
        self.peer = peer
        self.blob = blob
        self.times = times
    }
}
