// The named limits of scrubbing.

package struct ScrubLimits: Sendable, Hashable {
    /// Read between two looks at the clock and at what else goes on.
    package var stepBytes = 8 << 20
    /// Chunk files that are read before what looked bad in them is held against the index.
    package var filesBetweenChecks = 64
    /// Stretches that look bad before they are held against the index.
    package var suspects = 100_000
    /// Entries of the index that are looked at in one step.
    package var pageEntries = 2000
    /// Blobs in one step where each is read as a whole.
    package var pageBlobs = 64
    /// So many operations of others under way count as load, which a scrub waits out,
    package var busyOperations = 2
    /// but not for longer than this in one step.
    package var longestPause: Duration = .milliseconds(200)
    /// Blobs without a record that a scrub names; the rest is found by the next one.
    package var missingBlobs = 10_000

    package init() {}
}
