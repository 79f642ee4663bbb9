// The versions that wait to be published, with the index of who waits for which name. Pure bookkeeping;
// entries are known by ordinals, which ascend with the time they came in.

internal import Storage

struct TrackedEntry: Sendable {
    enum Phase: Sendable, Hashable {
        /// To be examined.
        case queued
        case examining
        case waiting
        /// Everything it needs is here: to be published.
        case ready
        case publishing
    }

    let entry: PendingEntry
    /// Who told of it; `nil` after a restart.
    let fedBy: String?
    var phase = Phase.queued
    /// Something changed while it was being examined.
    var isStale = false
    var isBlobMissing = false
    /// The names it waits for.
    var missing: Set<ObjectName> = []
    var isClosureKnown = false
    /// Names that its origin itself does not have: they do not hold it back.
    var excused: Set<ObjectName> = []
    var attempts = 0
    /// Why it cannot be published, where more than waiting is wrong.
    var trouble: String?

    var origin: RegionID { entry.version.region }
    var isPut: Bool { entry.blob != nil }
}

struct PendingTable: Sendable {
    private var entries: [Int: TrackedEntry] = [:]
    private var ordinals: [VersionReference: Int] = [:]
    private var versions: [ObjectName: [Int]] = [:]
    private var waiters: [ObjectName: Set<Int>] = [:]
    /// Puts that are ready or being published, by name.
    private var readyPuts: [ObjectName: Int] = [:]
    /// How many are of each origin.
    private var origins: [RegionID: Int] = [:]
    private var lastOrdinal = 0
    /// Entries in phase `waiting`.
    private(set) var waitingCount = 0

    var count: Int { entries.count }

    func count(of origin: RegionID) -> Int { origins[origin] ?? 0 }

    /// In no order.
    var entriesByOrdinal: [Int: TrackedEntry] { entries }

    subscript(ordinal: Int) -> TrackedEntry? {
        get { entries[ordinal] }
        set {
            count(entries[ordinal], -1)
            entries[ordinal] = newValue
            count(newValue, 1)
        }
    }

    /// All of them, oldest first.
    var all: [TrackedEntry] { entries.keys.sorted().compactMap { entries[$0] } }

    /// Those with trouble, oldest first.
    var parked: [Int] { entries.filter { $0.value.trouble != nil }.keys.sorted() }

    /// Those that wait, oldest first.
    var waiting: [Int] { entries.filter { $0.value.phase == .waiting }.keys.sorted() }

    func ordinal(of reference: VersionReference) -> Int? { ordinals[reference] }

    /// The ordinals of a name's versions.
    func ordinals(of name: ObjectName) -> [Int] { versions[name] ?? [] }

    /// A put of this name is on its way.
    func hasPut(of name: ObjectName) -> Bool {
        ordinals(of: name).contains { entries[$0]?.isPut == true }
    }

    /// A put of this name will be published with or before whatever becomes ready from now on.
    func isReady(_ name: ObjectName) -> Bool { readyPuts[name] != nil }

    /// Who waits for this name, oldest first.
    func waiters(for name: ObjectName) -> [Int] { waiters[name]?.sorted() ?? [] }

    /// Whose absence anyone waits for.
    func isAwaited(_ name: ObjectName) -> Bool { waiters[name] != nil }

    /// `nil` where it is known already.
    mutating func insert(_ entry: PendingEntry, fedBy peer: String?) -> Int? {
        guard ordinals[entry.reference] == nil else { return nil }
        lastOrdinal += 1
        ordinals[entry.reference] = lastOrdinal
        versions[entry.name, default: []].append(lastOrdinal)
        origins[entry.version.region, default: 0] += 1
        self[lastOrdinal] = TrackedEntry(entry: entry, fedBy: peer)
        return lastOrdinal
    }

    @discardableResult
    mutating func remove(_ ordinal: Int) -> TrackedEntry? {
        guard let tracked = entries[ordinal] else { return nil }
        setMissing([], of: ordinal)
        self[ordinal] = nil
        let left = count(of: tracked.origin) - 1
        origins[tracked.origin] = left == 0 ? nil : left
        ordinals[tracked.entry.reference] = nil
        let rest = ordinals(of: tracked.entry.name).filter { $0 != ordinal }
        versions[tracked.entry.name] = rest.isEmpty ? nil : rest
        return tracked
    }

    /// Replaces the names that an entry waits for.
    mutating func setMissing(_ names: Set<ObjectName>, of ordinal: Int) {
        guard let old = entries[ordinal]?.missing else { return }
        for name in old.subtracting(names) {
            waiters[name]?.remove(ordinal)
            if waiters[name]?.isEmpty == true { waiters[name] = nil }
        }
        for name in names.subtracting(old) { waiters[name, default: []].insert(ordinal) }
        entries[ordinal]?.missing = names
    }

    private mutating func count(_ tracked: TrackedEntry?, _ step: Int) {
        guard let tracked else { return }
        switch tracked.phase {
        case .queued, .examining:
            break
        case .waiting:
            waitingCount += step
        case .ready, .publishing:
            guard tracked.isPut else { return }
            let sum = (readyPuts[tracked.entry.name] ?? 0) + step
            readyPuts[tracked.entry.name] = sum == 0 ? nil : sum
        }
    }
}
