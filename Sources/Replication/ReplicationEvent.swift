// All that the state machine ever learns. Each directive is answered by exactly one event (a fetch may
// report progress before); `tick` answers `wake`.

package import Storage

package struct ReplicationEvent: Sendable, Hashable {
    /// Never goes back while the machine lives.
    package var nowMilliseconds: Int64
    package var random: UInt64
    package var kind: Kind

    package init(nowMilliseconds: Int64, random: UInt64, kind: Kind) {
        self.nowMilliseconds = nowMilliseconds
        self.random = random
        self.kind = kind
    }

    package enum Kind: Sendable, Hashable {
        /// The first event: what the store knew when the machine was made.
        case started(cursors: [RegionID: FeedPosition], pins: [String: RegionID])
        /// A page of what waits to be published; more follows behind `next`.
        case pendingLoaded([PendingEntry], next: VersionReference?)

        /// `lost` is what the peer has of this region's own feed and this region does not.
        case greeted(peer: String, Hello, clockMilliseconds: Int64, lost: LostStretch? = nil)
        case pinned(peer: String)
        /// Ranges, and the entry at which one of them was cut because it is held.
        case fed(peer: String, [FeedRange], held: HeldEntry? = nil)
        case answered(peer: String, [EntryAnswer])
        case stated(peer: String, [BlobStatement])
        /// A stretch of this region's own feed that was lost here.
        case returned(peer: String, FeedRange)
        case peerFailed(peer: String, PeerStep, TransportError)

        /// The merge is durable. Inline bytes of `wrongInline` did not have their digest.
        case merged(wrongInline: [BlobID])
        case examined([Examination])
        case published
        /// The store could not do what it was told, whatever that was.
        case storeFailed(StoreStep, message: String)

        /// Versions of a peer, asked for beside its feed, that are durable and pending.
        case recovered(peer: String, [PendingEntry])

        case fetchProgressed(BlobID, receivedBytes: UInt64)
        case fetched(BlobID)
        case fetchFailed(BlobID, FetchFailure)

        /// Names that changed here behind the watched position; `nil` says that any may have.
        case localChanged([ObjectName]?, through: FeedPosition)
        case tick
        /// Regions that are gone for good: those of the settings at the start, or one more.
        case removed(Set<RegionID>)
        /// The operator wants everything that waits for its next attempt to be tried now.
        case retry
    }
}

/// A request to a peer that can fail.
package enum PeerStep: String, Sendable, Hashable {
    case handshake
    case pin
    case feed
    case lost
    case names
    case states
}

/// A step of the own store that can fail.
package enum StoreStep: String, Sendable, Hashable {
    case loadPending
    case merge
    case examine
    case publish
    case watch
    /// There is no room for what would be fetched.
    case fetch
}

/// What a peer said of a blob.
package struct BlobStatement: Sendable, Hashable {
    package var blob: BlobID
    package var state: BlobState

    package init(blob: BlobID, state: BlobState) {
        self.blob = blob
        self.state = state
    }
}

package enum FetchFailure: Error, Sendable, Hashable {
    case transport(TransportError)
    /// The bytes do not have the digest. The source is to blame unless some of them came from elsewhere.
    case wrongBytes(message: String, isSourceToBlame: Bool)
    /// The own store refused.
    case store(message: String)
    /// The own store has no room: neither the source nor the blob is to blame.
    case storeFull(message: String)
}

/// A version that waits to be published: as little of it as the decisions need.
package struct PendingEntry: Sendable, Hashable {
    package var name: ObjectName
    package var version: Version
    /// `nil` for a tombstone.
    package var blob: BlobID?
    package var sizeBytes: UInt64
    package var versionID: VersionID

    package init(
        name: ObjectName, version: Version, blob: BlobID?, sizeBytes: UInt64,
        versionID: VersionID = .unversioned
    ) {
        self.name = name
        self.version = version
        self.blob = blob
        self.sizeBytes = sizeBytes
        self.versionID = versionID
    }

    /// `nil` for a purge, which applies at once and never waits.
    package init?(_ object: ObjectVersion) {
        switch object.kind {
        case .put(let content):
            self.init(
                name: object.name, version: object.version, blob: content.blob,
                sizeBytes: content.sizeBytes, versionID: object.versionID)
        case .tombstone:
            self.init(
                name: object.name, version: object.version, blob: nil, sizeBytes: 0,
                versionID: object.versionID)
        case .purge:
            return nil
        }
    }

    package var reference: VersionReference { VersionReference(name: name, version: version) }

    /// Whether this one is over once `other` of the same name is published.
    func isSuperseded(by other: PendingEntry) -> Bool {
        version < other.version && versionID.names(other.versionID)
    }
}
