// The time of day of a simulated region: what the simulation says, apart from the others' by its skew.

internal import Storage
internal import Synchronization

package final class SimulatedClock: WallClock {
    private let state: Mutex<Int64>
    private let skewMilliseconds: Int64

    package init(milliseconds: Int64 = 1_700_000_000_000, skewMilliseconds: Int64 = 0) {
        state = Mutex(milliseconds)
        self.skewMilliseconds = skewMilliseconds
    }

    package func milliseconds() -> Int64 { state.withLock { $0 } + skewMilliseconds }

    package func set(milliseconds: Int64) { state.withLock { $0 = milliseconds } }
}
