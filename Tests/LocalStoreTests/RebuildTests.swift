// An index rebuilt from the journal equals the one that was lost, entry by entry, whatever was done before and
// through whatever generations.

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

@Suite("An index that is rebuilt")
struct RebuildTests {
    @Test("equals the lost one after random operations", arguments: 1...6 as ClosedRange<UInt64>)
    func random(seed: UInt64) async throws {
        var run = try await RandomOperations(seed: seed)
        for round in 0..<4 {
            for _ in 0..<60 { try await run.step() }
            if round % 2 == 1 { try await run.store.renewJournal() }
            if round == 2 { for _ in 0..<10 { try await run.step() } }
            run.store = try await GenerationTests.expectRebuilt(
                run.region, run.store, "seed \(seed), round \(round)")
            try await Self.expectCounted(run.store, "seed \(seed), round \(round)")
        }
        try await run.store.close()
    }

    /// The usage that the index keeps is what a count of the bucket's objects, and of the versions beside them, gives.
    private static func expectCounted(_ store: DurableStore, _ context: String) async throws {
        for bucket in try await Buckets(objects: store, blobs: store).list() {
            var request = VersionListRequest(bucket: bucket.name)
            var counted = BucketUsage()
            while true {
                let page = try await store.list(request)
                for case .version(let version, _) in page.entries {
                    counted.objects += 1
                    counted.bytes += version.content?.sizeBytes ?? 0
                }
                guard page.isTruncated, let last = page.entries.last else { break }
                request.after = last.marker
            }
            #expect(try await store.usage(of: bucket.name) == counted, "\(context)")
            #expect(counted.objects > 0, "\(context): there is nothing to count")
        }
    }

    @Test("equals the lost one with RocksDB, before and after a generation")
    func rocks() async throws {
        let directory = try TemporaryDirectory()
        var store = try await openReal(directory)
        let ledger = Ledger()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        for scenario in Scenario.all {
            try await scenario.prepare(store, ledger)
            try await scenario.run(store, ledger)
        }
        for isRenewed in [false, true] {
            if isRenewed { try await store.renewJournal() }
            let followed = try GenerationTests.State(store)
            try await store.close()
            let rebuilt = try RebuildIndex(
                LocalStoreConfiguration(directory: directory.path + "/data", limits: testLimits()),
                disk: PosixDisk(), index: .rocks(), logger: quiet
            ).run()
            #expect(rebuilt.lost.isEmpty)
            #expect(rebuilt.objects == 4, "the bucket, and what the scenarios leave")
            store = try await openReal(directory)
            #expect(try GenerationTests.State(store).asAfter(followed) == followed)
            try await ledger.check(store, "rebuilt")
        }
        try await store.close()
    }

    /// A store without its index, whose replay tells of each batch.
    private static func withoutIndex(
        _ directory: TemporaryDirectory
    ) async throws -> (LocalStoreConfiguration, Ledger) {
        let store = try await openReal(directory)
        let ledger = Ledger()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        for scenario in Scenario.all {
            try await scenario.prepare(store, ledger)
            try await scenario.run(store, ledger)
        }
        try await store.close()
        var limits = testLimits()
        limits.replayBytes = 1
        let configuration = LocalStoreConfiguration(
            directory: directory.path + "/data", limits: limits)
        try RocksIndex.destroy(directory: configuration.indexDirectory)
        return (configuration, ledger)
    }

    @Test("by a start that is given up is kept as far as it came, and the next one goes on there")
    func givenUp() async throws {
        let directory = try TemporaryDirectory()
        let (configuration, ledger) = try await Self.withoutIndex(directory)
        let opening = Mutex<Task<DurableStore, any Error>?>(nil)
        let reached = Mutex<UInt64>(0)
        let task = Task {
            try await DurableStore.open(
                HeldDirectory(configuration, disk: PosixDisk()), index: .rocks(),
                clock: TestClock(), random: numbers(seed: 2), logger: quiet,
                progress: { progress in
                    reached.withLock { $0 = progress.readBytes }
                    guard progress.readBytes > progress.totalBytes / 2 else { return }
                    while opening.withLock({ $0 == nil }) { usleep(1000) }
                    opening.withLock { $0?.cancel() }
                })
        }
        opening.withLock { $0 = task }
        await #expect(throws: CancellationError.self) { try await task.value }
        let first = Mutex<ReplayProgress?>(nil)
        let again = try await DurableStore.open(
            HeldDirectory(configuration, disk: PosixDisk()), index: .rocks(), clock: TestClock(),
            random: numbers(seed: 3), logger: quiet,
            progress: { progress in first.withLock { $0 = $0 ?? progress } })
        let total = try #require(first.withLock { $0?.totalBytes })
        let left = reached.withLock { $0 }
        #expect(left > 0 && total < left, "\(total) bytes after \(left)")
        try await ledger.check(again, "begun twice")
        try await again.close()
    }

    @Test("says how far it is, while a start makes it")
    func progress() async throws {
        let directory = try TemporaryDirectory()
        let (configuration, ledger) = try await Self.withoutIndex(directory)
        let told = Mutex<[ReplayProgress]>([])
        let again = try await DurableStore.open(
            HeldDirectory(configuration, disk: PosixDisk()), index: .rocks(), clock: TestClock(),
            random: numbers(seed: 2), logger: quiet,
            progress: { progress in told.withLock { $0.append(progress) } })
        let read = told.withLock { $0.map(\.readBytes) }
        #expect(read.count > 10)
        #expect(read.first == 0)
        #expect(read == read.sorted())
        let total = try #require(told.withLock { Set($0.map(\.totalBytes)) }.first)
        #expect(told.withLock { $0.allSatisfy { $0.totalBytes == total } })
        // But for the headers of the files, all of it is batches.
        #expect((total - total / 10...total).contains(read.last ?? 0))
        try await ledger.check(again, "rebuilt by a start")
        try await again.close()
    }

    @Test("is made offline: not while a daemon has the directory, nor where there is no journal")
    func offline() async throws {
        let region = SimulatedRegion()
        let rebuild = { try region.rebuildIndex() }
        #expect(throws: StorageError.self) { try rebuild() }
        #expect(region.disk.paths.isEmpty, "nothing was made")
        let store = try await region.open()
        #expect { try rebuild() } throws: { ($0 as? StorageError)?.code == .refusedToOpen }
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        try await store.put("one", Scenario.large, Ledger())
        let followed = try GenerationTests.State(store)
        try await store.close()
        #expect(try rebuild().objects == 2)
        let entries = try region.indexEntries()
        #expect(entries == followed.entries, "and no start is recorded")
        let again = try await region.open()
        try await again.close()
    }

    @Test("says what of the journal is lost, also where only the old index knew of it")
    func lost() async throws {
        let region = SimulatedRegion()
        let store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        try await store.close()
        let second = try await region.open()
        try await second.put("late", Scenario.small, Ledger())
        try await second.close()
        let last = try #require(region.disk.paths.last { $0.hasSuffix(".journal") })
        try region.disk.remove(last)
        let rebuilt = try region.rebuildIndex()
        #expect(rebuilt.lost.count == 1)
        #expect(rebuilt.objects == 1, "the bucket")
        #expect(try region.rebuildIndex().lost.isEmpty, "the new one knows of nothing more")
    }
}

/// One client's random operations, the rare ones included.
private struct RandomOperations {
    let region = SimulatedRegion()
    var store: DurableStore
    private var random: SplitMix64
    private var uploads: [Upload] = []
    private var foreign: [ObjectVersion] = []
    private static let keys: [ObjectKey] = [
        "a", "b", "c/d", "\u{0}", "docker/registry/v2/repositories/r/_uploads/1/data",
    ]
    private static let east = RegionID(0xea57)

    init(seed: UInt64) async throws {
        random = SplitMix64(state: seed)
        store = try await region.open()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
    }

    mutating func step() async throws {
        region.clock.advance(milliseconds: Int64(below(5)))
        do {
            try await operation()
        } catch let error as StorageError {
            // What is refused is refused; only trouble is a failure.
            #expect(error.code != .inputOutput && error.code != .unavailable, "\(error)")
        }
    }

    private mutating func operation() async throws {
        switch below(15) {
        case 0...2: try await store.put(key(), bytes(), Ledger())
        case 3: try await store.commit(.delete(Ledger.name(key()), .none))
        case 4:
            guard let content = try await store.object(Ledger.name(key()))?.content else { return }
            try await store.commit(.link(Ledger.name(key()), content, .none))
        case 5: uploads.append(try await store.create(upload()))
        case 6: try await addPart()
        case 7: try await endUpload()
        case 8...9: try await merge()
        case 10: try await publish()
        case 11: try await setVersioning()
        case 12: try await purge()
        case 13: try await amend()
        default: try await damage()
        }
    }

    private mutating func setVersioning() async throws {
        let setting: BucketVersioning = below(3) == 0 ? .suspended : .enabled
        try await Buckets(objects: store, blobs: store).set(
            .versioning, to: ByteBuffer(string: setting.document), of: Ledger.bucket)
    }

    private mutating func purge() async throws {
        let name = Ledger.name(key())
        let listed = try await store.registers(of: [name])[0].listed
        guard let version = listed.randomElement(using: &random) else { return }
        try await store.commit(.purge(name, version.versionID, .none))
    }

    private mutating func amend() async throws {
        let name = Ledger.name(key())
        let listed = try await store.registers(of: [name])[0].listed
        guard let version = listed.randomElement(using: &random), var content = version.content
        else { return }
        content.tags = [MetadataField(name: "t", value: "\(below(9))")]
        try await store.commit(.amend(name, content, version.version))
    }

    private mutating func upload() -> Upload {
        Upload(id: UploadID(""), name: Ledger.name(key()), initiatedMilliseconds: 0)
    }

    private mutating func addPart() async throws {
        guard let upload = uploads.randomElement(using: &random) else { return }
        let number = 1 + below(3)
        if below(2) == 0, let content = try await store.object(Ledger.name(key()))?.content {
            _ = try await store.copyPart(
                upload.id, of: upload.name, number: number, blob: content.blob,
                range: 0..<content.sizeBytes)
        } else {
            let staged = try await store.stage(bytes: bytes())
            _ = try await store.putPart(
                upload.id, of: upload.name, number: number, staged: staged)
        }
    }

    private mutating func endUpload() async throws {
        guard let place = uploads.indices.randomElement(using: &random) else { return }
        let upload = uploads.remove(at: place)
        guard below(3) > 0 else { return try await store.abort(upload.id, of: upload.name) }
        let parts = try await store.parts(of: upload.id, upload.name, after: 0, limit: 10).parts
        _ = try await store.complete(
            upload.id, of: upload.name,
            Completion(
                parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag) },
                leastPartBytes: 0))
    }

    private mutating func merge() async throws {
        let number = UInt64(foreign.count + 1)
        var object = ObjectVersion(
            name: Ledger.name(key()),
            version: Version(
                stamp: HybridTimestamp(
                    milliseconds: UInt64(region.clock.milliseconds() + 3),
                    counter: UInt16(number)), region: Self.east),
            position: FeedPosition(incarnation: 1, number: number), kind: .tombstone,
            state: .published)
        if below(3) == 0 { object.versionID = .stamp(object.version) }
        var inline: ByteBuffer?
        let body = pattern(below(30), seed: 8)
        if below(4) == 0, let target = foreign.randomElement(using: &random) {
            object.name = target.name
            object.kind = target.purge.kind
            object.versionID = target.purge.id
        } else if below(3) > 0, let blob = HashedBody(body, plan: HashPlan()).blob {
            object.kind = .put(
                ObjectContent(
                    blob: blob, sizeBytes: UInt64(body.readableBytes),
                    lastModifiedMilliseconds: 7, etag: "f"))
            inline = below(4) > 0 ? body : nil
        }
        foreign.append(object)
        try await store.merge(
            FeedRange(
                origin: Self.east, after: FeedPosition(incarnation: 1, number: number - 1),
                through: FeedPosition(incarnation: 1, number: number),
                entries: [FeedEntry(object: object, inlineBytes: inline)]))
    }

    private mutating func publish() async throws {
        guard let object = foreign.randomElement(using: &random) else { return }
        try await store.publish([object.reference])
    }

    private mutating func damage() async throws {
        guard let blob = try await store.object(Ledger.name(key()))?.content?.blob else { return }
        let change: BlobStateRecord.Change = below(3) == 0 ? .mended : .damaged
        try await store.committer.queue.submit(
            RecordAll(records: [
                .blobState(BlobStateRecord(blob: blob, change: change)),
                .chunkMoved(
                    ChunkMovedRecord(
                        chunk: ChunkRecord(
                            file: 1, offsetBytes: UInt64(below(50)), lengthBytes: 0, crc32c: 0),
                        nowFile: 2, nowOffsetBytes: UInt64(below(50)))),
            ]))
    }

    private mutating func bytes() -> ByteBuffer {
        pattern(below(4) == 0 ? 9_000 + below(2) : below(9), seed: UInt64(below(3)))
    }

    private mutating func key() -> ObjectKey { Self.keys[below(Self.keys.count)] }

    private mutating func below(_ limit: Int) -> Int { Int.random(in: 0..<limit, using: &random) }
}
