// A region repaired from others: bytes, names, and what nobody has.

import Logging
import NIOCore
import Replication
import Simulation
import Storage
import Synchronization
import Testing

/// A store in memory that can be scrubbed: every blob is read.
private struct ScrubbedMemory: Scrubbing {
    let store: MemoryStore
    let blobs: [BlobID]
    var outcome = ScrubOutcome()
    var asked: @Sendable (ScrubOptions) -> Void = { _ in }
    var renewed: @Sendable () -> Void = {}

    func figures() async throws -> StoreFigures { try await store.figures() }

    func usage(of bucket: String) async throws -> BucketUsage {
        try await store.usage(of: bucket)
    }

    func damage(after: BlobID?, limit: Int) async throws -> [BlobDamage] {
        try await store.damage(after: after, limit: limit)
    }

    func scrub(
        _ options: ScrubOptions, _ report: any WorkReport,
        passed: @Sendable (UInt64) async throws -> Void
    ) async throws -> ScrubOutcome {
        asked(options)
        for blob in blobs {
            do {
                _ = try await store.content(of: blob, limitBytes: 1 << 20)
            } catch let error as StorageError where error.code == .damaged {
                report.add("damaged_chunks", 1)
            }
        }
        try await passed(7)
        return outcome
    }

    func renewJournal() async throws { renewed() }
}

private final class Told: WorkReport {
    private let state = Mutex<[JobFinding]>([])

    var findings: [JobFinding] { state.withLock { $0 } }

    func set(_ progress: JobProgress) {}
    func advance(_ done: UInt64) {}
    func add(_ figure: String, _ count: UInt64) {}
    func found(_ finding: JobFinding) { state.withLock { $0.append(finding) } }
    func checkCancellation() throws {}
}

@Suite("A repair", .timeLimit(.minutes(2)))
struct RepairTests {
    private let own = MemoryRegion("a", 1)
    private let other = MemoryRegion("b", 2)
    private static let body = bytes(20_000)

    private func settings() -> Settings { Settings(objects: own.store, blobs: own.store) }

    private func withRepair(
        of scrubbed: ScrubbedMemory, from peers: [any RegionTransport],
        _ body: (RepairRegion) async throws -> Void
    ) async throws {
        let peers = peers.map { ReplicationPeer(name: "b", url: "memory:", transport: $0) }
        let logger = Logger(label: "test")
        let mending = MendBlobs(peers: peers, stores: own.stores, logger: logger)
        let service = own.service(following: [])
        let repair = RepairRegion(
            store: scrubbed, settings: settings(), mending: mending,
            names: RecoverNames(peers: peers, feed: own.store),
            take: { try await service.take($0, from: $1) })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await mending.run() }
            group.addTask { try await service.run() }
            try await body(repair)
            group.cancelAll()
        }
    }

    private func keep(_ bytes: ByteBuffer, in region: MemoryRegion) async throws -> BlobID {
        try await region.store.keep(try await region.store.stage(bytes: bytes)).blob
    }

    @Test("mends what another region has, and names what nobody has")
    func mends() async throws {
        let good = try await keep(Self.body, in: own)
        _ = try await keep(Self.body, in: other)
        let lost = try await keep(bytes(300, seed: 4), in: own)
        let missing = try await keep(bytes(400, seed: 5), in: other)
        own.store.corrupt(good)
        own.store.corrupt(lost)
        let told = Told()
        let scrubbed = ScrubbedMemory(
            store: own.store, blobs: [good, lost],
            outcome: ScrubOutcome(missing: [BlobInfo(blob: missing, sizeBytes: 400)]))
        try await withRepair(of: scrubbed, from: [other.transport()]) { repair in
            try await repair.run(ScrubOptions(), told)
        }
        let outcomes = Dictionary(
            told.findings.map { ($0.subject, $0.outcome) }, uniquingKeysWith: { first, _ in first })
        #expect(
            outcomes == [
                good.description: .mended, lost.description: .beyondRepair,
                missing.description: .mended,
            ])
        #expect(try await own.store.content(of: good, limitBytes: 20_000) == Self.body)
        #expect(try await own.store.content(of: missing, limitBytes: 400) == bytes(400, seed: 5))
        #expect(try await own.store.damage(after: nil, limit: 9).map(\.blob) == [lost])
    }

    @Test("brings back names that were lost with records of the journal, and has it written anew")
    func names() async throws {
        try await other.createBuckets("images", "other")
        let first = try await other.put(ObjectName(bucket: "images", key: "k"), Self.body)
        let second = try await other.put(ObjectName(bucket: "other", key: "l"), bytes(40))
        try await settings().write(
            ByteBuffer(string: "batches 3 to 4 are lost"), to: RepairRegion.lostRecords)
        let told = Told()
        let renewals = Mutex(0)
        var scrubbed = ScrubbedMemory(
            store: own.store, blobs: [], outcome: ScrubOutcome(journalDamage: ["batch 3"]))
        scrubbed.renewed = { renewals.withLock { $0 += 1 } }
        try await withRepair(of: scrubbed, from: [other.transport()]) { repair in
            try await repair.run(ScrubOptions(), told)
            // Nothing was fetched: the service follows nobody. What rode along shows.
            try await own.shows(second)
        }
        let pending = try await own.store.registers(of: [first.name]).first?.pending
        #expect(pending?.map(\.version) == [first.version])
        #expect(told.findings.map(\.outcome) == [.mended, .mended])
        #expect(renewals.withLock { $0 } == 1)
        #expect(try await settings().read(RepairRegion.lostRecords) == nil)
    }

    @Test("tells once of records that are lost, where there is nobody to ask")
    func nobody() async throws {
        try await settings().write(ByteBuffer(string: "batch 3"), to: RepairRegion.lostRecords)
        let told = Told()
        let scrubbed = ScrubbedMemory(store: own.store, blobs: [])
        try await withRepair(of: scrubbed, from: []) { repair in
            try await repair.run(ScrubOptions(), told)
            try await repair.run(ScrubOptions(), told)
        }
        #expect(told.findings.map(\.outcome) == [.beyondRepair])
    }

    @Test("of its own accord is cut off by a restart, and goes on there")
    func interrupted() async throws {
        let begun = own.clock.milliseconds()
        let place =
            "{\"begunMilliseconds\":\(begun),\"firstChunkFile\":5,\"format\":1,\"isDone\":false}"
        try await settings().write(ByteBuffer(string: place), to: ScrubSchedule.path)
        let asked = Mutex<[UInt64]>([])
        var scrubbed = ScrubbedMemory(store: own.store, blobs: [])
        scrubbed.asked = { options in asked.withLock { $0.append(options.firstChunkFile) } }
        try await withRepair(of: scrubbed, from: []) { repair in
            let schedule = ScrubSchedule(
                repair: repair, settings: settings(), intervalDays: 14, bytesPerSecond: nil,
                clock: own.clock, logger: Logger(label: "test"))
            let began = try await schedule.runIfDue()
            let place = try await schedule.read()
            #expect(began && place?.isDone == true && place?.begunMilliseconds == begun)
        }
        #expect(asked.withLock { $0 } == [5])
    }

    @Test("of its own accord is made once in its interval")
    func schedule() async throws {
        let clock = own.clock
        let scrubbed = ScrubbedMemory(store: own.store, blobs: [])
        try await withRepair(of: scrubbed, from: []) { repair in
            func schedule() -> ScrubSchedule {
                ScrubSchedule(
                    repair: repair, settings: settings(), intervalDays: 14, bytesPerSecond: nil,
                    clock: clock, logger: Logger(label: "test"))
            }
            let new = try await schedule().runIfDue()
            clock.set(milliseconds: clock.milliseconds() + 14 * 86_400_000 - 1)
            let early = try await schedule().runIfDue()
            #expect(!new && !early)
            clock.set(milliseconds: clock.milliseconds() + 1)
            let next = try await schedule().runIfDue()
            #expect(next)
            let place = try await schedule().read()
            #expect(place?.isDone == true)
            #expect(place?.begunMilliseconds == clock.milliseconds())
        }
    }
}
