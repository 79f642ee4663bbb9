// The hybrid logical clock of a region: never behind the wall clock, never behind what it has seen,
// never the same twice.

/// A pure value; the wall clock is passed in. One lives in the committer, which alone stamps.
package struct HybridClock: Sendable {
    package private(set) var latest: HybridTimestamp

    package init(latest: HybridTimestamp = HybridTimestamp(rawValue: 0)) { self.latest = latest }

    /// The stamp of a local event: greater than every stamp issued or observed before, and than `floor`.
    package mutating func next(
        wallMilliseconds: Int64, above floor: HybridTimestamp? = nil
    ) -> HybridTimestamp {
        let wall = HybridTimestamp(milliseconds: UInt64(max(wallMilliseconds, 0)))
        let passed = max(latest, floor ?? latest)
        latest = wall > passed ? wall : passed.successor
        return latest
    }

    /// Takes note of a stamp that another region issued.
    package mutating func observe(_ stamp: HybridTimestamp) { latest = max(latest, stamp) }
}

/// Where the time of day comes from; passed in, so that a simulation decides it.
package protocol WallClock: Sendable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    func milliseconds() -> Int64
}
