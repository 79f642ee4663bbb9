// All that the state machine ever wants done. Directives may be done at once and in any order, since
// the machine issues a step only when what it follows from has been answered.

package import Storage

package enum ReplicationDirective: Sendable, Hashable {
    case loadPending(after: VersionReference?)

    case handshake(peer: String)
    /// Write down durably which region a peer's name stands for.
    case pin(peer: String, RegionID)
    case poll(peer: String, cursors: [RegionID: FeedPosition])
    case askNames(peer: String, [ObjectName])
    case askStates(peer: String, [BlobID])
    /// Ask for what this region lost of its own feed.
    case askLost(peer: String, after: FeedPosition)

    case merge(FeedRange)
    case mergeNamed([FeedEntry])
    /// Move an origin's cursor back; answered by `merged`.
    case rewind(RegionID, to: FeedPosition, head: FeedPosition)
    /// What a region knew of what was lost of the own feed is here again; answered by `merged`.
    case noteRecovered(LostStretch, from: RegionRun)
    /// `hopeless` are puts for which no tombstone waits (`OrderOfDeletes`).
    case examine([PendingEntry], hopeless: Set<VersionReference> = [])
    case publish([VersionReference])

    case fetch(BlobID, sizeBytes: UInt64, peer: String)

    /// Answer when this region's own feed has something behind the position; with `nil`, say at once
    /// where it is now.
    case watchLocal(after: FeedPosition?)
    /// Send a `tick` at that time. A later directive with an earlier time comes in addition.
    case wake(atMilliseconds: Int64)
    case report(ReplicationReport)
}

/// What the log is told.
package enum ReplicationReport: Sendable, Hashable {
    case connected(peer: String, RegionID)
    case disconnected(peer: String, reason: String)
    /// A second identity under a known name, or this region itself.
    case refusedPeer(peer: String, met: RegionID, reason: String)
    case clockSkew(peer: String, milliseconds: Int64)
    /// Its feed is followed only up to this entry for now.
    case held(peer: String, HeldEntry)
    /// It does not take this region any more, and says why.
    case refused(by: String, message: String)
    /// Our cursor was never issued there: the peer was put back from an older copy.
    case unknownPosition(peer: String, message: String)
    /// It was, has fetched back what it lost, and is followed from there.
    case rewound(peer: String, to: FeedPosition)
    /// This region was put back from an older copy: what the peer has of its feed is fetched back.
    case recovering(peer: String, LostStretch)
    case recovered(peer: String)
    case malformedAnswer(peer: String, message: String)
    case refusedSource(peer: String, BlobID, message: String)
    case parked(VersionReference, reason: String)
    /// A tombstone was published although visible names reach what it deleted.
    case brokenClosure(tombstone: ObjectName, breaks: [ObjectName])
    case storeFailed(StoreStep, message: String)
}

/// What an examination found of one pending version.
package struct Examination: Sendable, Hashable {
    package enum Finding: Sendable, Hashable {
        /// It does not wait any more: superseded, purged or published already.
        case settled
        /// Nothing missing means that it can be published. Where the closure is not known yet, more may
        /// turn out to be missing once this is here.
        case put(isBlobMissing: Bool, missingNames: [ObjectName], isClosureKnown: Bool)
        /// `waitsFor` are names of which a newer version is to be published first; where there are none it can be
        /// published, and `breaks` are the visible names that it breaks.
        case tombstone(breaks: [ObjectName], waitsFor: [ObjectName])
        /// A link or a manifest that cannot be read.
        case unreadable(reason: String)
        /// By the rules of its bucket: it is not for this region, or would be incomplete here.
        case withheld
    }

    package var reference: VersionReference
    package var finding: Finding
    /// Versions here under the missing names, which may have been withheld until something needed them.
    package var waiting: [PendingEntry]
    /// Of a put that is withheld by its name, those before it: they would wait for ever.
    package var overtaken: [VersionReference]

    package init(
        reference: VersionReference, finding: Finding, waiting: [PendingEntry] = [],
        overtaken: [VersionReference] = []
    ) {
        self.reference = reference
        self.finding = finding
        self.waiting = waiting
        self.overtaken = overtaken
    }
}
