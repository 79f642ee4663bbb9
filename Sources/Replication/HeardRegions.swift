// When another region last asked something of this one, and by what name. A region that asks is not gone, whether this
// one follows it or not. In memory: after a start it is known again as soon as each has asked once, which a
// region that follows this one does twice a minute.

package import Storage
internal import Synchronization

package final class HeardRegions: Sendable {
    private struct Heard {
        var atMilliseconds: Int64
        var name: String?
    }

    private let clock: any WallClock
    private let heard = Mutex<[RegionID: Heard]>([:])

    package init(clock: any WallClock) { self.clock = clock }

    /// Of a request whose signature is that of the region.
    package func note(_ region: RegionID) {
        let now = clock.milliseconds()
        heard.withLock { $0[region, default: Heard(atMilliseconds: now)].atMilliseconds = now }
    }

    /// What it calls itself.
    package func note(_ region: RegionID, named name: String) {
        note(region)
        heard.withLock { $0[region]?.name = name }
    }

    var all: Set<RegionID> { heard.withLock { Set($0.keys) } }

    func name(of region: RegionID) -> String? { heard.withLock { $0[region]?.name } }

    /// `nil` where it has asked nothing since the start. A clock that was set back says that it was just now.
    func millisecondsAgo(_ region: RegionID) -> Int64? {
        let now = clock.milliseconds()
        return heard.withLock { $0[region].map { max(0, now - $0.atMilliseconds) } }
    }
}
