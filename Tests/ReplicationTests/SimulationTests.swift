// Regions under random clients, crashes, partitions, losses and lies. `HOLDFAST_SEEDS=FIRST..LAST` runs
// others than the usual seeds (see Tools/simulate).

import Foundation
import Simulation
import Testing

@Suite("Regions in simulation")
struct SimulationTests {
    /// The usual seeds, or those of the environment.
    static let seeds: ClosedRange<UInt64> = {
        let ends = ProcessInfo.processInfo.environment["HOLDFAST_SEEDS"]?
            .components(separatedBy: "..").compactMap { UInt64($0) }
        guard let ends, ends.count == 2, ends[0] <= ends[1] else { return 1...100 }
        return ends[0]...ends[1]
    }()

    @Test("regions converge, and nothing is lost, corrupt or incomplete", arguments: [2, 3])
    func converge(regions: Int) async throws {
        var lies = 0
        var refused = 0
        var crashes = 0
        for seed in Self.seeds {
            let result = try await run(SimulationPlan(seed: seed, regions: regions))
            #expect(result.acknowledgedNames > 0, "seed \(seed) wrote nothing")
            lies += result.lies
            refused += result.refusedSources
            crashes += result.crashes
        }
        // A simulation in which nothing goes wrong would prove nothing.
        guard Self.seeds.count >= 20 else { return }
        #expect(crashes > 0)
        #expect(lies > 0)
        #expect(refused > 0)
    }

    @Test(
        "a region that is put back to an older copy gets back what others have", arguments: [2, 3])
    func restore(regions: Int) async throws {
        var lost = 0
        var recoveries = 0
        var rewinds = 0
        for seed in Self.seeds {
            var plan = SimulationPlan(seed: seed, regions: regions)
            plan.restores = 2
            plan.quietMilliseconds = 60_000
            let result = try await run(plan)
            lost += result.lost
            recoveries += result.recoveries
            rewinds += result.rewinds
        }
        guard Self.seeds.count >= 20 else { return }
        #expect(lost > 0)
        #expect(recoveries > 0)
        #expect(rewinds > 0)
    }

    @Test("the same seed is the same history", arguments: [3, 11] as [UInt64])
    func sameSeed(seed: UInt64) async throws {
        let plan = SimulationPlan(seed: seed, regions: 3)
        let first = try await RegionSimulation(plan: plan, isTracing: true).run()
        let second = try await RegionSimulation(plan: plan, isTracing: true).run()
        #expect(first == second)
        let other = SimulationPlan(seed: seed + 1, regions: 3)
        let third = try await RegionSimulation(plan: other).run()
        #expect(third.fingerprint != first.fingerprint)
    }

    /// A failure names its seed and shows how it ended.
    private func run(_ plan: SimulationPlan) async throws -> SimulationResult {
        do {
            return try await RegionSimulation(plan: plan).run()
        } catch {
            let again = RegionSimulation(plan: plan, isTracing: true)
            do {
                _ = try await again.run()
            } catch let repeated {
                Issue.record(
                    "seed \(plan.seed), \(plan.regions) regions: \(repeated)\n\(again.tail)")
            }
            throw error
        }
    }
}
