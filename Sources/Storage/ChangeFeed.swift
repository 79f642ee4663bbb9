// The contract that replication follows: what this region wrote, in order; what it took from others; and
// what of that is visible.

package import NIOCore

/// A version on its way between regions. The bytes of a small blob ride along, so that a link or a
/// manifest needs no second request.
package struct FeedEntry: Sendable, Hashable {
    package var object: ObjectVersion
    /// The whole blob of a put, where it is small; checked against the digest by who takes it in.
    package var inlineBytes: ByteBuffer?

    package init(object: ObjectVersion, inlineBytes: ByteBuffer? = nil) {
        self.object = object
        self.inlineBytes = inlineBytes
    }
}

/// "All entries of `origin` in (`after`, `through`]": whatever number of that stretch is not among the
/// entries was superseded.
package struct FeedRange: Sendable, Hashable {
    package var origin: RegionID
    package var after: FeedPosition
    package var through: FeedPosition
    /// Where the origin's feed ended when the range was made: what was left out was superseded by something up to there.
    package var head: FeedPosition
    /// Ascending by position.
    package var entries: [FeedEntry]

    /// Without `head` the range is all there was.
    package init(
        origin: RegionID, after: FeedPosition, through: FeedPosition, head: FeedPosition? = nil,
        entries: [FeedEntry]
    ) {
        self.origin = origin
        self.after = after
        self.through = through
        self.head = head ?? through
        self.entries = entries
    }
}

/// Names one version of one object.
package struct VersionReference: Sendable, Hashable {
    package var name: ObjectName
    package var version: Version

    package init(name: ObjectName, version: Version) {
        self.name = name
        self.version = version
    }
}

extension ObjectVersion {
    package var reference: VersionReference { VersionReference(name: name, version: version) }
}

package protocol ChangeFeed: Sendable {
    /// This region.
    var region: RegionID { get }

    /// For each origin known here, this region included, how far its feed is known.
    func cursors() async throws -> [RegionID: FeedPosition]

    /// For each origin known here, the last place of its feed of which anything is known here: of a version that came
    /// by its name, or where the feed ended when a range of it was made. Never before the cursor. Where the origin
    /// does not know that place any more, it was put back from an older copy. Of this region, the last number with the
    /// incarnation in which it goes on.
    func seen() async throws -> [RegionID: FeedPosition]

    /// The next stretch of an origin's feed behind `after`, at most `limit` entries; empty (`through` is
    /// `after`) where nothing is new. Throws `invalidArgument` for a position that was never issued: who
    /// asks has seen a future of this region that a restored backup lost.
    func entries(of origin: RegionID, after: FeedPosition, limit: Int) async throws -> FeedRange

    /// What is known here of an origin's feed behind `after`, however it came here and also behind the cursor, for that
    /// origin itself, which lost it. At most `limit` entries, in the order of `FeedPosition.precedes`; with the last of
    /// them `through` is not before the cursor, nor before the place that was seen.
    func known(of origin: RegionID, after: FeedPosition, limit: Int) async throws -> FeedRange

    /// Returns when this region knows something behind one of `cursors`, or at the deadline. An origin
    /// that is not among them is not waited for.
    func waitForChange(after cursors: [RegionID: FeedPosition], timeout: Duration) async

    /// Merges what another region said, and moves the origin's cursor, in one durable group. Ranges must
    /// continue the cursor (`invalidArgument` otherwise; overlap is fine). Puts arrive pending. A
    /// tombstone, and a put whose blob is here and whose name waits for nothing else, is the caller's to
    /// `publish`. Purges apply at once. Inline bytes become blobs in the same group: the caller has
    /// checked them against the digest of their entry. Idempotent.
    func merge(_ range: FeedRange) async throws

    /// Merges versions that were asked for by name, as above; no cursor moves. A version of this region's
    /// own that it had lost takes a new place, at the end of its feed: so whoever follows hears of it.
    func merge(_ entries: [FeedEntry]) async throws

    /// How far this region's own feed is the one that `position` is of: `position` itself where this region
    /// issued it. An earlier place where this region was put back from an older copy since: what `position`
    /// counts behind it was lost here.
    func shared(with position: FeedPosition) async throws -> FeedPosition

    /// Remembers, durably, that what another region knew of a lost stretch of this region's own feed is here again.
    func noteRecovered(_ stretch: LostStretch, from other: RegionRun) async throws

    /// Whether that was said of the stretch, or of one that goes on further.
    func isRecovered(_ stretch: LostStretch, from other: RegionRun) async throws -> Bool

    /// Moves the cursor of an origin that was put back from an older copy back to `position`, durably. `head` is where
    /// its feed ends now: nothing is known here that it does not know.
    func rewind(
        _ origin: RegionID, to position: FeedPosition, head: FeedPosition
    ) async throws

    /// Writes down how far `region` says that it knows each origin's feed, durably. What it said last
    /// counts, also where that is less than before.
    func confirm(_ cursors: [RegionID: FeedPosition], by region: RegionID) async throws

    /// The regions of which it is written down what they confirmed.
    func confirming() async throws -> Set<RegionID>

    /// Drops what `region` confirmed, durably. It is known no more, unless this region has something of its feed.
    func forget(_ region: RegionID) async throws

    /// Versions that wait to be published, in order of name, behind `after`.
    func pending(after: VersionReference?, limit: Int) async throws -> [ObjectVersion]

    /// Makes pending versions visible, all in one durable group. Throws `noSuchBlob` where the blob of one
    /// is not here, `sizeMismatch` where it has another size than the version says; what is not pending any more is passed over.
    func publish(_ references: [VersionReference]) async throws

    /// Lets go of puts that wait and are overtaken by a newer one that waits, all in one durable group: their origin
    /// does not tell of them any more either. What is not so (any more) is passed over.
    func dropOvertaken(_ references: [VersionReference]) async throws

    /// What is known of each name: versions newest first, pending ones included.
    func registers(of names: [ObjectName]) async throws -> [ObjectRegister]

    /// Names of the bucket of which a version that is known here, whatever shows, has this blob; in order, at most
    /// `limit`.
    func names(of blob: BlobID, in bucket: String, limit: Int) async throws -> [ObjectName]

    /// Every version of the bucket's names behind `after`, in order of name, at most `limit` names.
    func registers(
        in bucket: String, after: ObjectKey?, limit: Int
    ) async throws -> [(name: ObjectName, register: ObjectRegister)]
}
