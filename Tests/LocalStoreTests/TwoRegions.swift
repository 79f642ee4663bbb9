// Two regions on simulated disks, for tests of what either does to a registry that both hold.

import Simulation
import Storage

@testable import LocalStore

/// Regions that take each other's feeds by hand.
struct TwoRegions {
    let clock: TestClock
    let west: SimulatedRegion
    let east: SimulatedRegion
    let a: DurableStore
    let b: DurableStore

    init() async throws {
        west = SimulatedRegion()
        east = SimulatedRegion(seed: 100)
        clock = west.clock
        a = try await west.open()
        b = try await east.open()
        precondition(a.region != b.region, "two regions have one id")
    }

    func age(days: Int64 = 2) {
        for region in [west, east] {
            CollectRegistryTests.age(region, days: days)
        }
    }

    /// The regions hear of each other for the first time, at one time of day.
    func meet() async throws {
        east.clock.advance(milliseconds: clock.milliseconds() - east.clock.milliseconds())
        try await exchange()
    }

    /// Everything that is known on either side comes to the other.
    func exchange() async throws {
        for _ in 0..<2 {
            try await Self.carry(from: a, to: b)
            try await Self.carry(from: b, to: a)
        }
    }

    static func carry(from: DurableStore, to: DurableStore) async throws {
        let known = try await to.cursors()[from.region] ?? .start
        let range = try await from.entries(of: from.region, after: known, limit: 10_000)
        if range.through == known { return }
        try await to.merge(range)
        let pending = try await to.pending(after: nil, limit: 10_000)
        try await to.publish(
            pending.map(\.reference))
    }

    func close() async throws {
        try await a.close()
        try await b.close()
    }
}
