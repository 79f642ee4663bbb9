// The interleavings 1 to 6 of CollectGarbage.swift: what comes between the proposal to drop a blob, the decision
// and the record of it. For each guard there is a test that fails without it.

import ChunkFiles
import DiskIO
import Glibc
import Journal
import MetadataIndex
import NIOCore
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

@Suite("Dropping blobs while other things happen")
struct DropInterleavingTests {
    @Test("1: a blob that gained a name since it was proposed stays, also within one group")
    func named() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let link: @Sendable () async throws -> [DeadBlob] = {
            try await store.link(blob, "k")
            return []
        }
        let drop: @Sendable () async throws -> [DeadBlob] = {
            try await store.committer.queue.submit(DropBlobs.of(blob))
        }
        let results = try await store.inOneGroup(disk, [link, drop])
        #expect(results == [[], []])
        #expect(try await store.stat(blob) != nil)
        try await store.close()
    }

    @Test("1: a blob that lost its last name in the same group stays for the grace period")
    func released() async throws {
        let region = SimulatedRegion()
        let uptime = TestUptime()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk, uptime: uptime.elapsed)
        try await store.put("k", Scenario.large, Ledger())
        let blob = try await store.blob(at: "k")
        uptime.advance(.seconds(1000))
        let remove: @Sendable () async throws -> [DeadBlob] = {
            try await store.commit(.delete(Ledger.name("k"), .none))
            return []
        }
        let drop: @Sendable () async throws -> [DeadBlob] = {
            try await store.committer.queue.submit(DropBlobs.of(blob, grace: .seconds(60)))
        }
        #expect(try await store.inOneGroup(disk, [remove, drop]) == [[], []])
        #expect(try await store.stat(blob) != nil)
        try await store.close()
    }

    @Test("1: a blob that was just written stays for the grace period")
    func written() async throws {
        let region = SimulatedRegion()
        let uptime = TestUptime()
        let store = try await collectStore(region, uptime: uptime.elapsed)
        uptime.advance(.seconds(1000))
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let drop = DropBlobs.of(blob, grace: .seconds(60))
        uptime.advance(.seconds(59))
        #expect(try await store.committer.queue.submit(drop).isEmpty)
        uptime.advance(.seconds(3))
        #expect(try await store.committer.queue.submit(drop).count == 1)
        try await store.close()
    }

    @Test("2: a look-up before the decision keeps the blob; one after it does not see the blob")
    func lookedUp() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        var lease = store.use.lease(blob)
        #expect(lease != nil)
        #expect(try await store.committer.queue.submit(DropBlobs.of(blob)).isEmpty)
        lease = nil
        let used = DropBlobs.of(blob, grace: .seconds(1))
        #expect(try await store.committer.queue.submit(used).isEmpty)
        try await store.whileDropping(blob, disk) {
            let info = try await store.stat(blob)
            #expect(info == nil)
            await #expect(throws: StorageError.self) {
                _ = try await store.read(blob, range: 0..<1)
            }
        }
        #expect(try await store.stat(blob) == nil)
        try await store.close()
    }

    @Test("3: a digest that is pushed while its blob is dropped is here afterwards")
    func pushed() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let ledger = Ledger()
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let staged = try await store.stage(bytes: Scenario.large)
        try await store.whileDropping(
            blob, disk,
            then: {
                _ = try await store.keep(staged)
                try await store.put("pushed", Scenario.large, ledger)
            })
        #expect(try await store.stat(blob) != nil)
        try await store.collect()
        try await ledger.check(store, "pushed while dropped")
        try await store.close()
    }

    @Test("3: a digest that is pushed in the group of its drop, behind it, is here afterwards")
    func pushedInTheGroup() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let ledger = Ledger()
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let old = try #require(try await store.entry(of: blob)).record
        let staged = try await store.stage(bytes: Scenario.large)
        let drop: @Sendable () async throws -> Bool = {
            try await store.committer.queue.submit(DropBlobs.of(blob)).count == 1
        }
        let push: @Sendable () async throws -> Bool = {
            try await ledger.change("k", to: Scenario.large) {
                let put = ObjectMutation.put(
                    Ledger.name("k"), try store.content(of: staged), staged, .none)
                try await store.commit(put)
            }
            return true
        }
        #expect(try await store.inOneGroup(disk, [drop, push]) == [true, true])
        let new = try #require(try await store.entry(of: blob)).record
        #expect(new.bytes != old.bytes, "its chunks are those of the push")
        try await store.collect()
        try await ledger.check(store, "pushed in the group of its drop")
        try await store.close()
    }

    @Test("3: a digest that is sent a second time counts as used")
    func sentAgain() async throws {
        let region = SimulatedRegion()
        let uptime = TestUptime()
        let store = try await collectStore(region, uptime: uptime.elapsed)
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        uptime.advance(.seconds(1000))
        _ = try await store.keep(store.stage(bytes: Scenario.large))
        let drop = DropBlobs.of(blob, grace: .seconds(60))
        #expect(try await store.committer.queue.submit(drop).isEmpty)
        try await store.close()
    }

    @Test("4: a link and a part copy that are decided after the drop are refused")
    func linked() async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let info = try await store.keep(store.stage(bytes: Scenario.large))
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        let content = ObjectContent(
            blob: info.blob, sizeBytes: info.sizeBytes, lastModifiedMilliseconds: 0, etag: "e")
        let refusals = Mutex(0)
        try await store.whileDropping(
            info.blob, disk,
            then: {
                do {
                    try await store.commit(.link(Ledger.name("k"), content, .none))
                } catch let error as StorageError where error.code == .noSuchBlob {
                    refusals.withLock { $0 += 1 }
                }
                do {
                    _ = try await store.copyPart(
                        upload.id, of: upload.name, number: 1, blob: info.blob, range: 0..<1)
                } catch let error as StorageError where error.code == .noSuchBlob {
                    refusals.withLock { $0 += 1 }
                }
            })
        #expect(refusals.withLock { $0 } == 2)
        #expect(try await store.object(Ledger.name("k")) == nil)
        try await store.close()
    }

    @Test("5: who read a name before it was removed finds the blob for the grace period")
    func removedName() async throws {
        let region = SimulatedRegion()
        let uptime = TestUptime()
        let store = try await collectStore(region, uptime: uptime.elapsed)
        try await store.put("k", Scenario.large, Ledger())
        uptime.advance(.seconds(1000))
        let blob = try await store.blob(at: "k")
        try await store.commit(.delete(Ledger.name("k"), .none))
        #expect(
            try await store.collect(GarbageOptions(grace: .seconds(60))).figures["removed_blobs"]
                == nil)
        #expect(try await store.content(of: blob, limitBytes: 1 << 20) == Scenario.large)
        try await store.close()
    }

}
