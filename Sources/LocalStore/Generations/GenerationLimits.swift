// The named limits of journal generations.

package struct GenerationLimits: Sendable, Hashable {
    /// A journal that is smaller is left as it is, however little of it is live.
    package var leastBytes: UInt64 = 64 << 20
    /// To what part of its size the journal may grow, in percent, while much of it is about to die.
    package var postponedPercent: UInt64 = 200
    /// The body of a batch of a new generation; one record may exceed it.
    package var batchBytes = 1 << 20
    /// What is written of a new generation between two syncs.
    package var syncBytes: UInt64 = 32 << 20
    /// What may be left for the committer to carry over while everyone waits.
    package var tailBytes: UInt64 = 1 << 20
    /// How often the rest is carried over before a generation is given up, since writers are too quick.
    package var carryRounds = 100
    /// Entries that are looked at, and commits that are handed over, at a time when what expired is forgotten.
    package var forgetEntries = 1000
    /// How long completing an upload again answers the same.
    package var endedUploadMilliseconds: Int64 = 7 * 24 * 3_600_000
    /// How long a tombstone or purge is kept after every region has confirmed it.
    package var tombstoneMilliseconds: Int64 = 30 * 24 * 3_600_000

    package init() {}
}
