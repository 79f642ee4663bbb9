// How much of the journal still means something.

struct JournalSize: Sendable, Hashable {
    /// What its files hold.
    var bytes: UInt64
    /// About what a new generation would leave out.
    var deadBytes: UInt64

    var liveBytes: UInt64 { bytes - min(bytes, deadBytes) }

    /// Whether it has grown past twice what is live.
    var isMostlyDead: Bool { bytes > 2 * liveBytes }
}
