// Every bound of replication, in one value.

package struct ReplicationLimits: Sendable, Hashable {
    /// Entries that one answer to a feed request carries.
    package var feedEntries = 512
    /// How long the other side holds a feed request open while nothing is new.
    package var feedWait: Duration = .seconds(25)
    /// A blob up to this size rides along with the entry that names it.
    package var inlineBytes = 8 << 10
    /// Names, and digests, in one request.
    package var namesPerRequest = 256
    /// Versions that wait, looked at to tell whether a blob that is not here is expected.
    package var awaitedEntries = 4096
    /// Ranges that were received and wait to be merged; the feeds pause above it.
    package var queuedMerges = 4
    /// Versions that wait for their closure, in memory: of each origin an equal share for every peer. The feed
    /// of an origin pauses above its share.
    package var trackedEntries = 50_000
    /// Versions looked at, and versions published, in one step.
    package var examinedEntries = 512
    package var publishedEntries = 1024
    /// A blob up to this size counts as small: small ones have slots of their own, so that a large
    /// layer never holds up a small image.
    package var smallBlobBytes: UInt64 = 1 << 20
    package var smallFetches = 16
    package var largeFetches = 4
    /// A blob above this size is fetched as a durable upload session, in parts of `partBytes`.
    package var sessionBytes: UInt64 = 32 << 20
    package var partBytes: UInt64 = 16 << 20
    /// Parts that were received and are on their way to the disk while the next one arrives.
    package var partsInFlight = 2
    /// Retries go on for ever, at intervals that double from the first to the last.
    package var firstRetryMilliseconds: Int64 = 200
    package var lastRetryMilliseconds: Int64 = 60_000
    /// Of a connection: shorter, since a region that comes back should be followed at once.
    package var lastReconnectMilliseconds: Int64 = 5_000
    /// Between two handshakes of a connection that is up: in one, cursors are confirmed, clocks compared, and a region
    /// learns what it lost. `nil`: there is only the first.
    package var greetingMilliseconds: Int64? = 60_000
    /// After so many failures an entry is listed as parked; it is retried all the same.
    package var attemptsBeforeParking = 6
    /// Clocks that differ by more are reported.
    package var skewMilliseconds: Int64 = 5 * 60_000
    /// Names that a tombstone is said to wait for, or to break, at most: it waits as long as there is one.
    package var conflictNames = 64
    /// Revisions of a repository that are read to say which of them a deleted layer or child breaks.
    package var conflictManifests = 256
    /// What manifests name is remembered, of so many, while the names above tombstones are looked for.
    package var rememberedManifests = 4096
    /// Rounds in a row in which every region that is followed answered that it does not have a blob, before
    /// no tombstone waits for what needs it.
    package var roundsWithoutBlob = 4
    /// Rounds of asking for a name, after which its origin's word alone is enough that it does not exist.
    package var roundsWithoutName = 4
    /// What rules withhold is decided anew after this time, whatever happened.
    package var withheldRestMilliseconds: Int64 = 3_600_000
    /// Damaged blobs that are mended at a time.
    package var mendings = 4
    /// How long a blob that could not be mended is left alone; its readers are told what was said last.
    package var mendRest: Duration = .seconds(5)
    /// Failures of that kind that are remembered.
    package var mendFailures = 1024

    package init() {}
}
