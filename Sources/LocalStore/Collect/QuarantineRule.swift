// What is to become of one key of a registry, by what the mark says of it and how long it has been so.

internal import Storage

struct QuarantineRule: Sendable {
    /// What is done to a key.
    enum Step: Hashable, Sendable {
        case keep
        /// It is needed after all.
        case takeOut
        case quarantine
        /// In quarantine, and not long enough, or not known everywhere.
        case wait
        case remove
    }

    var region: RegionID
    var nowMilliseconds: Int64
    /// Nothing younger is garbage.
    var graceMilliseconds: Int64
    /// How long what is garbage stays in quarantine.
    var periodMilliseconds: Int64
    /// Up to which number of this region's feed every region that is known had confirmed when the run
    /// began. Taken before the mark, so that what they wrote before they confirmed is in the mark.
    var confirmedNumber: UInt64

    /// Whether it was written so lately that it counts as needed, with all that it reaches.
    func isYoung(_ version: ObjectVersion) -> Bool {
        nowMilliseconds - Int64(clamping: version.version.stamp.milliseconds) < graceMilliseconds
    }

    func step(_ version: ObjectVersion, isNeeded: Bool) -> Step {
        let since = version.content?.quarantinedMilliseconds
        if isNeeded { return since == nil ? .keep : .takeOut }
        guard let since else { return isYoung(version) ? .keep : .quarantine }
        let waited = nowMilliseconds - since
        guard version.version.region == region else {
            return waited > patience(with: version.version.region) ? .quarantine : .wait
        }
        guard waited >= periodMilliseconds, let position = version.position,
            position.number <= confirmedNumber
        else { return .wait }
        return .remove
    }

    /// How long what another region put in quarantine is left to it: whoever put it there takes it away, and a
    /// region that is no more, or does not collect any more, never will. Of two regions that both collect, only
    /// one is quick to take over; were both, they would take it from each other for ever.
    private func patience(with other: RegionID) -> Int64 {
        2 * periodMilliseconds + (region < other ? 0 : Self.longPatienceMilliseconds)
    }

    static let longPatienceMilliseconds: Int64 = 30 * 86_400_000
}
