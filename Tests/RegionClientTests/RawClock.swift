import Glibc
import Storage

enum RawClock {
    /// Gives other threads a moment; nothing depends on how long.
    static func pause() { usleep(1000) }
}

/// The time of day, off by so much.
struct ShiftedClock: WallClock {
    var shiftMilliseconds: Int64 = 0

    func milliseconds() -> Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000 + shiftMilliseconds
    }
}
