// What the simulated disk shows, and what of it would survive: names and files.

internal import DiskIO
internal import Glibc
internal import Replication

struct SimulatedDiskState: Sendable {
    /// One change of names: each path to the file it then names, or to none.
    struct NameChange: Sendable {
        var set: [(path: String, file: Int?)]
    }

    var files: [Int: SimulatedContent] = [:]
    var names: [String: Int] = [:]
    private var durableNames: [String: Int] = [:]
    /// What was done to names since their directories were synced, in order.
    private var pendingNames: [NameChange] = []
    /// Directories are durable when they are made, as the contract says.
    var directories: Set<String> = ["/"]
    var locks: Set<String> = []
    private var nextFile = 0

    var availableBytes: UInt64
    /// Handles and locks of an earlier epoch are dead.
    var epoch = 0
    var isPoweredOff = false
    var calls: [SimulatedDisk.Call] = []
    var uses: [SimulatedDisk.Call] = []
    /// Of `uses`.
    var failure: (number: Int, code: CInt)?
    /// Space left on file systems of their own, by the directory they are mounted on.
    var mounts: [String: UInt64] = [:]
    var crashAtCall: (number: Int, loss: SimulatedDisk.Loss)?
    var failures: [Int: CInt] = [:]
    var failingOperations: [SimulatedDisk.Operation: CInt] = [:]
    var unreadable: [String: (range: Range<UInt64>, times: Int)] = [:]

    init(availableBytes: UInt64) { self.availableBytes = availableBytes }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    /// Throws where a read touches what cannot be read.
    mutating func requireReadable(_ path: String, _ range: Range<UInt64>) throws(DiskError) {
        guard let bad = unreadable[path], bad.range.overlaps(range), bad.times > 0 else { return }
        unreadable[path] = (bad.range, bad.times - 1)
        throw DiskError(code: EIO, operation: "read", path: path)
    }

    var usedBytes: UInt64 { files.values.reduce(0) { $0 + UInt64($1.content.count) } }

    // MARK: Calls

    /// Takes note of any call; throws where it is to fail.
    mutating func use(_ operation: SimulatedDisk.Operation, _ path: String) throws(DiskError) {
        try requirePower(operation.rawValue, path)
        uses.append(.init(operation: operation, path: path))
        guard let failure, failure.number == uses.count else { return }
        throw DiskError(code: failure.code, operation: operation.rawValue, path: path)
    }

    /// Counts a call that changes something; throws where it is to fail.
    mutating func count(_ operation: SimulatedDisk.Operation, _ path: String) throws(DiskError) {
        try use(operation, path)
        calls.append(.init(operation: operation, path: path))
        if let crash = crashAtCall, calls.count >= crash.number {
            self.crash(crash.loss)
            try requirePower(operation.rawValue, path)
        }
        if let code = failures[calls.count] ?? failingOperations[operation] {
            throw DiskError(code: code, operation: operation.rawValue, path: path)
        }
    }

    func requirePower(_ operation: String, _ path: String) throws(DiskError) {
        guard isPoweredOff else { return }
        throw DiskError(code: SimulatedDisk.poweredOff, operation: operation, path: path)
    }

    private func mount(of path: String) -> String? {
        mounts.keys.filter { path == $0 || path.hasPrefix($0 + "/") }.max { $0.count < $1.count }
    }

    func space(of path: String) -> UInt64 {
        mount(of: path).flatMap { mounts[$0] } ?? availableBytes
    }

    /// Throws `ENOSPC` where there is not so much.
    mutating func takeSpace(_ bytes: UInt64, for path: String) throws(DiskError) {
        guard bytes <= space(of: path) else {
            throw DiskError(code: ENOSPC, operation: "write", path: path)
        }
        if let mount = mount(of: path) {
            mounts[mount, default: 0] -= bytes
        } else {
            availableBytes -= bytes
        }
    }

    func requireDirectory(of path: String, _ operation: String) throws(DiskError) {
        guard !directories.contains(Self.parent(of: path)) else { return }
        throw DiskError(code: ENOENT, operation: operation, path: path)
    }

    // MARK: Names

    mutating func create(_ path: String) {
        nextFile += 1
        files[nextFile] = SimulatedContent()
        apply(NameChange(set: [(path, nextFile)]))
    }

    mutating func apply(_ change: NameChange) {
        for (path, file) in change.set { names[path] = file }
        pendingNames.append(change)
    }

    /// A rename within one directory is one change; across two it is durable when either is synced.
    mutating func syncNames(in directory: String) {
        let synced = pendingNames.filter { change in
            change.set.contains { Self.parent(of: $0.path) == directory }
        }
        for change in synced {
            for (path, file) in change.set { durableNames[path] = file }
        }
        pendingNames.removeAll { change in
            change.set.contains { Self.parent(of: $0.path) == directory }
        }
    }

    // MARK: Loss

    mutating func crash(_ loss: SimulatedDisk.Loss) {
        isPoweredOff = true
        switch loss {
        case .nothing:
            return
        case .everything:
            for file in files.keys { files[file]?.dropUnsynced() }
        case .random(let seed):
            var random = SplitMix(seed: seed)
            for file in files.keys.sorted() { files[file]?.tear(&random) }
            // File systems write names through a log: what is kept is the beginning.
            let kept = Int.random(in: 0...pendingNames.count, using: &random)
            for change in pendingNames.prefix(kept) {
                for (path, file) in change.set { durableNames[path] = file }
            }
        }
        names = durableNames
        pendingNames = []
        let named = Set(names.values)
        files = files.filter { named.contains($0.key) }
    }
}

/// One file: what it shows, what is durable, and which sectors and pages differ in what way.
struct SimulatedContent: Sendable {
    static let sectorBytes = 512
    static let pageBytes = 4096

    private(set) var content: [UInt8] = []
    private var durable: [UInt8] = []
    /// Sectors written and not synced.
    private var unsynced: Set<Int> = []
    /// Pages that are not in memory.
    private var cold: Set<Int> = []
    /// Pages that were punched out and not written since.
    private var holes: Set<Int> = []

    mutating func write(_ bytes: ArraySlice<UInt8>, at offset: Int) {
        guard !bytes.isEmpty else { return }
        let end = offset + bytes.count
        let sizeBefore = content.count
        if content.count < end {
            content.append(contentsOf: repeatElement(0, count: end - content.count))
        }
        Self.copy(bytes, to: offset, of: &content)
        let changed = min(offset, sizeBefore)..<end
        unsynced.formUnion(Self.units(changed, Self.sectorBytes))
        cold.subtract(Self.units(changed, Self.pageBytes))
        holes.subtract(Self.units(offset..<end, Self.pageBytes))
    }

    mutating func sync() {
        if durable.count < content.count {
            durable.append(
                contentsOf: repeatElement(0, count: content.count - durable.count))
        }
        // Runs of neighbours at once.
        var run = 0..<0
        for sector in unsynced.sorted() {
            if sector != run.upperBound {
                keep(run)
                run = sector..<sector
            }
            run = run.lowerBound..<sector + 1
        }
        keep(run)
        unsynced = []
    }

    /// The kernel gives up: what was not synced stays in memory, counts as clean, and is not on the disk.
    mutating func failSync() { unsynced = [] }

    mutating func evict(_ range: Range<Int>) {
        let pages = Self.units(range.clamped(to: 0..<content.count), Self.pageBytes)
        for page in pages {
            let bytes = page * Self.pageBytes..<min((page + 1) * Self.pageBytes, content.count)
            // A page that is not written back stays.
            guard unsynced.isDisjoint(with: Self.units(bytes, Self.sectorBytes)) else { continue }
            cold.insert(page)
            Self.copy(
                [UInt8](repeating: 0, count: bytes.count)[...], to: bytes.lowerBound, of: &content)
            Self.copy(
                durable[bytes.clamped(to: 0..<durable.count)], to: bytes.lowerBound, of: &content)
        }
    }

    func isResident(_ range: Range<Int>) -> Bool {
        cold.isDisjoint(with: Self.units(range, Self.pageBytes))
    }

    /// Reading brings pages into memory, unless it goes past it: then it sees what the disk has, and what was
    /// not written back is written first.
    mutating func read(_ count: Int, at offset: Int, pastMemory: Bool) -> [UInt8] {
        guard offset < content.count else { return [] }
        let range = offset..<min(offset + count, content.count)
        if pastMemory { return onDisk(range) }
        cold.subtract(Self.units(range, Self.pageBytes))
        return Array(content[range])
    }

    private func onDisk(_ range: Range<Int>) -> [UInt8] {
        var bytes = Array(content[range])
        for sector in Self.units(range, Self.sectorBytes) where !unsynced.contains(sector) {
            let stretch = sector * Self.sectorBytes..<(sector + 1) * Self.sectorBytes
            let known = stretch.clamped(to: range).clamped(to: 0..<durable.count)
            guard !known.isEmpty else { continue }
            bytes.replaceSubrange(
                known.lowerBound - range.lowerBound..<known.upperBound - range.lowerBound,
                with: durable[known])
        }
        return bytes
    }

    mutating func punch(_ range: Range<Int>) {
        for index in range.clamped(to: 0..<content.count) { content[index] = 0 }
        unsynced.formUnion(Self.units(range.clamped(to: 0..<content.count), Self.sectorBytes))
        let lower = (range.lowerBound + Self.pageBytes - 1) / Self.pageBytes
        let upper = range.upperBound / Self.pageBytes
        if lower < upper { holes.formUnion(lower..<upper) }
    }

    var allocatedBytes: UInt64 {
        let pages = (content.count + Self.pageBytes - 1) / Self.pageBytes
        return UInt64((pages - holes.count) * Self.pageBytes)
    }

    mutating func flip(_ index: Int, bit: UInt8, onlyOnDisk: Bool) {
        precondition(index < content.count, "there is no byte \(index)")
        if !onlyOnDisk { content[index] ^= 1 << bit }
        if index < durable.count { durable[index] ^= 1 << bit }
    }

    mutating func zero(_ range: Range<Int>) {
        for index in range.clamped(to: 0..<content.count) { content[index] = 0 }
        for index in range.clamped(to: 0..<durable.count) { durable[index] = 0 }
    }

    mutating func cut(to size: Int) {
        content.removeLast(max(0, content.count - size))
        durable.removeLast(max(0, durable.count - size))
    }

    mutating func dropUnsynced() {
        content = durable
        unsynced = []
        cold = Set(Self.units(0..<content.count, Self.pageBytes))
    }

    mutating func tear(_ random: inout SplitMix) {
        for sector in unsynced.sorted() where Bool.random(using: &random) {
            let end = min((sector + 1) * Self.sectorBytes, content.count)
            if durable.count < end {
                durable.append(contentsOf: repeatElement(0, count: end - durable.count))
            }
            keep(sector..<sector + 1)
        }
        dropUnsynced()
    }

    private mutating func keep(_ sectors: Range<Int>) {
        guard !sectors.isEmpty else { return }
        let end = min(sectors.upperBound * Self.sectorBytes, content.count)
        let range = sectors.lowerBound * Self.sectorBytes..<end
        Self.copy(content[range], to: range.lowerBound, of: &durable)
    }

    /// By memory, since tests are compiled without optimisation.
    private static func copy(_ bytes: ArraySlice<UInt8>, to offset: Int, of target: inout [UInt8]) {
        bytes.withUnsafeBytes { bytes in
            target.withUnsafeMutableBytes { target in
                UnsafeMutableRawBufferPointer(rebasing: target[offset..<offset + bytes.count])
                    .copyMemory(from: bytes)
            }
        }
    }

    private static func units(_ range: Range<Int>, _ size: Int) -> Range<Int> {
        range.isEmpty ? 0..<0 : range.lowerBound / size..<(range.upperBound - 1) / size + 1
    }
}
