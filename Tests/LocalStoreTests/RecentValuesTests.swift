// Values that were looked up lately never outlive the batch that changes them, however reads and batches meet.

import Journal
import MetadataIndex
import NIOCore
import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

@Suite("Values that were looked up lately")
struct RecentValuesTests {
    private static let key: Bytes = [1, 2, 3]
    private static let other: Bytes = [4]

    /// What a look-up answers, and whether the index was asked.
    private static func look(
        _ recent: RecentValues, _ key: Bytes = key, finding lookup: CachedLookup<ReadValue>
    ) throws -> (answer: CachedLookup<ReadValue>, isAsked: Bool) {
        var isAsked = false
        let answer = try recent.value(of: key) {
            isAsked = true
            return lookup
        }
        return (answer, isAsked)
    }

    @Test(
        "what was found, and what is not there, is asked for once; what is not in memory each time")
    func kept() throws {
        let recent = RecentValues(limitBytes: 1 << 20)
        for lookup in [CachedLookup<ReadValue>.found(.bytes([7])), .absent] {
            let key: Bytes = lookup == .absent ? Self.other : Self.key
            #expect(try Self.look(recent, key, finding: lookup) == (lookup, true))
            #expect(try Self.look(recent, key, finding: .notInMemory) == (lookup, false))
        }
        for _ in 0..<2 {
            #expect(try Self.look(recent, [9], finding: .notInMemory) == (.notInMemory, true))
        }
    }

    @Test(
        "a batch makes what it changes be asked for again, from when it begins",
        arguments: [
            IndexChange.put(key: RecentValuesTests.key, value: [8]),
            .delete(key: RecentValuesTests.key),
            .deleteRange(from: [0], to: [9]),
        ])
    func changed(_ change: IndexChange) throws {
        let recent = RecentValues(limitBytes: 1 << 20)
        _ = try Self.look(recent, finding: .found(.bytes([7])))
        _ = try Self.look(recent, Self.other, finding: .found(.bytes([7])))
        recent.beginChange([change])
        // As long as it lasts, either may be what the index says: none is kept.
        #expect(try Self.look(recent, finding: .found(.bytes([7]))).isAsked)
        #expect(try Self.look(recent, finding: .found(.bytes([8]))) == (.found(.bytes([8])), true))
        recent.endChange()
        #expect(try Self.look(recent, finding: .found(.bytes([8]))) == (.found(.bytes([8])), true))
        #expect(try Self.look(recent, finding: .notInMemory) == (.found(.bytes([8])), false))
        if case .deleteRange = change { return }
        #expect(
            try Self.look(recent, Self.other, finding: .notInMemory) == (.found(.bytes([7])), false)
        )
    }

    /// Where a read that takes long meets a batch.
    enum Meeting: CaseIterable {
        case batchBeginsDuringRead, batchEndsDuringRead, batchIsWithinRead
    }

    @Test("what was read before or during a batch is not kept", arguments: Meeting.allCases)
    func raced(_ meeting: Meeting) throws {
        let recent = RecentValues(limitBytes: 1 << 20)
        let batch = [IndexChange.put(key: Self.key, value: [8])]
        if meeting == .batchEndsDuringRead { recent.beginChange(batch) }
        let answer = try recent.value(of: Self.key) {
            if meeting != .batchEndsDuringRead { recent.beginChange(batch) }
            if meeting != .batchBeginsDuringRead { recent.endChange() }
            return .found(.bytes([7]))
        }
        #expect(answer == .found(.bytes([7])))
        if meeting == .batchBeginsDuringRead { recent.endChange() }
        #expect(try Self.look(recent, finding: .found(.bytes([8]))) == (.found(.bytes([8])), true))
    }

    @Test("an index that is taken away takes everything with it")
    func takenAway() throws {
        let recent = RecentValues(limitBytes: 1 << 20)
        _ = try Self.look(recent, finding: .found(.bytes([7])))
        recent.beginChangeOfAll()
        #expect(try Self.look(recent, finding: .notInMemory) == (.notInMemory, true))
        recent.endChange()
        #expect(try Self.look(recent, finding: .absent) == (.absent, true))
    }

    @Test("it keeps no more than it may, and nothing that is large")
    func bounded() throws {
        let recent = RecentValues(limitBytes: 256 << 10)
        _ = try Self.look(recent, finding: .found(.bytes(Bytes(repeating: 1, count: 1024))))
        #expect(try Self.look(recent, finding: .absent).isAsked)
        // About 460 bytes each: the table begins anew before all of them are in it.
        let keys = (0..<2000).map { [UInt8($0 / 256), UInt8($0 % 256), 0] }
        for key in keys {
            _ = try Self.look(recent, key, finding: .found(.bytes(Bytes(repeating: 1, count: 200))))
        }
        let kept = try keys.count { try !Self.look(recent, $0, finding: .notInMemory).isAsked }
        #expect((1...900).contains(kept))
    }

    /// Values that are kept taken apart.
    enum Kind: CaseIterable {
        case smallBody, largeBody, name

        /// One that holds 5000 bytes or a little more.
        func value() throws -> ReadValue {
            let blob = try #require(BlobID(bytes: [UInt8](repeating: 7, count: 32)))
            switch self {
            case .smallBody: return Self.entry(blob, .inline([UInt8](repeating: 1, count: 5000)))
            case .largeBody:
                let chunk = ChunkRecord(file: 1, offsetBytes: 0, lengthBytes: 1, crc32c: 0)
                return Self.entry(blob, .chunks(Array(repeating: chunk, count: 200)))
            case .name:
                let field = MetadataField(name: "a", value: String(repeating: "v", count: 5000))
                let content = ObjectContent(
                    blob: blob, sizeBytes: 1, lastModifiedMilliseconds: 0, etag: "",
                    userMetadata: [field])
                let stamp = HybridTimestamp(rawValue: 1)
                let version = ObjectVersion(
                    name: Ledger.name("name"),
                    version: Version(stamp: stamp, region: RegionID(1)), position: nil,
                    kind: .put(content), state: .published)
                return .shown(ShownEntry(version: version, hasRegister: false))
            }
        }

        private static func entry(_ blob: BlobID, _ bytes: StoredBytes) -> ReadValue {
            .blob(BlobEntry(record: BlobRecord(blob: blob, sizeBytes: 5000, bytes: bytes)))
        }
    }

    @Test(
        "what is kept taken apart counts with all that it holds, until it is forgotten",
        arguments: Kind.allCases)
    func counted(_ kind: Kind) throws {
        let value = try kind.value()
        let large = RecentValues(limitBytes: 256 * 8 << 10)
        _ = try Self.look(large, finding: .found(value))
        #expect((5000...8192).contains(large.keptBytes))
        #expect(try Self.look(large, finding: .notInMemory) == (.found(value), false))
        large.beginChange([.delete(key: Self.key)])
        #expect(large.keptBytes == 0)
        // Where there is half as much room, one value may not take so much of it.
        let small = RecentValues(limitBytes: 256 * 4 << 10)
        _ = try Self.look(small, finding: .found(value))
        #expect(small.keptBytes == 0)
    }

    @Test("what was read behind a batch that failed does not outlive the index")
    func failedBatch() throws {
        let index = MemoryIndex()
        try index.apply([.put(key: Self.key, value: [7])])
        let access = IndexAccess(FailingIndex(index, failures: 1), recentBytes: 1 << 20)
        let batch = [IndexChange.put(key: Self.key, value: [8])]
        #expect(throws: IndexError.self) { try access.apply(batch) }
        #expect(try access.recent(Self.key) == .found(.bytes([7])))
        _ = access.take()
        #expect(try access.recent(Self.key) == .notInMemory)
        // As the journal is replayed.
        try index.apply(batch)
        access.put(index)
        #expect(try access.recent(Self.key) == .found(.bytes([8])))
    }

    private final class Progress: Sendable {
        let acknowledged = Atomic(0)
    }

    @Test("readers of a name never see an earlier version than one that was acknowledged")
    func readers() async throws {
        let region = SimulatedRegion()
        let store = try await region.open(limits: testLimits())
        try await store.makeLedgerBucket()
        let ledger = Ledger()
        let progress = Progress()
        try await store.put("name", pattern(0), ledger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    while !Task.isCancelled, progress.acknowledged.load(ordering: .acquiring) < 300
                    {
                        let least = progress.acknowledged.load(ordering: .acquiring)
                        let size = try #require(
                            try await store.object(Ledger.name("name"))?.content?.sizeBytes)
                        #expect(size >= UInt64(least))
                        // What is in memory is found without a pause: the writer needs one.
                        await Task.yield()
                    }
                }
            }
            for number in 1...300 {
                try await store.put("name", ByteBuffer(repeating: 1, count: number), ledger)
                progress.acknowledged.store(number, ordering: .releasing)
            }
            try await group.waitForAll()
        }
        try await store.close()
    }
}
