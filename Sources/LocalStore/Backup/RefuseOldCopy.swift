// A backup that is put back among other regions after they have forgotten deletions that it has never heard of would
// show again what was deleted, for ever. Deletions are remembered for so long after every region has confirmed them
// (`tombstoneMilliseconds`), and the region of the backup had confirmed what came after it: so a copy that is older
// than that is refused.
//
// A copy says how old it is by its mark (`CopyMark`). It is judged at every start among others, however often it was
// started alone meanwhile, and once more by the clock of the first region that it hears of, since its own may be
// behind. From then on it is a region like any other: it has told where it is, and is waited for.
//
// A copy without a mark is of an earlier program. It says when it was made by the number of its journal's
// generation, and each start writes an incarnation of its own, numbered by the clock as well; so one that was
// never started has none behind its making.

internal import DiskIO
internal import Journal
internal import Storage
internal import Synchronization

struct RefuseOldCopy {
    /// Numbers that only a clock gives: milliseconds from September 2001 on.
    private static let leastClockNumber: UInt64 = 1_000_000_000_000
    private static let dayMilliseconds: Int64 = 86_400_000

    let retentionMilliseconds: Int64
    let nowMilliseconds: Int64

    /// Throws `refusedToOpen`.
    func check(_ mark: CopyMark) throws(StorageError) {
        try refuse(age: mark.ageMilliseconds(nowMilliseconds: nowMilliseconds))
    }

    /// Of a copy without a mark. `lastIncarnation` is that of the last start before this one, `newestMilliseconds`
    /// the greatest stamp that is known. Throws `refusedToOpen`.
    func check(
        generation: UInt64, lastIncarnation: UInt64, newestMilliseconds: UInt64
    ) throws(StorageError) {
        guard generation >= Self.leastClockNumber, lastIncarnation < generation else { return }
        try check(
            CopyMark(
                madeMilliseconds: Int64(clamping: generation),
                newestMilliseconds: Int64(clamping: newestMilliseconds)))
    }

    private func refuse(age: Int64) throws(StorageError) {
        guard age > retentionMilliseconds else { return }
        throw StorageError(
            .refusedToOpen,
            "this is a backup of \(age / Self.dayMilliseconds) days ago, and other regions forget deletions after"
                + " \(retentionMilliseconds / Self.dayMilliseconds): among them it would show again what was deleted;"
                + " start from an empty directory and fetch everything from them, or without peers, and never"
                + " among them again")
    }
}

extension DurableStore {
    /// Another region was heard of, whose clock says this. Where this one is a copy that was not among others yet,
    /// it is judged by that clock too, and is none any more from then on, durably. Throws `refusedToOpen` for
    /// one that is too old.
    package func meet(clockMilliseconds: Int64) async throws {
        guard isCopy.load(ordering: .relaxed) else { return }
        let (disk, path) = (disk, configuration.copyMark)
        let directory = configuration.directory
        let judge = RefuseOldCopy(
            retentionMilliseconds: configuration.limits.generations.tombstoneMilliseconds,
            nowMilliseconds: max(clockMilliseconds, clock.milliseconds()))
        try await pool.run {
            guard let mark = try CopyMark.read(path, on: disk) else { return }
            try judge.check(mark)
            try disk.remove(path)
            try disk.syncDirectory(directory)
        }
        isCopy.store(false, ordering: .relaxed)
    }
}
