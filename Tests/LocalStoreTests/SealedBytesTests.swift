// Encryption at rest: nothing that was sealed can be found in any file; the keys it takes, and what happens
// without them; and that whatever is done to bytes is done to sealed ones as well.

import Checksums
import DiskIO
import Foundation
import Journal
import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

extension DurableStore {
    @discardableResult
    func putSealed(_ key: ObjectKey, _ bytes: ByteBuffer, _ ledger: Ledger) async throws -> BlobID {
        try await ledger.change(key, to: bytes) {
            let staged = try await stage(bytes: bytes, plan: HashPlan(md5: true, isSealed: true))
            var content = try content(of: staged)
            content.isSealed = true
            try await commit(.put(Ledger.name(key), content, staged, .none))
        }
        return try await blob(at: key)
    }

    func copySealed(_ key: ObjectKey, to target: ObjectKey, _ ledger: Ledger) async throws {
        var content = try #require(try await object(Ledger.name(key))?.content)
        content.isSealed = true
        let bytes = try await self.content(of: content.blob, limitBytes: 64 << 20)
        let link = ObjectMutation.link(Ledger.name(target), content, .none)
        try await ledger.change(target, to: bytes) { try await commit(link) }
    }
}

/// All files of a data directory, searched for pieces of what must not be in them.
private struct Plaintext {
    let directory: String

    /// The files in which any piece of the bytes stands, of those at some distance from each other.
    func files(showing bytes: ByteBuffer) throws -> [String] {
        let bytes = Data(bytes.readableBytesView)
        let step = max(24, bytes.count / 50)
        let pieces = stride(from: 0, to: max(1, bytes.count - 24), by: step).map {
            bytes[$0..<min($0 + 24, bytes.count)]
        }
        var found: [String] = []
        let all = try #require(FileManager.default.enumerator(atPath: directory))
        for case let name as String in all {
            guard let content = FileManager.default.contents(atPath: directory + "/" + name) else {
                continue
            }
            if pieces.contains(where: { content.range(of: $0) != nil }) { found.append(name) }
        }
        return found
    }
}

@Suite("Sealed bytes")
struct SealedBytesTests {
    private static let small = pattern(700, seed: 31)
    private static let large = pattern((2 << 20) + 99, seed: 32)

    @Test("stand in no file of the data directory in the clear")
    func plaintext() async throws {
        let directory = try TemporaryDirectory()
        let ledger = Ledger()
        let disk = Plaintext(directory: directory.path)
        let store = try await openReal(directory)
        try await store.makeLedgerBucket()
        // The search finds what is there.
        let clear = [pattern(701, seed: 33), pattern(300_001, seed: 34)]
        try await store.put("clear-small", clear[0], ledger)
        try await store.put("clear-large", clear[1], ledger)
        for bytes in clear { #expect(try !disk.files(showing: bytes).isEmpty) }

        try await store.putSealed("small", Self.small, ledger)
        try await store.putSealed("large", Self.large, ledger)
        let part = pattern(leastPartBytes, seed: 35)
        let upload = try await store.create(
            Upload(
                id: UploadID(""), name: Ledger.name("parts"), initiatedMilliseconds: 0,
                isSealed: true))
        var parts: [UploadPart] = []
        for (number, bytes) in [(1, part), (2, Self.small)] {
            let plan = HashPlan(sha256: false, md5: true, isSealed: true)
            let staged = try await store.stage(bytes: bytes, plan: plan)
            parts.append(
                try await store.putPart(
                    upload.id, of: upload.name, number: number, staged: staged))
        }
        var whole = part
        whole.writeImmutableBuffer(Self.small)
        let named = parts.map { CompletedPart(number: $0.number, etag: $0.etag) }
        try await ledger.change("parts", to: whole) {
            _ = try await store.complete(upload.id, of: upload.name, Completion(parts: named))
        }
        for bytes in [Self.small, Self.large, part] {
            #expect(try disk.files(showing: bytes) == [])
        }

        // What lay in the clear and was sealed since is gone with the next collection.
        try await store.putSealed("again", clear[0], ledger)
        try await store.copySealed("clear-large", to: "copy", ledger)
        try await store.collectAll()
        try await ledger.check(store, "open")
        try await store.close()
        for bytes in clear + [Self.small, Self.large, part] {
            #expect(try disk.files(showing: bytes) == [])
        }
    }

    @Test("that a driver writes into a bucket that demands it stand in no file in the clear")
    func driven() async throws {
        let directory = try TemporaryDirectory()
        let disk = Plaintext(directory: directory.path)
        let store = try await openReal(directory)
        try await store.makeLedgerBucket()
        try await Buckets(objects: store, blobs: store).set(
            .encryption, to: ByteBuffer(string: "<x/>"), of: Ledger.bucket)
        let stores = DriverStores(
            objects: store, blobs: store, uploads: store, partBytes: 1 << 20,
            promisedDigest: { _ in nil })
        let driver = try StoreDriver(stores, bucket: Ledger.bucket)
        let file = try DriverPath("/written")
        let writer = try await driver.writer(file, .new)
        try await writer.write(Self.large)
        try await writer.close()
        // An upload that is not ended lies on the disk as well.
        #expect(try disk.files(showing: Self.large) == [])
        let again = try await driver.writer(file, .append)
        try await again.write(Self.small)
        _ = try await again.commit(nil)
        var whole = Self.large
        whole.writeImmutableBuffer(Self.small)
        let content = try #require(try await store.object(Ledger.name("written"))?.content)
        #expect(content.isSealed)
        #expect(try await store.content(of: content.blob, limitBytes: 8 << 20) == whole)
        for bytes in [Self.small, Self.large] {
            #expect(try disk.files(showing: bytes) == [])
        }
        try await store.close()
    }

    @Test("come to another region sealed, and lie there so")
    func replicated() async throws {
        let directory = try TemporaryDirectory()
        let disk = Plaintext(directory: directory.path)
        let west = try await SimulatedRegion(seed: 7).open()
        let east = try await openReal(directory)
        try await west.makeLedgerBucket()
        let ledger = Ledger()
        try await west.putSealed("small", Self.small, ledger)
        try await TwoRegions.carry(from: west, to: east)
        try await ledger.check(east, "east")
        #expect(try await east.stat(west.blob(at: "small"))?.isSealed == true)
        #expect(try disk.files(showing: Self.small) == [])
        try await east.close()
        try await west.close()
    }

    @Test("are read after a restart, and after the index is rebuilt")
    func restarted() async throws {
        let region = SimulatedRegion()
        let ledger = Ledger()
        var store = try await region.open()
        try await store.makeLedgerBucket()
        try await store.putSealed("small", Self.small, ledger)
        try await store.putSealed("large", Self.large, ledger)
        try await store.close()
        for isRebuilt in [false, true] {
            if isRebuilt { region.dropIndex() }
            store = try await region.open()
            try await ledger.check(store, "rebuilt: \(isRebuilt)")
            try await store.putSealed("more", pattern(9000, seed: isRebuilt ? 36 : 37), ledger)
            try await store.renewJournal()
            try await store.close()
        }
        // Each start that seals makes one key.
        store = try await region.open()
        #expect(store.keys.count == 3)
        try await store.close()
    }

    @Test("refuse a start without their master key, or with another one under its name")
    func wrongMasterKey() async throws {
        let directory = try TemporaryDirectory()
        let masters = MemoryMasterKeys()
        let store = try await openReal(directory, masterKeys: masters)
        try await store.makeLedgerBucket()
        // A store that never sealed anything needs none.
        try await store.close()
        try await openReal(directory, masterKeys: nil).close()
        let sealing = try await openReal(directory, masterKeys: masters)
        let ledger = Ledger()
        try await sealing.putSealed("small", Self.small, ledger)
        try await sealing.close()
        let other = SealKey(id: masters.current().id, bytes: [UInt8](repeating: 1, count: 32))
        for wrong in [MemoryMasterKeys(), MemoryMasterKeys([other]), nil] {
            await #expect {
                try await openReal(directory, masterKeys: wrong)
            } throws: { error in
                (error as? StorageError)?.code == .refusedToOpen
            }
        }
        let again = try await openReal(directory, masterKeys: masters)
        try await ledger.check(again, "again")
        try await again.close()
    }

    @Test("cannot be made without a master key")
    func noMasterKey() async throws {
        let directory = try TemporaryDirectory()
        let store = try await openReal(directory, masterKeys: nil)
        await #expect {
            _ = try await store.stage(HashPlan(isSealed: true), expectedBytes: nil)
        } throws: { error in
            (error as? StorageError)?.code == .unavailable
        }
        try await store.close()
    }

    @Test("outlive their master key, which is let go of, and are sealed with new keys from then on")
    func rotation() async throws {
        let region = SimulatedRegion()
        let ledger = Ledger()
        var store = try await region.open()
        try await store.makeLedgerBucket()
        try await store.putSealed("small", Self.small, ledger)
        try await store.putSealed("large", Self.large, ledger)
        let (old, oldData) = (region.masterKeys.current(), try #require(store.keys.current))
        let appended = region.disk.content(of: "/data/chunks/0000000000000001.chunk")?.count
        let id = try await store.rotateMasterKey()
        #expect(region.masterKeys.known().map(\.id) == [id])
        #expect(id != old.id)
        #expect(region.disk.content(of: "/data/chunks/0000000000000001.chunk")?.count == appended)
        try await store.putSealed("later", pattern(9000, seed: 38), ledger)
        #expect(store.keys.current != oldData)
        try await ledger.check(store, "rotated")
        try await store.close()
        store = try await region.open()
        try await ledger.check(store, "started again")
        #expect(store.keys.count == 2)
        try await store.close()
        region.masterKeys.keepOnly([])
        await #expect(throws: StorageError.self) { try await region.open() }
    }

    @Test("are checked by a scrub, deep too, and moved by a collection as they are")
    func maintained() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open()
        let ledger = damaged.ledger
        for number in 0..<12 {
            let key = ObjectKey("o\(number)")
            try await store.putSealed(key, pattern(90_000, seed: UInt64(50 + number)), ledger)
        }
        for number in 0..<12 where number % 6 != 0 {
            try await store.delete(ObjectKey("o\(number)"), ledger)
        }
        _ = try await store.collect(GarbageOptions(grace: .zero))
        #expect(store.committer.head.movedChunks > 0)
        for isDeep in [false, true] {
            let report = Recorded()
            _ = try await store.scrub(ScrubOptions(isDeep: isDeep), report) { _ in }
            #expect(report.findings == [])
        }
        try await ledger.check(store, "moved")
        try await store.close()
    }

    @Test("that are damaged are never served, and are mended by bytes that are sealed first")
    func damage() async throws {
        let damaged = DamagedRegion()
        let store = try await damaged.open()
        let bytes = pattern(300_000, seed: 71)
        let blob = try await store.putSealed("large", bytes, damaged.ledger)
        damaged.rot(try await damaged.chunks(of: blob, in: store)[2])
        await #expect(throws: StorageError.self) {
            _ = try await LocalStoreTests.bytes(of: blob, 0..<300_000, in: store)
        }
        #expect(try await store.stat(blob)?.isDamaged == true)
        #expect(try await store.isToBeSealed(blob))
        // The chunks beside it are served.
        _ = try await LocalStoreTests.bytes(of: blob, 0..<1000, in: store)
        _ = try await store.keep(store.stage(bytes: bytes))
        let info = try await store.stat(blob)
        #expect(info?.isDamaged == false)
        #expect(info?.isSealed == true)
        try await damaged.ledger.check(store, "mended")
        try await store.close()
    }

    private var leastPartBytes: Int { 5 << 20 }
}
