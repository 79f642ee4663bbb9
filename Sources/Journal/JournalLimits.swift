// The named limits of the journal.

package struct JournalLimits: Sendable, Hashable {
    /// A file that has reached this is followed by a new one.
    package var fileBytes: UInt64 = 256 << 20
    /// The body of one batch. A reader takes no larger one for a batch.
    package var batchBytes = 32 << 20
    /// How much is read from the disk at a time.
    package var windowBytes = 1 << 20

    package init() {}
}
