// The reserve: what is refused below it, what goes on, and whose space is asked.

import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

@Suite("Below the reserve")
struct ReserveTests {
    private static let reserve: UInt64 = 8 << 20
    private static let roomy: UInt64 = 1 << 30

    private static func opened(
        _ region: SimulatedRegion
    ) async throws -> (store: DurableStore, ledger: Ledger) {
        var limits = testLimits()
        limits.reserveBytes = reserve
        region.disk.availableBytes = roomy
        let store = try await region.open(limits: limits)
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        let ledger = Ledger()
        try await store.put("small", Scenario.small, ledger)
        try await store.put("large", Scenario.large, ledger)
        return (store, ledger)
    }

    private static func isRefused(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return false
        } catch let error as StorageError {
            return error.code == .insufficientStorage
        } catch {
            return false
        }
    }

    @Test("a body is refused before its first byte, and deletes, drops and reads go on")
    func refused() async throws {
        let region = SimulatedRegion()
        let (store, ledger) = try await Self.opened(region)
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        region.disk.availableBytes = Self.reserve - 1
        // Whatever was known of the disk before, the next write learns this.
        #expect(await Self.isRefused { try await store.put("x", Scenario.small, Ledger()) })
        for expected in [nil, 1, 1 << 40] as [UInt64?] {
            #expect(
                await Self.isRefused {
                    _ = try await store.stage(HashPlan(), expectedBytes: expected)
                })
        }
        #expect(
            await Self.isRefused {
                _ = try await store.create(
                    Upload(id: UploadID(""), name: Ledger.name("v"), initiatedMilliseconds: 0))
            })
        try await ledger.check(store, "below the reserve")
        try await store.abort(upload.id, of: upload.name)
        try await ledger.change("large", to: nil) {
            try await store.commit(.delete(Ledger.name("large"), .none))
        }
        try await ledger.check(store, "after the delete")
        region.disk.availableBytes = Self.roomy
        try await store.put("again", Scenario.large, ledger)
        try await ledger.check(store, "with space again")
        try await store.close()
    }

    @Test("a body that would eat into the reserve is refused, a smaller one is taken")
    func expected() async throws {
        let region = SimulatedRegion()
        let (store, ledger) = try await Self.opened(region)
        region.disk.availableBytes = Self.reserve + 400_000
        try await store.put("small", Scenario.other, ledger)
        #expect(
            await Self.isRefused {
                _ = try await store.stage(HashPlan(), expectedBytes: 400_001)
            })
        try await store.put("fits", Scenario.other, ledger)
        try await ledger.check(store, "at the end")
        try await store.close()
    }

    @Test("a body that is under way when the reserve is reached ends there")
    func underWay() async throws {
        let region = SimulatedRegion()
        let (store, ledger) = try await Self.opened(region)
        let chunk = pattern(store.configuration.limits.ingest.chunkBytes, seed: 8)
        let staging = try await store.stage(HashPlan(), expectedBytes: nil)
        try await staging.write(chunk)
        try await staging.write(chunk)
        region.disk.availableBytes = Self.reserve
        let before = region.disk.availableBytes
        #expect(
            await Self.isRefused {
                for _ in 0..<20 { try await staging.write(chunk) }
                _ = try await staging.finish(BodyPromise())
            })
        // One chunk may have been admitted before the disk was asked again.
        #expect(before - region.disk.availableBytes <= UInt64(chunk.readableBytes) + 128)
        try await ledger.check(store, "after the refusal")
        try await store.close()
    }

    @Test(
        "the file system that chunks are on is asked as well as that of the data directory",
        arguments: ["/data/chunks", "/data/journal"])
    func ownFileSystem(directory: String) async throws {
        let region = SimulatedRegion()
        let (store, ledger) = try await Self.opened(region)
        region.disk.mount(directory, availableBytes: Self.reserve - 1)
        #expect(await Self.isRefused { try await store.put("x", Scenario.small, Ledger()) })
        try await ledger.change("large", to: nil) {
            try await store.commit(.delete(Ledger.name("large"), .none))
        }
        region.disk.mount(directory, availableBytes: Self.roomy)
        try await store.put("x", Scenario.large, ledger)
        // A large body needs room where chunks are, and nowhere else.
        region.disk.mount(directory, availableBytes: Self.reserve + 1000)
        let isRefused = await Self.isRefused {
            try await store.put("y", Scenario.other, ledger)
        }
        #expect(isRefused == directory.hasSuffix("chunks"))
        try await ledger.check(store, "at the end")
        try await store.close()
    }

    @Test("below the floor nothing is committed, nothing is opened, and reads go on")
    func floor() async throws {
        let region = SimulatedRegion()
        let (store, ledger) = try await Self.opened(region)
        region.disk.availableBytes = Self.reserve / 2 - 1
        let calls = region.disk.calls.count
        #expect(
            await Self.isRefused { try await store.commit(.delete(Ledger.name("large"), .none)) })
        #expect(region.disk.calls.count == calls)
        try await ledger.check(store, "below the floor")
        try await store.close()
        var limits = testLimits()
        limits.reserveBytes = Self.reserve
        #expect(await Self.isRefused { _ = try await region.open(limits: limits) })
        region.disk.availableBytes = Self.reserve / 2 + (1 << 20)
        let again = try await region.open(limits: limits)
        try await ledger.change("large", to: nil) {
            try await again.commit(.delete(Ledger.name("large"), .none))
        }
        try await ledger.check(again, "above the floor")
        try await again.close()
    }

    @Test(
        "compaction works below the reserve, leaves the floor, and punches where it may not copy",
        arguments: [20_000, 1_000_000])
    func compaction(aboveFloor: UInt64) async throws {
        var limits = collectLimits()
        limits.reserveBytes = Self.reserve
        let floor = Self.reserve / 2
        let region = SimulatedRegion()
        region.disk.availableBytes = Self.roomy
        let store = try await collectStore(region, limits: limits)
        let ledger = Ledger()
        _ = try await store.mostlyDead(ledger)
        let before = try store.physicalBytes()
        region.disk.availableBytes = floor + aboveFloor
        #expect(await Self.isRefused { try await store.put("x", Scenario.small, Ledger()) })
        let report = try await store.collect()
        #expect(report.state == .done)
        let hadRoom = aboveFloor > UInt64(Scenario.kept.readableBytes)
        #expect((store.committer.head.movedChunks > 0) == hadRoom)
        #expect(report.findings.contains { $0.reason.contains("no room") } == !hadRoom)
        #expect((report.figures["punched_bytes"] ?? 0 > 0) == !hadRoom)
        #expect(try store.physicalBytes() * 2 < before)
        try await ledger.check(store, "collected in a full disk")
        // What is committed of it is all that was written below.
        #expect(region.disk.availableBytes + 4096 >= floor)
        try await store.close()
    }

    @Test("a disk that does not say how full it is is asked by the write")
    func silent() async throws {
        let region = SimulatedRegion()
        let (store, ledger) = try await Self.opened(region)
        region.disk.fail(every: .space, with: 5)
        try await store.put("x", Scenario.large, ledger)
        try await ledger.check(store, "at the end")
        try await store.close()
    }
}
