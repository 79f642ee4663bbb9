// How long to wait before the next attempt: doubling from the first interval to the last, the later half
// of each by chance, so that regions that failed together do not come back together.

/// Random numbers out of one that was passed in (SplitMix64, Steele, Lea and Flood 2014).
package struct SplitMix: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

enum Backoff {
    /// `attempts` counts the failures so far, the one just now included.
    static func delayMilliseconds(
        attempts: Int, first: Int64, last: Int64, random: UInt64
    ) -> Int64 {
        let doublings = min(max(attempts - 1, 0), 32)
        let (grown, isTooLong) = first.multipliedReportingOverflow(by: 1 << doublings)
        let whole = isTooLong ? last : min(last, grown)
        let half = whole / 2
        return whole - half + Int64(random % UInt64(max(half, 1)))
    }
}
