// A backup that is put back among other regions after they have forgotten deletions that it has never heard of would
// show again what was deleted, for ever. Deletions are remembered for so long after every region has confirmed them
// (`tombstoneMilliseconds`), and the region of the backup had confirmed what came after it: so a copy that is older
// than that is refused.
//
// A copy says when it was made by the number of its journal's generation (`BackUp`), and each start writes an
// incarnation of its own, numbered by the clock as well. So one that was never started has none behind its making:
// it is refused before it has, whatever is tried in between. One that was started before, in time, has been among
// the others since, or is waited for like any region that is away.

internal import Journal
internal import Storage

struct RefuseOldCopy {
    /// Numbers that only a clock gives: milliseconds from September 2001 on.
    private static let leastClockNumber: UInt64 = 1_000_000_000_000
    private static let dayMilliseconds: Int64 = 86_400_000

    let retentionMilliseconds: Int64
    let nowMilliseconds: Int64

    /// `lastIncarnation` is that of the last start before this one. Throws `refusedToOpen`.
    func check(generation: UInt64, lastIncarnation: UInt64) throws(StorageError) {
        guard generation >= Self.leastClockNumber, lastIncarnation < generation else { return }
        let age = nowMilliseconds - Int64(clamping: generation)
        guard age > retentionMilliseconds else { return }
        throw StorageError(
            .refusedToOpen,
            "this is a backup of \(age / Self.dayMilliseconds) days ago, and other regions forget deletions after"
                + " \(retentionMilliseconds / Self.dayMilliseconds): among them it would show again what was deleted;"
                + " start from an empty directory and fetch everything from them, or without peers, and never"
                + " among them again")
    }
}
