// A copy of a store that goes on being used: what was acknowledged before is in it, whatever happens meanwhile.

import ChunkFiles
import DiskIO
import Journal
import MetadataIndex
import NIOCore
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

/// Tells those who load a store that it is enough.
private final class Enough: Sendable {
    private let isSaid = Atomic(false)

    func say() { isSaid.store(true, ordering: .relaxed) }

    var isNot: Bool { !isSaid.load(ordering: .relaxed) }
}

@Suite("A backup")
struct BackUpTests {
    private static let target = "/backup"

    /// The copy, opened as a region of its own, on the disk where the first one still runs.
    private static func open(
        _ region: SimulatedRegion, limits: LocalStoreLimits = testLimits()
    ) async throws -> DurableStore {
        let index = MemoryIndex()
        return try await DurableStore.open(
            HeldDirectory(
                LocalStoreConfiguration(directory: target, limits: limits), disk: region.disk),
            index: IndexFactory(open: { _ in index }, destroy: { _ in }), clock: region.clock,
            random: numbers(seed: 99), logger: quiet)
    }

    /// A region with two objects in chunk files, and one in the journal.
    private static func few() async throws -> (SimulatedRegion, DurableStore, Ledger) {
        let region = SimulatedRegion()
        let store = try await region.open(limits: collectLimits())
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for size in [90, 40_000, 70_000] {
            try await store.put(ObjectKey("k/\(size)"), pattern(size, seed: UInt64(size)), ledger)
        }
        return (region, store, ledger)
    }

    @Test(
        "holds all that was there: objects, uploads with their parts, versions, places in the feed")
    func whole() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        let followed = try GenerationTests.State(store)
        let report = Recorded()
        try await store.backUp(to: Self.target, report)
        #expect(report.findings.isEmpty)
        #expect(report.figure("copied_bytes") > 0)
        try await store.put("later", Scenario.small, Ledger())
        let copy = try await Self.open(region)
        #expect(copy.region == store.region)
        #expect(copy.incarnation > store.incarnation)
        var state = try GenerationTests.State(copy).asAfter(followed)
        // A generation holds nothing that is dead.
        state.head.deadBytes = followed.head.deadBytes
        #expect(state == followed)
        try await ledger.check(copy, "the copy")
        try await copy.put("mine", Scenario.large, ledger)
        try await ledger.check(copy, "the copy goes on")
        try await copy.close()
        try await store.close()
    }

    @Test(
        "of a store that is written to, deleted from and collected meanwhile is what it was before")
    func underLoad() async throws {
        let directory = try TemporaryDirectory()
        var limits = collectLimits()
        limits.scrub.busyOperations = .max
        let store = try await openReal(directory, limits: limits)
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for number in 0..<40 {
            try await store.put(
                ObjectKey("k/\(number)"), pattern(30_000, seed: UInt64(number)), ledger)
        }
        for number in stride(from: 0, to: 40, by: 3) {
            try await store.delete(ObjectKey("k/\(number)"), ledger)
        }
        let enough = Enough()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<3 {
                group.addTask {
                    var number = 0
                    while enough.isNot {
                        let key = ObjectKey("w/\(writer)/\(number % 5)")
                        let bytes = pattern(40_000, seed: UInt64(number * 3 + writer))
                        try await store.put(key, bytes, Ledger())
                        if number % 2 == 1 {
                            try await store.commit(.delete(Ledger.name(key), .none))
                        }
                        number += 1
                    }
                }
            }
            group.addTask {
                while enough.isNot {
                    try await store.collect()
                    try await store.renewJournal()
                }
            }
            for round in 0..<4 {
                try await store.backUp(to: directory.path + "/copy\(round)", Recorded())
            }
            enough.say()
            try await group.waitForAll()
        }
        try await store.collectAll()
        try await store.close()
        for round in 0..<4 {
            let copy = try await DurableStore.open(
                HeldDirectory(
                    LocalStoreConfiguration(
                        directory: directory.path + "/copy\(round)", limits: limits),
                    disk: PosixDisk()), index: .rocks(), clock: TestClock(),
                random: numbers(seed: 5),
                logger: quiet)
            for number in 0..<40 {
                let content = try await copy.object(Ledger.name(ObjectKey("k/\(number)")))?.content
                #expect((content == nil) == (number % 3 == 0), "k/\(number)")
                guard let content else { continue }
                let bytes = try await copy.content(of: content.blob, limitBytes: 1 << 20)
                #expect(bytes == pattern(30_000, seed: UInt64(number)))
            }
            let deep = Recorded()
            let outcome = try await copy.scrub(ScrubOptions(isDeep: true), deep) { _ in }
            #expect(outcome.missing.isEmpty && outcome.journalDamage.isEmpty)
            #expect(deep.findings.isEmpty)
            #expect(try await copy.damage(after: nil, limit: 10).isEmpty)
            try await copy.close()
        }
    }

    @Test("keeps what becomes garbage meanwhile; its space is given back afterwards")
    func gate() async throws {
        let region = SimulatedRegion()
        let store = try await region.open(limits: collectLimits())
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        for number in 0..<12 {
            try await store.put(
                ObjectKey("k/\(number)"), pattern(60_000, seed: UInt64(number)), ledger)
        }
        let before = try store.physicalBytes()
        try await store.gate.whileClosed {
            for number in 0..<12 { try await store.delete(ObjectKey("k/\(number)"), ledger) }
            let report = try await store.collect()
            let kept = report.findings.filter { $0.outcome == .kept }
            #expect(kept.map(\.reason) == [ReclaimGate.reason])
            #expect(try store.physicalBytes() == before)
            let hasBegun = await store.gate.step { Issue.record("bytes go while a backup is made") }
            #expect(!hasBegun)
        }
        try await store.collectAll()
        #expect(try store.physicalBytes() < before / 4)
        try await store.close()
    }

    @Test("that is cut off anywhere leaves the store whole, and a copy that is whole or refused")
    func cutOff() async throws {
        let (region, store, _) = try await Self.few()
        let first = region.disk.calls.count
        try await store.backUp(to: Self.target, Recorded())
        let calls = region.disk.calls.count - first
        try await store.close()
        #expect(calls > 12)
        for cut in 1...calls {
            let (region, store, ledger) = try await Self.few()
            region.disk.crash(
                atCall: region.disk.calls.count + cut, .random(seed: UInt64(cut)))
            let isDone = (try? await store.backUp(to: Self.target, Recorded())) != nil
            _ = try? await store.close()
            region.restart()
            let isBegun = region.disk.paths.contains { $0.hasPrefix(Self.target + "/") }
            if isDone || isBegun {
                do {
                    let copy = try await Self.open(region)
                    try await ledger.check(copy, "the copy, cut at call \(cut)")
                    try await copy.close()
                } catch let error as StorageError {
                    #expect(!isDone && error.code == .refusedToOpen, "cut at call \(cut): \(error)")
                }
            }
            let again = try await region.open()
            try await ledger.check(again, "the store, cut at call \(cut)")
            try await again.close()
        }
    }

    @Test("that was given up is told from a whole one, by a start and by the next backup")
    func givenUp() async throws {
        let (region, store, ledger) = try await RecoveryTests.eventful()
        await #expect(throws: CancellationError.self) {
            try await store.backUp(
                to: Self.target, Recorded(checks: 3))
        }
        await #expect { _ = try await Self.open(region) } throws: { error in
            (error as? StorageError)?.message.contains("not finished") == true
        }
        await #expect { try await store.backUp(to: Self.target, Recorded()) } throws: { error in
            (error as? StorageError)?.message.contains("not finished") == true
        }
        #expect(!store.gate.isClosed)
        for path in region.disk.paths where path.hasPrefix(Self.target) {
            try region.disk.remove(path)
        }
        await #expect { try await store.backUp(to: "/data/copy", Recorded()) } throws: { error in
            (error as? StorageError)?.code == .invalidArgument
        }
        await #expect { try await store.backUp(to: "/data/chunks", Recorded()) } throws: { error in
            (error as? StorageError)?.code == .invalidArgument
        }
        try await ledger.check(store, "the store")
        try await store.close()
    }

    @Test("on a disk that is full says so, and takes nothing of the reserve")
    func full() async throws {
        var limits = testLimits()
        limits.reserveBytes = 1 << 20
        let region = SimulatedRegion()
        let store = try await region.open(limits: limits)
        try await store.makeLedgerBucket()
        try await store.put("large", pattern(3 << 20), Ledger())
        region.disk.mount("/elsewhere", availableBytes: 1 << 20)
        await #expect { try await store.backUp(to: "/elsewhere/copy", Recorded()) } throws: {
            ($0 as? StorageError)?.code == .insufficientStorage
        }
        region.disk.availableBytes = (1 << 20) - 1
        await #expect { try await store.backUp(to: Self.target, Recorded()) } throws: {
            ($0 as? StorageError)?.code == .insufficientStorage
        }
        #expect(region.disk.availableBytes > 900 << 10)
        try await store.close()
    }

    @Test("of a damaged store names what is damaged, and has all the rest")
    func damaged() async throws {
        let region = SimulatedRegion()
        var limits = testLimits()
        limits.chunks.lanes = 1
        let store = try await region.open(limits: limits)
        try await store.makeLedgerBucket()
        try await store.put("spoilt", pattern(300_000, seed: 1), Ledger())
        try await store.put("whole", pattern(300_000, seed: 2), Ledger())
        let path = try #require(region.disk.paths.first { $0.hasSuffix(".chunk") })
        region.disk.makeUnreadable(path, 4096..<8192)
        let report = Recorded()
        try await store.backUp(to: Self.target, report)
        let damaged = try await store.blob(at: "spoilt")
        let found = report.findings
        #expect(Set(found.map(\.subject)) == [path, damaged.description])
        #expect(found.count == 2 && found.allSatisfy { $0.outcome == .beyondRepair })
        let copy = try await Self.open(region, limits: limits)
        let blob = try await copy.blob(at: "whole")
        #expect(try await copy.content(of: blob, limitBytes: 1 << 20) == pattern(300_000, seed: 2))
        let spoilt = try await copy.blob(at: "spoilt")
        await #expect { try await copy.content(of: spoilt, limitBytes: 1 << 20) } throws: {
            ($0 as? StorageError)?.code == .damaged
        }
        try await copy.close()
        try await store.close()
    }

    /// Opens the copy as a region that follows others, with so much time gone since it was made.
    private static func join(
        _ region: SimulatedRegion, _ index: MemoryIndex, after days: Int64
    ) async throws -> DurableStore {
        region.clock.advance(milliseconds: days * 86_400_000)
        return try await DurableStore.open(
            HeldDirectory(
                LocalStoreConfiguration(
                    directory: target, followsOthers: true, limits: testLimits()),
                disk: region.disk), index: IndexFactory(open: { _ in index }, destroy: { _ in }),
            clock: region.clock, random: numbers(seed: 99), logger: quiet)
    }

    @Test("is refused among others once they may have forgotten deletions, as often as it is tried")
    func tooOld() async throws {
        let (region, store, ledger) = try await Self.few()
        region.clock.advance(milliseconds: 1_700_000_000_000)
        try await store.backUp(to: Self.target, Recorded())
        try await store.close()
        let index = MemoryIndex()
        for days: Int64 in [31, 0, 5] {
            await #expect { _ = try await Self.join(region, index, after: days) } throws: { error in
                let error = error as? StorageError
                return error?.code == .refusedToOpen
                    && error?.message.contains("start from an empty directory") == true
            }
        }
        let alone = try await Self.open(region)
        try await ledger.check(alone, "the copy, alone")
        try await alone.close()
    }

    @Test("that was put back in time is a region like any other, however long it is away then")
    func inTime() async throws {
        let (region, store, ledger) = try await Self.few()
        region.clock.advance(milliseconds: 1_700_000_000_000)
        try await store.backUp(to: Self.target, Recorded())
        try await store.close()
        let index = MemoryIndex()
        for days: Int64 in [29, 400] {
            let copy = try await Self.join(region, index, after: days)
            try await ledger.check(copy, "the copy after \(days) days")
            try await copy.meet(clockMilliseconds: region.clock.milliseconds())
            try await copy.close()
        }
    }

    private static func refusesToOpen(_ body: () async throws -> Void) async {
        await #expect { try await body() } throws: { error in
            let error = error as? StorageError
            return error?.code == .refusedToOpen
                && error?.message.contains("start from an empty directory") == true
        }
    }

    @Test("is judged until it has heard of another region, however often it was started")
    func judgedAgain() async throws {
        let (region, store, _) = try await Self.few()
        region.clock.advance(milliseconds: 1_700_000_000_000)
        try await store.backUp(to: Self.target, Recorded())
        try await store.close()
        let alone = try await Self.open(region)
        try await alone.put("since", pattern(10), Ledger())
        try await alone.close()
        let young = try await Self.join(region, MemoryIndex(), after: 20)
        try await young.close()
        await Self.refusesToOpen { _ = try await Self.join(region, MemoryIndex(), after: 20) }
    }

    @Test("is judged by the clock of the region that it meets, where its own is behind")
    func clockBehind() async throws {
        let (region, store, _) = try await Self.few()
        region.clock.advance(milliseconds: 1_700_000_000_000)
        try await store.backUp(to: Self.target, Recorded())
        try await store.close()
        let copy = try await Self.join(region, MemoryIndex(), after: 3)
        let later = region.clock.milliseconds() + 31 * 86_400_000
        await Self.refusesToOpen { try await copy.meet(clockMilliseconds: later) }
        try await copy.meet(clockMilliseconds: later - 5 * 86_400_000)
        // Now it is known among the others, and a region like any other.
        try await copy.meet(clockMilliseconds: later)
        try await copy.close()
        let again = try await Self.join(region, MemoryIndex(), after: 100)
        try await again.close()
    }

    @Test("is as old as the newest of its stamps, where the clock that made it was behind")
    func madeByClockBehind() async throws {
        let (region, store, _) = try await Self.few()
        region.clock.advance(milliseconds: 1_700_000_000_000)
        try await store.put("new", pattern(10), Ledger())
        region.clock.advance(milliseconds: -40 * 86_400_000)
        try await store.backUp(to: Self.target, Recorded())
        try await store.close()
        let copy = try await Self.join(region, MemoryIndex(), after: 45)
        try await copy.close()
        await Self.refusesToOpen { _ = try await Self.join(region, MemoryIndex(), after: 30) }
    }

    @Test("checks every chunk as it copies it, and names the blob of a flipped byte")
    func flipped() async throws {
        let region = SimulatedRegion()
        var limits = testLimits()
        limits.chunks.lanes = 1
        let store = try await region.open(limits: limits)
        try await store.makeLedgerBucket()
        try await store.put("spoilt", pattern(300_000, seed: 1), Ledger())
        try await store.put("whole", pattern(300_000, seed: 2), Ledger())
        let path = try #require(region.disk.paths.first { $0.hasSuffix(".chunk") })
        region.disk.flip(path, at: 5000)
        let spoilt = try await store.blob(at: "spoilt")
        let report = Recorded()
        try await store.backUp(to: Self.target, report)
        #expect(report.findings.map(\.subject) == [spoilt.description])
        #expect(report.findings.first?.outcome == .beyondRepair)
        #expect(report.figure("damaged_chunks") == 1)
        #expect(try await store.stat(spoilt)?.isDamaged == true)
        let copy = try await Self.open(region, limits: limits)
        let blob = try await copy.blob(at: "whole")
        #expect(try await copy.content(of: blob, limitBytes: 1 << 20) == pattern(300_000, seed: 2))
        try await copy.close()
        try await store.close()
    }

    @Test("takes no room for what was punched out, and the last bytes of a file make its size")
    func sparse() throws {
        let disk = SimulatedDisk()
        let bytes =
            [UInt8](repeating: 7, count: 5000) + [UInt8](repeating: 0, count: 40_000)
            + [UInt8](repeating: 9, count: 100) + [UInt8](repeating: 0, count: 9_000)
        let file = try disk.open("/from", .create)
        try file.write(bytes, at: 0)
        let copying = try CopyFile(disk, from: "/from", to: "/to")
        #expect(try copying.step() == UInt64(bytes.count))
        #expect(try copying.step() == nil)
        #expect(disk.content(of: "/to") == bytes)
        let writes = disk.calls.filter { $0.operation == .write && $0.path == "/to" }
        #expect(writes.count == 3)
    }
}
