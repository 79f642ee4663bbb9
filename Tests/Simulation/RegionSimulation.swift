// Regions in one process under simulated time, network and crashes, from one seed: the same seed is the
// same history. Steps wait in a queue ordered by time; each is one event of a state machine, one
// directive done, one client's request or one fault. Everything that a daemon does at once happens here
// one after the other, with the answer arriving after a delay: so a crash can come between any two steps,
// and answers overtake each other.

internal import HeapModule
internal import NIOCore
internal import Replication
internal import Storage

package struct SimulationPlan: Sendable {
    package var seed: UInt64
    package var regions: Int
    /// Undertakings of clients, over all regions.
    package var undertakings = 40
    package var faults = 8
    /// How often a region is put back to an older copy of all that it has.
    package var restores = 0
    /// Of simulated time, with clients and faults.
    package var activeMilliseconds: Int64 = 15_000
    /// More would be a machine that turns without getting on.
    package var stepsLimit = 15_000
    /// Of simulated time, until all regions must be equal.
    package var quietMilliseconds: Int64 = 600_000

    package init(seed: UInt64, regions: Int) {
        self.seed = seed
        self.regions = regions
    }
}

package struct SimulationResult: Sendable, Hashable {
    /// Of all that happened: equal for equal histories.
    package var fingerprint: UInt64 = 0xCBF2_9CE4_8422_2325
    package var steps = 0
    package var acknowledgedNames = 0
    package var lies = 0
    package var refusedSources = 0
    /// How often a region had again what another knew of its lost feed, and how often one read a feed from its start.
    package var recoveries = 0
    package var rewinds = 0
    package var crashes = 0
    /// Writes that a region lost by being put back, and that nobody else had.
    package var lost = 0
    package var convergedMilliseconds: Int64 = 0
    /// The last steps, where tracing was asked for.
    package var trace: [String] = []
}

package final class RegionSimulation {
    let plan: SimulationPlan
    let isTracing: Bool
    var random: SplitMix
    var clients: SimulatedClients
    let network: SimulatedNetwork
    let regions: [SimulatedRegion]
    var model = SimulationModel()
    var result = SimulationResult()
    var nowMilliseconds: Int64 = 0
    var steps = Heap<SimulatedStep>()
    private var lastOrder: UInt64 = 0
    /// Long polls and watches that are held open, by number.
    var held: [Int: HeldDirective] = [:]
    var lastHeld = 0

    package init(plan: SimulationPlan, isTracing: Bool = false) {
        self.plan = plan
        self.isTracing = isTracing
        random = SplitMix(seed: plan.seed)
        clients = SimulatedClients(seed: random.next())
        let network = SimulatedNetwork(seed: random.next())
        var skews = random
        self.network = network
        regions = (0..<plan.regions).map { index in
            SimulatedRegion(
                index: index, of: plan.regions, network: network,
                clock: SimulatedClock(skewMilliseconds: Int64(skews.next() % 400)),
                limits: Self.limits)
        }
        random = skews
    }

    /// Small enough that every path is taken: several pages, several parts, several batches.
    private static var limits: ReplicationLimits {
        var limits = ReplicationLimits()
        limits.feedEntries = 7
        limits.feedWait = .zero
        limits.smallBlobBytes = 8_000
        limits.smallFetches = 3
        limits.largeFetches = 2
        limits.sessionBytes = 50_000
        limits.partBytes = 16_000
        limits.examinedEntries = 9
        limits.publishedEntries = 11
        limits.namesPerRequest = 4
        limits.lastRetryMilliseconds = 10_000
        limits.greetingMilliseconds = 5_000
        return limits
    }

    /// Runs to the end. Throws `SimulationFailure` where something does not hold.
    package func run() async throws -> SimulationResult {
        try await begin()
        while let step = steps.popMin() {
            nowMilliseconds = max(nowMilliseconds, step.atMilliseconds)
            for region in regions {
                region.clock.set(milliseconds: 1_700_000_000_000 + nowMilliseconds)
            }
            result.steps += 1
            guard result.steps <= plan.stepsLimit else {
                throw SimulationFailure("the regions took more than \(plan.stepsLimit) steps")
            }
            fold(step)
            if try await perform(step) { break }
        }
        result.acknowledgedNames = model.acknowledgedCount
        result.lies = network.lies
        result.lost = model.lostCount
        result.convergedMilliseconds = nowMilliseconds
        return result
    }

    private func begin() async throws {
        for region in regions {
            let buckets = Buckets(objects: region.store, blobs: region.store)
            for bucket in [SimulatedClients.registryBucket, SimulatedClients.plainBucket] {
                try await buckets.create(bucket)
            }
            schedule(.boot(region: region.index), in: chance(50))
        }
        for _ in 0..<plan.undertakings {
            let region = Int(chance(Int64(plan.regions)))
            schedule(.undertaking(region: region), in: 100 + chance(plan.activeMilliseconds - 200))
        }
        for _ in 0..<plan.faults {
            schedule(.fault, in: 200 + chance(plan.activeMilliseconds - 400))
        }
        // Each another one: who is put back a second time is to have been heard out by then.
        precondition(plan.restores <= plan.regions, "a region is put back once")
        let first = plan.restores == 0 ? 0 : Int(chance(Int64(plan.regions)))
        for restore in 0..<plan.restores {
            let region = (first + restore) % plan.regions
            let taken = 300 + chance(plan.activeMilliseconds - 6_000)
            schedule(.copy(region: region), in: taken)
            schedule(.putBack(region: region), in: taken + 200 + chance(4_000))
        }
        schedule(.quiet, in: plan.activeMilliseconds)
    }

    func schedule(_ action: SimulatedStep.Action, in milliseconds: Int64) {
        lastOrder += 1
        steps.insert(
            SimulatedStep(
                atMilliseconds: nowMilliseconds + milliseconds, order: lastOrder, action: action))
    }

    /// A number below `limit`.
    func chance(_ limit: Int64) -> Int64 { Int64(random.next() % UInt64(max(limit, 1))) }

    func isChance(percent: Int64) -> Bool { chance(100) < percent }

    func trace(_ line: @autoclosure () -> String) {
        guard isTracing else { return }
        if result.trace.count > 4000 { result.trace.removeFirst(2000) }
        result.trace.append("\(nowMilliseconds) \(line())")
    }

    private func fold(_ step: SimulatedStep) {
        for value in [UInt64(step.atMilliseconds), step.order, step.action.code] {
            result.fingerprint = (result.fingerprint ^ value) &* 0x100_0000_01B3
        }
    }
}

/// A directive that is held open until something is new, or until its deadline.
struct HeldDirective {
    var region: Int
    var life: Int
    var directive: ReplicationDirective
    /// Whose store it waits for.
    var target: Int
    var untilMilliseconds: Int64
}

struct SimulatedStep: Comparable {
    enum Action {
        case boot(region: Int)
        case crash(region: Int)
        case copy(region: Int)
        case putBack(region: Int)
        case perform(
            region: Int, life: Int, ReplicationDirective, isSecondTime: Bool,
            heldUntilMilliseconds: Int64)
        case deliver(region: Int, life: Int, ReplicationEvent.Kind)
        case release(held: Int)
        case undertaking(region: Int)
        case request(region: Int, life: Int, [ClientRequest])
        case fault
        case mend(Fault)
        case quiet
        case look

        var code: UInt64 {
            switch self {
            case .boot(let region): 1 + UInt64(region) << 8
            case .crash(let region): 2 + UInt64(region) << 8
            case .perform(let region, _, _, _, _): 3 + UInt64(region) << 8
            case .deliver(let region, _, _): 4 + UInt64(region) << 8
            case .release(let held): 5 + UInt64(held) << 8
            case .undertaking(let region): 6 + UInt64(region) << 8
            case .request(let region, _, let rest): 7 + UInt64(region + 16 * rest.count) << 8
            case .fault: 8
            case .mend: 9
            case .quiet: 10
            case .look: 11
            case .copy(let region): 12 + UInt64(region) << 8
            case .putBack(let region): 13 + UInt64(region) << 8
            }
        }
    }

    enum Fault: Sendable {
        case partition(Int, Int)
        case loss
        case lying(region: Int)
        case disk(region: Int)
    }

    let atMilliseconds: Int64
    let order: UInt64
    let action: Action

    static func < (left: SimulatedStep, right: SimulatedStep) -> Bool {
        (left.atMilliseconds, left.order) < (right.atMilliseconds, right.order)
    }

    static func == (left: SimulatedStep, right: SimulatedStep) -> Bool { left.order == right.order }
}

extension RegionSimulation {
    /// The last steps before a failure.
    package var tail: String { result.trace.suffix(120).joined(separator: "\n") }
}
