// Every call that a scenario makes of the disk, reads and questions included, is refused once, in each way
// that a disk refuses. The scenario meets an error of the store or none; nothing acknowledged is lost,
// nothing corrupt is readable; without the fault everything works again, without a restart unless the
// journal's sync was what failed; and then the power goes.

import ChunkFiles
import Glibc
import Journal
import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

extension Scenario {
    /// What clients only look at.
    static let looks: [Scenario] = [
        Scenario(name: "list") { store, ledger in
            for key: ObjectKey in ["a", "b/c", "b/d"] { try await store.put(key, small, ledger) }
        } run: { store, ledger in
            let page = try await store.list(
                ListRequest(bucket: Ledger.bucket, delimiter: Array("/".utf8)))
            #expect(page.entries.count == 2)
            _ = try await store.figures()
        },
        Scenario(name: "read") { store, ledger in
            try await store.put("small", small, ledger)
            try await store.put("large", large, ledger)
        } run: { store, ledger in
            try await ledger.check(store, "reading")
            let blob = try #require(try await store.object(Ledger.name("large"))?.content?.blob)
            var part = ByteBuffer()
            let source = try await store.read(blob, range: 70_000..<140_000)
            while let segment = try await source.next() { try segment.append(to: &part) }
            #expect(part == large.getSlice(at: 70_000, length: 70_000))
        },
    ]
}

@Suite("A disk in trouble")
struct DiskTroubleTests {
    private static func limits() -> LocalStoreLimits {
        var limits = testLimits()
        limits.ingest.chunkBytes = 64 << 10
        limits.ingest.inlineBytes = 1 << 10
        limits.chunks.fileBytes = 256 << 10
        limits.journal.fileBytes = 2 << 10
        limits.reads.verifyInterval = .zero
        return limits
    }

    /// A region up to where the scenario begins, started anew so that no file is open.
    private static func prepared(
        _ scenario: Scenario
    ) async throws -> (SimulatedRegion, DurableStore, Ledger) {
        let region = SimulatedRegion()
        let first = try await region.open(limits: limits())
        let ledger = Ledger()
        try await Buckets(objects: first, blobs: first).create(Ledger.bucket)
        try await scenario.prepare(first, ledger)
        try await first.close()
        return (region, try await region.open(limits: limits()), ledger)
    }

    private static func codes(of operation: SimulatedDisk.Operation) -> [CInt] {
        switch operation {
        case .open, .read, .stat, .list, .space, .lock: [EIO]
        case .sync, .syncDirectory, .punch, .remove: [EIO, ENOSPC]
        case .create, .write, .rename, .makeDirectory: [ENOSPC, EDQUOT, EIO, EROFS]
        }
    }

    @Test(
        "each call of the disk can be refused: nothing is lost, and all goes on",
        arguments: Scenario.all + Scenario.looks)
    func everyCall(scenario: Scenario) async throws {
        let (region, store, ledger) = try await Self.prepared(scenario)
        let first = region.disk.uses.count + 1
        try await scenario.run(store, ledger)
        let uses = region.disk.uses
        try await store.close()
        #expect(uses.count >= first, "the scenario needs the disk")
        var covered = 0
        for number in first...uses.count {
            for code in Self.codes(of: uses[number - 1].operation) {
                try await refuse(scenario, use: number, code)
                covered += 1
            }
        }
        print("\(scenario.name): \(covered) refusals of the disk covered")
    }

    private func refuse(_ scenario: Scenario, use: Int, _ code: CInt) async throws {
        var (region, store, ledger) = try await Self.prepared(scenario)
        region.disk.fail(use: use, with: code)
        var refusal: StorageError?
        do {
            try await scenario.run(store, ledger)
        } catch let error as StorageError {
            refusal = error
        }
        let call = region.disk.uses.count >= use ? region.disk.uses[use - 1] : nil
        let context = "\(scenario.name), \(call.map { "\($0)" } ?? "no call") with errno \(code)"
        expect(refusal, of: call, code, context)
        region.disk.fail(use: 0, with: 0)
        try await ledger.check(store, context)
        if store.refusal != nil {
            #expect(
                call?.operation == .sync && call?.path.hasSuffix(".journal") == true, "\(context)")
            region.kill()
            try? await store.close()
            store = try await region.open(limits: Self.limits())
            try await ledger.check(store, context + ", started again")
        }
        try await scenario.run(store, ledger)
        try await ledger.check(store, context + ", without the fault")
        region.losePower(use % 2 == 0 ? .everything : .random(seed: UInt64(use)))
        try? await store.close()
        store = try await region.open(limits: Self.limits())
        try await ledger.check(store, context + ", after a power loss")
        try await store.put("after", Scenario.large, ledger)
        try await ledger.check(store, context + ", at the end")
        Self.expectNoLitter(region, context)
        try await store.close()
    }

    /// What a client is told: of a full disk that it is full, and never more than was asked for.
    private func expect(
        _ refusal: StorageError?, of call: SimulatedDisk.Call?, _ code: CInt, _ context: String
    ) {
        guard let refusal else { return }
        switch (call?.operation, code) {
        case (.create, ENOSPC), (.create, EDQUOT), (.write, ENOSPC), (.write, EDQUOT):
            #expect(refusal.code == .insufficientStorage, "\(context)")
        default:
            let codes: [StorageError.Code] = [.insufficientStorage, .inputOutput, .unavailable]
            #expect(codes.contains(refusal.code), "\(context): \(refusal)")
        }
    }

    /// No file that was begun in vain stays behind.
    private static func expectNoLitter(_ region: SimulatedRegion, _ context: String) {
        let shortest = ["journal": 88, "chunk": 64]
        for path in region.disk.paths {
            let suffix = path.split(separator: ".").last.map(String.init) ?? ""
            let size = region.disk.content(of: path)?.count ?? 0
            #expect(size >= shortest[suffix] ?? 0, "\(context): \(path) has \(size) bytes")
        }
    }

    @Test(
        "each call of a start can be refused: the next one finds all of it",
        arguments: [EIO, ENOSPC])
    func everyCallOfAStart(code: CInt) async throws {
        let scenario = Scenario.all[1]
        var covered = 0
        while true {
            let (region, store, ledger) = try await Self.prepared(scenario)
            try await scenario.run(store, ledger)
            region.losePower(.everything)
            try? await store.close()
            let use = region.disk.uses.count + covered + 1
            region.disk.fail(use: use, with: code)
            do {
                let opened = try await region.open(limits: Self.limits())
                try await ledger.check(opened, "start, use \(covered)")
                try await opened.close()
            } catch let error as StorageError {
                #expect([.inputOutput, .insufficientStorage].contains(error.code), "\(error)")
                region.kill()
            }
            guard region.disk.uses.count >= use else { break }
            covered += 1
            let again = try await region.open(limits: Self.limits())
            try await ledger.check(again, "start, use \(covered), again")
            try await again.put("after", Scenario.small, ledger)
            try await again.close()
        }
        #expect(covered > 10)
        print("start, errno \(code): \(covered) refusals of the disk covered")
    }

    @Test(
        "a full disk leaves no pile of files that were begun", arguments: [ENOSPC, EDQUOT, EROFS])
    func noPile(code: CInt) async throws {
        let (region, store, ledger) = try await Self.prepared(Scenario.all[0])
        try await Scenario.all[0].run(store, ledger)
        let before = region.disk.paths
        for operation in [SimulatedDisk.Operation.write, .syncDirectory] {
            region.disk.fail(every: operation, with: code)
            for _ in 0..<50 {
                for bytes in [Scenario.small, Scenario.large] {
                    _ = try? await store.put("during", bytes, ledger)
                }
            }
            region.disk.fail(every: operation, with: nil)
        }
        #expect(region.disk.paths.count <= before.count + 3)
        try await ledger.check(store, "after the refusals")
        try await store.put("after", Scenario.large, ledger)
        region.losePower(.everything)
        try? await store.close()
        let again = try await region.open(limits: Self.limits())
        try await ledger.check(again, "after a power loss")
        try await again.close()
    }

    @Test("a disk that turned read-only refuses writes, serves reads, and is written again later")
    func readOnly() async throws {
        let (region, store, ledger) = try await Self.prepared(Scenario.looks[1])
        let changing: [SimulatedDisk.Operation] = [
            .create, .write, .punch, .rename, .remove, .makeDirectory,
        ]
        for operation in changing { region.disk.fail(every: operation, with: EROFS) }
        for bytes in [Scenario.small, Scenario.other] {
            let error = await #expect(throws: StorageError.self) {
                try await store.put("x", bytes, Ledger())
            }
            #expect(error?.code == .inputOutput)
        }
        try await Scenario.looks[1].run(store, ledger)
        for operation in changing { region.disk.fail(every: operation, with: nil) }
        try await store.put("x", Scenario.other, ledger)
        #expect(store.refusal == nil)
        try await ledger.check(store, "writable again")
        try await store.close()
    }

    @Test("what was in a chunk file that vanished is refused by its digest, all else is served")
    func vanished() async throws {
        let (region, first, ledger) = try await Self.prepared(Scenario.looks[1])
        let lost = try #require(region.disk.paths.last { $0.hasSuffix(".chunk") })
        try await first.put("other", Scenario.other, ledger)
        try await first.close()
        let store = try await region.open(limits: Self.limits())
        let blob = try #require(try await store.object(Ledger.name("large"))?.content?.blob)
        try region.disk.remove(lost)
        let error = await #expect(throws: StorageError.self) {
            _ = try await store.content(of: blob, limitBytes: 1 << 20)
        }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains(blob.hex) == true)
        let other = try #require(try await store.object(Ledger.name("other"))?.content?.blob)
        #expect(try await store.content(of: other, limitBytes: 1 << 20) == Scenario.other)
        // A push of the same bytes heals it.
        try await eventually("the damage is recorded") {
            try await store.stat(blob)?.isDamaged == true
        }
        try await store.put("large", Scenario.large, ledger)
        try await ledger.check(store, "healed")
        try await store.close()
    }
}
