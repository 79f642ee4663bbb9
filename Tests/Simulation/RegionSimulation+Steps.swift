// The steps of a simulation, one by one.

internal import NIOCore
internal import Replication
internal import Storage

extension RegionSimulation {
    private static let heldMilliseconds: Int64 = 20_000
    private static let lookEveryMilliseconds: Int64 = 500

    /// Returns whether the simulation is over.
    func perform(_ step: SimulatedStep) async throws -> Bool {
        switch step.action {
        case .boot(let region): try await boot(regions[region])
        case .crash(let region): try await crash(regions[region])
        case .copy(let region): regions[region].takeCopy()
        case .putBack(let region): try await putBack(regions[region])
        case .perform(let region, let life, let directive, let isSecondTime, let heldUntil):
            guard regions[region].life == life else { return false }
            try await perform(
                directive, in: regions[region], isSecondTime: isSecondTime, heldUntil: heldUntil)
        case .deliver(let region, let life, let kind):
            guard regions[region].life == life else { return false }
            try await deliver(kind, to: regions[region])
        case .release(let number): release(number)
        case .undertaking(let region):
            guard regions[region].isUp else { return false }
            schedule(
                .request(region: region, life: regions[region].life, clients.next()),
                in: chance(20))
        case .request(let region, let life, let requests):
            guard regions[region].life == life else { return false }
            try await request(requests, in: regions[region])
        case .fault: fault()
        case .mend(let fault): mend(fault)
        case .quiet: quiet()
        case .look: return try await look()
        }
        return false
    }

    private func boot(_ region: SimulatedRegion) async throws {
        guard !region.isUp else { return }
        trace("\(region.name) boots")
        region.boot()
        network.setDown(region.index, false)
        try await model.checkAll(in: region)
        try await deliver(try await region.performer.start(), to: region)
    }

    private func crash(_ region: SimulatedRegion) async throws {
        guard region.isUp else { return }
        trace("\(region.name) crashes")
        result.crashes += 1
        region.crash()
        network.setDown(region.index, true)
        try await model.checkAll(in: region)
    }

    /// Down for a while, and back as it was when its copy was taken.
    private func putBack(_ region: SimulatedRegion) async throws {
        try await crash(region)
        trace("\(region.name) is put back")
        region.putBack()
        try await model.putBack(region, among: regions)
        // Longer than clocks differ: what it writes from then on is stamped later than what it lost.
        schedule(.boot(region: region.index), in: 1_000 + chance(2_000))
    }

    private func deliver(
        _ kind: ReplicationEvent.Kind, to region: SimulatedRegion
    ) async throws {
        trace("\(region.name) < \(kind.text)")
        region.told.formUnion(kind.tells(merging: region.merging))
        let event = ReplicationEvent(
            nowMilliseconds: nowMilliseconds, random: random.next(), kind: kind)
        for directive in region.machine?.on(event) ?? [] {
            trace("\(region.name) > \(directive.text)")
            switch directive {
            case .wake(let atMilliseconds):
                let rest = max(0, atMilliseconds - nowMilliseconds)
                schedule(.deliver(region: region.index, life: region.life, .tick), in: rest)
            case .report(let report):
                switch report {
                case .refusedSource: result.refusedSources += 1
                case .recovered: result.recoveries += 1
                case .rewound: result.rewinds += 1
                default: break
                }
            case .publish(let references):
                try await model.checkOrder(of: references, in: region)
                begin(directive, in: region)
            default:
                region.merging = directive.mergedPuts ?? region.merging
                begin(directive, in: region)
            }
        }
    }

    private func begin(_ directive: ReplicationDirective, in region: SimulatedRegion) {
        let delay = directive.peer == nil ? chance(3) : 1 + chance(40)
        let until = nowMilliseconds + Self.heldMilliseconds
        schedule(
            .perform(
                region: region.index, life: region.life, directive, isSecondTime: false,
                heldUntilMilliseconds: until), in: delay)
        // The network may bring a request twice, and so may a retry below the transport. A cursor is moved back by
        // the store alone, one step after the other.
        guard isChance(percent: 3), !directive.isRewind else { return }
        schedule(
            .perform(
                region: region.index, life: region.life, directive, isSecondTime: true,
                heldUntilMilliseconds: 0), in: delay + chance(60))
    }

    private func perform(
        _ directive: ReplicationDirective, in region: SimulatedRegion, isSecondTime: Bool,
        heldUntil: Int64
    ) async throws {
        let kind = await outcome(of: directive, in: region)
        if directive.changesStore { woken(by: region) }
        if case .examine(_, let hopeless) = directive { region.hopeless.formUnion(hopeless) }
        if case .examined(let examinations)? = kind {
            try await model.checkDeletes(examinations, in: region)
        }
        if case .publish(let references) = directive {
            try await model.check(references.map(\.name), in: region)
        }
        guard !isSecondTime, let kind else { return }
        if kind.isWithoutNews, nowMilliseconds < heldUntil {
            return hold(directive, in: region, until: heldUntil)
        }
        let delay = directive.peer == nil ? chance(4) : 1 + chance(40)
        schedule(.deliver(region: region.index, life: region.life, kind), in: delay)
    }

    /// A disk in trouble refuses before anything is done, or after all of it.
    private func outcome(
        of directive: ReplicationDirective, in region: SimulatedRegion
    ) async -> ReplicationEvent.Kind? {
        guard region.hasDiskTrouble, let step = directive.storeStep, isChance(percent: 30) else {
            return await region.performer.perform(directive) { _ in }
        }
        if case .fetch(let blob, _, _) = directive {
            return .fetchFailed(blob, .storeFull(message: "the disk is full"))
        }
        if isChance(percent: 50) { _ = await region.performer.perform(directive) { _ in } }
        return .storeFailed(step, message: "the disk refused")
    }

    private func hold(
        _ directive: ReplicationDirective, in region: SimulatedRegion, until: Int64
    ) {
        let target = directive.peer.flatMap(SimulatedRegion.index) ?? region.index
        lastHeld += 1
        held[lastHeld] = HeldDirective(
            region: region.index, life: region.life, directive: directive, target: target,
            untilMilliseconds: until)
        schedule(.release(held: lastHeld), in: until - nowMilliseconds)
    }

    /// A store changed: whoever waits for news of it looks again.
    private func woken(by region: SimulatedRegion) {
        for number in held.filter({ $0.value.target == region.index }).keys.sorted() {
            release(number)
        }
    }

    private func release(_ number: Int) {
        guard let waiting = held.removeValue(forKey: number) else { return }
        schedule(
            .perform(
                region: waiting.region, life: waiting.life, waiting.directive, isSecondTime: false,
                heldUntilMilliseconds: waiting.untilMilliseconds), in: 0)
    }

    private func request(_ requests: [ClientRequest], in region: SimulatedRegion) async throws {
        guard let first = requests.first else { return }
        switch first {
        case .put(let name, let bytes, let reaches, let isShared):
            // A registry refuses a name whose blobs it does not show: the push ends there.
            let registers = try await region.store.registers(of: reaches)
            guard registers.allSatisfy({ $0.visible != nil }) else { return }
            if isShared, try await region.store.object(name) != nil { break }
            let staged = try await region.store.stage(bytes: bytes)
            guard let blob = staged.blob else { return }
            let content = ObjectContent(
                blob: blob, sizeBytes: staged.sizeBytes, lastModifiedMilliseconds: 0, etag: "")
            acknowledge(
                try await region.store.commit(.put(name, content, staged, .none)), region, reaches)
            try await model.check([name], in: region)
        case .delete(let name):
            acknowledge(try await region.store.commit(.delete(name, .none)), region, [])
        }
        woken(by: region)
        schedule(
            .request(region: region.index, life: region.life, Array(requests.dropFirst())),
            in: 1 + chance(60))
    }

    private func acknowledge(
        _ object: ObjectVersion?, _ region: SimulatedRegion, _ reaches: [ObjectName]
    ) {
        guard let object else { return }
        trace("\(region.name) acknowledges \(object.name)@\(object.version.stamp.rawValue)")
        model.acknowledge(object, by: region.index, reaches: reaches)
    }

    private func fault() {
        let region = Int(chance(Int64(plan.regions)))
        let other = (region + 1 + Int(chance(Int64(plan.regions) - 1))) % plan.regions
        switch chance(5) {
        case 0:
            network.setPartitioned(region, other, true)
            schedule(.mend(.partition(region, other)), in: 100 + chance(4000))
        case 1:
            schedule(.crash(region: region), in: 0)
            schedule(.boot(region: region), in: 50 + chance(3000))
        case 2:
            network.setLoss(percent: 5 + Int(chance(25)))
            schedule(.mend(.loss), in: 100 + chance(4000))
        case 3:
            regions[region].hasDiskTrouble = true
            schedule(.mend(.disk(region: region)), in: 100 + chance(3000))
        default:
            network.setLying(region, percent: 50)
            schedule(.mend(.lying(region: region)), in: 500 + chance(6000))
        }
    }

    private func mend(_ fault: SimulatedStep.Fault) {
        switch fault {
        case .partition(let one, let other): network.setPartitioned(one, other, false)
        case .loss: network.setLoss(percent: 0)
        case .lying(let region): network.setLying(region, percent: 0)
        case .disk(let region): regions[region].hasDiskTrouble = false
        }
    }

    private func quiet() {
        trace("quiet")
        network.heal()
        for region in regions {
            region.hasDiskTrouble = false
            schedule(.boot(region: region.index), in: 0)
        }
        schedule(.look, in: Self.lookEveryMilliseconds)
    }

    /// Are all regions equal, with nothing left to do?
    private func look() async throws -> Bool {
        let expected = try await model.expected(in: regions)
        var reason: String?
        for region in regions {
            try await model.checkAll(in: region)
            let status = region.machine?.status(urls: [:], wallMilliseconds: 0)
            // What nobody can complete any more waits for ever.
            let pending = model.wasPutBack ? 0 : status?.lag.pendingEntries ?? 0
            let difference = try await model.difference(of: region, from: expected)
            reason =
                reason ?? difference
                ?? (pending == 0 ? nil : "\(region.name) still has \(pending) entries pending")
        }
        guard let reason else {
            try await model.checkLost(in: regions)
            return true
        }
        guard nowMilliseconds < plan.activeMilliseconds + plan.quietMilliseconds else {
            throw SimulationFailure("the regions never became equal: \(reason)")
        }
        schedule(.look, in: Self.lookEveryMilliseconds)
        return false
    }
}

extension ReplicationDirective {
    /// The peer that it needs; `nil` for what is done at home.
    fileprivate var peer: String? {
        switch self {
        case .handshake(let peer), .poll(let peer, _), .askNames(let peer, _),
            .askStates(let peer, _), .askLost(let peer, _), .fetch(_, _, let peer):
            peer
        case .loadPending, .pin, .merge, .mergeNamed, .rewind, .noteRecovered, .examine, .publish,
            .watchLocal, .wake, .report:
            nil
        }
    }

    /// What fails when the disk refuses; `nil` for what does not need it.
    fileprivate var storeStep: StoreStep? {
        switch self {
        case .loadPending: .loadPending
        case .merge, .mergeNamed, .rewind, .noteRecovered: .merge
        case .examine: .examine
        case .publish: .publish
        case .watchLocal: .watch
        case .fetch: .fetch
        case .handshake, .pin, .poll, .askNames, .askStates, .askLost, .wake, .report: nil
        }
    }

    /// The puts that a merge brings; `nil` for anything else.
    fileprivate var mergedPuts: [VersionReference]? {
        let entries: [FeedEntry]
        switch self {
        case .merge(let range): entries = range.entries
        case .mergeNamed(let named): entries = named
        default: return nil
        }
        return entries.compactMap { PendingEntry($0.object) }.filter { $0.blob != nil }
            .map(\.reference)
    }

    fileprivate var changesStore: Bool {
        switch self {
        case .merge, .mergeNamed, .publish: true
        default: false
        }
    }

    fileprivate var isRewind: Bool {
        if case .rewind = self { true } else { false }
    }
}

extension ReplicationEvent.Kind {
    /// The puts that a machine learns of by this event.
    fileprivate func tells(merging: [VersionReference]) -> [VersionReference] {
        switch self {
        case .merged: merging
        case .pendingLoaded(let entries, _):
            entries.filter { $0.blob != nil }.map(\.reference)
        default: []
        }
    }

    /// An answer that a daemon would have held open.
    fileprivate var isWithoutNews: Bool {
        switch self {
        case .fed(_, let ranges, let held): ranges.isEmpty && held == nil
        case .localChanged(let names, _): names?.isEmpty ?? false
        default: false
        }
    }
}
