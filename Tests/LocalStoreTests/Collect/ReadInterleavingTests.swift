// The interleavings 9 and 10 of CollectGarbage.swift: who has found bytes, or is reading them, while they become
// dead or are copied on.

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

@Suite("Reading while garbage is collected")
struct ReadInterleavingTests {
    @Test("9: bytes stay until the look-ups that may have found them have ended")
    func openLookup() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let ledger = Ledger()
        try await store.put("kept", pattern(20_000, seed: 7), ledger)
        try await store.put("gone", Scenario.large, ledger)
        let blob = try await store.blob(at: "gone")
        let before = try store.physicalBytes()
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (found, finder) = AsyncStream.makeStream(of: Void.self)
        async let read: [UInt8] = store.lookups.during {
            let entry = try #require(try await store.entry(of: blob))
            finder.finish()
            for await _ in gate {}
            let source = try await store.source(
                entry.record.bytes, 0..<entry.record.sizeBytes, of: blob)
            return try await source.collect()
        }
        for await _ in found {}
        try await store.delete("gone", ledger)
        async let report = store.collect()
        try await eventually("the collection waits for look-ups") { store.lookups.isAwaited }
        #expect(try store.physicalBytes() == before)
        opener.finish()
        #expect(try await read == Array(Scenario.large.readableBytesView))
        _ = try await report
        try await store.collect()
        #expect(try store.physicalBytes() < before)
        try await ledger.check(store, "after the collection")
        try await store.close()
    }

    @Test("10: a read goes on to its last byte, whatever is collected")
    func pinned() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let ledger = Ledger()
        for number in 0..<6 {
            try await store.put(
                ObjectKey("\(number)"), pattern(90_000, seed: UInt64(number + 1)), ledger)
        }
        let blob = try await store.blob(at: "3")
        let whole = try await store.content(of: blob, limitBytes: 1 << 20)
        var source: (any SegmentSource)? = try await store.read(blob, range: 0..<90_000)
        let segment = try await source?.next()
        guard case .bytes(var read)? = segment else {
            Issue.record("a simulated disk yields bytes")
            return
        }
        for number in 0..<6 where number != 1 {
            try await store.delete(ObjectKey("\(number)"), ledger)
        }
        let first = try await store.collect()
        #expect(first.figures["removed_blobs"] == 4, "all but the one that is read")
        try await store.dropWhatever(blob)
        try await store.collect()
        while let next = try await source?.next() { try next.append(to: &read) }
        #expect(read == whole)
        source = nil
        try await eventually("its pins are let go of") {
            try !store.chunks.reader.files().contains {
                store.chunks.pins.isPinned(0..<UInt64.max, of: $0)
            }
        }
        try await store.collect()
        try await ledger.check(store, "after the collection")
        let live = try await store.liveBytes()
        #expect(try store.physicalBytes() * 10 <= live * 13)
        try await store.close()
    }

    @Test(
        "9: who found a chunk before it was copied on has pinned it before its place is given back",
        arguments: [false, true])
    func beforeTheMove(isOtherDamaged: Bool) async throws {
        let region = SimulatedRegion()
        let disk = HeldDisk(region.disk)
        let store = try await collectStore(region, on: disk)
        let ledger = Ledger()
        let blobs = try await store.mostlyDead(ledger)
        let kept = try #require(try await store.entry(of: blobs.kept)).record
        let (first, second) = (kept.bytes.chunkRecords[0], kept.bytes.chunkRecords[1])
        let path = "/data/chunks/" + ChunkFormat.name(of: first.file)
        // With a damaged chunk the file stays, and what was copied on is punched out.
        if isOtherDamaged { region.disk.flip(path, at: second.offsetBytes + 100) }
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (found, finder) = AsyncStream.makeStream(of: Void.self)
        defer { opener.finish() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            try await disk.holding { isHeld in
                group.addTask { try await store.collect() }
                // That the chunks are copied on is the first thing that is written down.
                try await isHeld()
                group.addTask {
                    try await store.lookups.during {
                        let places = ChunkPlaces(index: store.index, committer: store.committer)
                        let chunks = try places.find([first.reference])
                        #expect(chunks[0].place.file == first.file)
                        finder.finish()
                        for await _ in gate {}
                        let range = 0..<UInt64(first.lengthBytes)
                        let source = store.reads.source(chunks, range: range, blob: kept.blob)
                        let bytes = try await source.collect()
                        #expect(bytes == Array(Scenario.kept.readableBytesView.prefix(range.count)))
                    }
                }
                for await _ in found {}
            }
            try await eventually("the collection waits for the look-up") {
                store.lookups.isAwaited
            }
            #expect(region.disk.paths.contains(path))
            opener.finish()
            try await group.waitForAll()
        }
        if !isOtherDamaged { try await ledger.check(store, "after the collection") }
        try await store.close()
    }

    /// What may be looked at.
    struct Places: Sendable {
        var store: DurableStore
        /// Of several chunks.
        var blob: BlobID
        /// With one stored part.
        var upload: Upload

        func create() async throws -> Upload {
            try await store.create(
                Upload(id: UploadID(""), name: Ledger.name("u"), initiatedMilliseconds: 0))
        }
    }

    /// One way to come to places of chunks.
    struct Way: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var look: @Sendable (Places) async throws -> Void

        static let all = [
            Way(testDescription: "a read") { places in
                _ = try await places.store.read(places.blob, range: 0..<10)
            },
            Way(testDescription: "a part that is followed") { places in
                let (store, upload) = (places.store, try await places.create())
                _ = try await store.putPart(
                    upload.id, of: upload.name, number: 1,
                    staged: store.stage(bytes: Scenario.large))
            },
            Way(testDescription: "a copied part that is followed") { places in
                let upload = try await places.create()
                _ = try await places.store.copyPart(
                    upload.id, of: upload.name, number: 1, blob: places.blob, range: 0..<30_000)
            },
            Way(testDescription: "an upload that is completed") { places in
                let upload = try await places.create()
                let part = try await places.store.copyPart(
                    upload.id, of: upload.name, number: 1, blob: places.blob, range: 100..<29_000)
                let completion = Completion(
                    parts: [CompletedPart(number: 1, etag: part.etag)], leastPartBytes: 1)
                _ = try await places.store.complete(upload.id, of: upload.name, completion)
            },
            Way(testDescription: "a scrub of a blob") { places in
                let entry = try #require(try await places.store.entry(of: places.blob))
                _ = try await CheckChunks(store: places.store).isIntact(
                    entry.record.bytes.chunkRecords[0].reference, of: .blob(places.blob))
            },
            Way(testDescription: "a scrub of a part") { places in
                let part = try #require(
                    try await places.store.partRecords(of: places.upload.id, after: 0, limit: 1)
                        .first)
                guard case .stored(let bytes) = part.source else { return }
                _ = try await CheckChunks(store: places.store).isIntact(
                    bytes.chunkRecords[0].reference, of: .part(places.upload.id, 1))
            },
        ]
    }

    @Test("9: whoever comes to places of chunks is in a look-up meanwhile", arguments: Way.all)
    func isOpen(_ way: Way) async throws {
        let region = SimulatedRegion()
        let gate = IndexGate()
        let store = try await region.open(
            limits: collectLimits(), index: { GatedIndex($0, KeySchema.Space.moved, gate) })
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        // Only where chunks were moved is anybody to look where they are.
        let blobs = try await store.mostlyDead(ledger)
        try await store.collectAll()
        #expect(store.committer.head.movedChunks > 0)
        let upload = try await store.create(
            Upload(id: UploadID(""), name: Ledger.name("first"), initiatedMilliseconds: 0))
        _ = try await store.putPart(
            upload.id, of: upload.name, number: 1, staged: store.stage(bytes: Scenario.large))
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { gate.open() }
            gate.close()
            group.addTask {
                try await way.look(Places(store: store, blob: blobs.kept, upload: upload))
            }
            try await eventually("places are looked up") { gate.waiting > 0 }
            group.addTask { await store.lookups.settled() }
            try await eventually("the look-up is waited for") { store.lookups.isAwaited }
            gate.open()
            try await group.waitForAll()
        }
        try await store.close()
    }

    @Test("10: what a read has pinned is not punched out of a file that stays")
    func punched() async throws {
        var limits = collectLimits()
        limits.chunks.lanes = 1
        // Nothing is compacted.
        limits.collect.compactBelowPercent = 0
        limits.collect.wastePercent = 30
        let region = SimulatedRegion()
        let store = try await collectStore(region, limits: limits)
        let ledger = Ledger()
        try await store.put("a", pattern(30_000, seed: 1), ledger)
        let read = pattern(60_000, seed: 2)
        let blob = try await store.keep(store.stage(bytes: read)).blob
        try await store.put("b", pattern(30_000, seed: 3), ledger)
        #expect(try store.chunks.reader.files().count == 1)
        var source: (any SegmentSource)? = try await store.read(blob, range: 0..<60_000)
        try await store.dropWhatever(blob)
        // Pinned, it cannot be punched; what is live is copied on, and the file waits.
        try await store.collect()
        #expect(try await source?.collect() == Array(read.readableBytesView))
        source = nil
        try await ledger.check(store, "after the collection")
        try await store.close()
    }

    @Test("10: what is pinned to be hashed ahead stays")
    func hashedAhead() async throws {
        let region = SimulatedRegion()
        let store = try await collectStore(region)
        let blob = try await store.keep(store.stage(bytes: Scenario.large)).blob
        let bytes = try #require(try await store.entry(of: blob)).record.bytes
        var pinned: PinnedForm? = try await store.lookups.during {
            try await store.pinned(bytes)
        }
        try await store.dropWhatever(blob)
        for _ in 0..<2 { try await store.collect() }
        guard case .chunks(let chunks)? = pinned else {
            Issue.record("it has chunks")
            return
        }
        for chunk in chunks.chunks {
            try await store.pool.run { try store.reads.withChecked(chunk, blob: nil) { _ in } }
        }
        pinned = nil
        try await store.close()
    }
}
