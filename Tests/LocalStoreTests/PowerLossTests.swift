// Every scenario is cut off at every write and every sync it makes, in several ways: the power goes and
// takes everything that was not synced, or a random part of it; or the process is killed, the next start
// accepts what it finds, writes once, and then the power goes.

import Checksums
import ChunkFiles
import Journal
import NIOCore
import Simulation
import Storage
import StoreConformance
import Testing

@testable import LocalStore

/// Something a client does, and what must be there before.
struct Scenario: Sendable, CustomTestStringConvertible {
    var name: String
    var prepare: @Sendable (DurableStore, Ledger) async throws -> Void = { _, _ in }
    var run: @Sendable (DurableStore, Ledger) async throws -> Void
    /// When the store has been started again.
    var afterwards: @Sendable (DurableStore, Ledger) async throws -> Void = { _, _ in }

    var testDescription: String { name }

    static let small = pattern(700, seed: 3)
    static let large = pattern(200_000, seed: 4)
    static let other = pattern(130_000, seed: 5)

    static let all: [Scenario] = [
        Scenario(name: "put small") { store, ledger in
            try await store.put("small", small, ledger)
            try await store.put("small", pattern(701, seed: 6), ledger)
        },
        Scenario(name: "put large") { store, ledger in
            try await store.put("large", large, ledger)
            try await store.put("large", other, ledger)
        },
        Scenario(name: "multipart") { store, ledger in
            try await store.put("source", other, ledger)
        } run: { store, ledger in
            try await store.multipart("parts", ledger)
        },
        Scenario(name: "copy") { store, ledger in
            try await store.put("source", large, ledger)
            try await store.put("target", small, ledger)
        } run: { store, ledger in
            let content = try await store.object(Ledger.name("source"))?.content
            let source = try #require(content)
            try await ledger.change("target", to: large) {
                try await store.commit(.link(Ledger.name("target"), source, .none))
            }
        },
        Scenario(name: "delete") { store, ledger in
            try await store.put("small", small, ledger)
            try await store.put("large", large, ledger)
        } run: { store, ledger in
            for key: ObjectKey in ["small", "large"] {
                try await ledger.change(key, to: nil) {
                    try await store.commit(.delete(Ledger.name(key), .none))
                }
            }
        },
    ]

    private static let garbage = (0..<10).map { ObjectKey("garbage-\($0)") }
    private static let live: [ObjectKey] = ["garbage-3", "garbage-6", "garbage-7"]

    /// Files with nothing live, to compact and to punch.
    static let collection = Scenario(name: "garbage collection and compaction") { store, ledger in
        for (number, key) in garbage.enumerated() {
            try await store.put(key, pattern(90_000, seed: UInt64(number + 20)), ledger)
        }
        for key in garbage where !live.contains(key) { try await store.delete(key, ledger) }
    } run: { store, ledger in
        try await store.collectAll()
    } afterwards: { store, ledger in
        try await store.collectAll()
        for key in live { #expect(try await store.object(Ledger.name(key)) != nil) }
        let liveBytes = try await store.liveBytes()
        #expect(try store.physicalBytes() * 10 <= liveBytes * 13)
    }

    /// Keys are made, bytes are sealed as they come, and bytes that lay in the clear are sealed.
    static let sealing = Scenario(name: "sealing") { store, ledger in
        try await store.put("small", small, ledger)
        try await store.put("large", large, ledger)
    } run: { store, ledger in
        try await store.putSealed("small", small, ledger)
        try await store.putSealed("other", other, ledger)
        try await store.copySealed("large", to: "copy", ledger)
        _ = try await store.rotateMasterKey()
        try await store.putSealed("small", pattern(702, seed: 7), ledger)
    }

    static let generation = Scenario(name: "new generation of the journal") { store, ledger in
        try await store.put("small", small, ledger)
        try await store.put("large", other, ledger)
        try await ledger.change("small", to: nil) {
            try await store.commit(.delete(Ledger.name("small"), .none))
        }
    } run: { store, ledger in
        try await store.renewJournal()
        try await store.put("large", large, ledger)
        async let renewed: Void = store.renewJournal()
        try await store.put("small", small, ledger)
        try await renewed
        // That the old files could not be removed is noticed by what comes next.
        try await store.put("small", other, ledger)
    }
}

extension DurableStore {
    func put(_ key: ObjectKey, _ bytes: ByteBuffer, _ ledger: Ledger) async throws {
        try await ledger.change(key, to: bytes) {
            let staged = try await stage(bytes: bytes)
            try await commit(.put(Ledger.name(key), try content(of: staged), staged, .none))
        }
    }

    func content(of staged: StagedBlob) throws -> ObjectContent {
        ObjectContent(
            blob: try #require(staged.blob), sizeBytes: staged.sizeBytes,
            lastModifiedMilliseconds: 0, etag: Hexadecimal.encode(try #require(staged.md5)))
    }

    /// An upload of two stored parts and one that is copied across the edges of chunks.
    func multipart(_ key: ObjectKey, _ ledger: Ledger) async throws {
        let name = Ledger.name(key)
        let upload = try await create(
            Upload(id: UploadID(""), name: name, initiatedMilliseconds: 0))
        ledger.opened(upload)
        var whole = ByteBuffer()
        var parts: [UploadPart] = []
        for (number, bytes) in [(1, Scenario.large), (2, Scenario.small)] {
            let staged = try await stage(bytes: bytes)
            parts.append(try await putPart(upload.id, of: name, number: number, staged: staged))
            parts.last.map(ledger.acknowledged)
            whole.writeImmutableBuffer(bytes)
        }
        let source = try #require(try await object(Ledger.name("source"))?.content)
        let range: Range<UInt64> = 5_000..<100_000
        parts.append(
            try await copyPart(
                upload.id, of: name, number: 3, blob: source.blob, range: range))
        parts.last.map(ledger.acknowledged)
        whole.writeImmutableBuffer(
            try #require(Scenario.other.getSlice(at: 5_000, length: range.count)))
        let completion = Completion(
            parts: parts.map { CompletedPart(number: $0.number, etag: $0.etag) },
            leastPartBytes: 1)
        try await ledger.change(key, to: whole) {
            _ = try await complete(upload.id, of: name, completion)
        }
    }
}

/// One way of being cut off.
enum Cut: Sendable, CaseIterable {
    case everythingUnsynced
    case somethingUnsynced
    case killedThenPower

    func loss(_ seed: Int) -> SimulatedDisk.Loss {
        switch self {
        case .everythingUnsynced: .everything
        case .somethingUnsynced: .random(seed: UInt64(seed))
        case .killedThenPower: .nothing
        }
    }
}

@Suite("Power loss")
struct PowerLossTests {
    /// Chunks of 64 KiB, so that a body has several without being large.
    private static func limits() -> LocalStoreLimits {
        var limits = testLimits()
        limits.ingest.chunkBytes = 64 << 10
        limits.ingest.inlineBytes = 1 << 10
        limits.chunks.fileBytes = 256 << 10
        limits.journal.fileBytes = 2 << 10
        limits.collect = collectLimits().collect
        return limits
    }

    private static func open(_ region: SimulatedRegion) async throws -> DurableStore {
        try await region.open(limits: limits())
    }

    /// Opens a fresh region up to where the scenario begins.
    private static func prepared(
        _ scenario: Scenario, flushed: Bool
    ) async throws -> (SimulatedRegion, DurableStore, Ledger) {
        let region = SimulatedRegion()
        let store = try await open(region)
        let ledger = Ledger()
        try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
        try await scenario.prepare(store, ledger)
        if flushed { try region.flushIndex() }
        return (region, store, ledger)
    }

    /// Starts again after a crash, and checks.
    private static func restarted(
        _ region: SimulatedRegion, _ old: DurableStore?, _ ledger: Ledger, _ context: String
    ) async throws -> DurableStore {
        region.restart()
        // Ends the threads of the process that is gone; its files are dead.
        try? await old?.close()
        let store = try await open(region)
        try await ledger.check(store, context)
        return store
    }

    @Test(
        "nothing acknowledged is lost, nothing corrupt is readable",
        arguments: Scenario.all + [.generation, .collection])
    func everyCall(scenario: Scenario) async throws {
        let (region, store, ledger) = try await Self.prepared(scenario, flushed: false)
        let first = region.disk.calls.count + 1
        try await scenario.run(store, ledger)
        try await ledger.check(store, scenario.name)
        let last = region.disk.calls.count
        try await store.close()
        #expect(last >= first, "the scenario writes")
        for call in first...last {
            for cut in Cut.allCases {
                try await crash(scenario, at: call, cut, flushed: call % 2 == 0)
            }
        }
        print("\(scenario.name): \((last - first + 1) * Cut.allCases.count) crash points covered")
    }

    @Test("nothing is lost either where bytes are sealed, keys made and replaced")
    func everyCallOfSealing() async throws { try await everyCall(scenario: .sealing) }

    private func crash(
        _ scenario: Scenario, at call: Int, _ cut: Cut, flushed: Bool
    ) async throws {
        let context = "\(scenario.name), call \(call), \(cut)"
        let (region, store, ledger) = try await Self.prepared(scenario, flushed: flushed)
        region.disk.crash(atCall: call, cut.loss(call))
        var isNoticed = false
        do { try await scenario.run(store, ledger) } catch { isNoticed = true }
        // With how its syncs happen to be shared, a scenario may end a call or two early: cut off there.
        #expect(
            isNoticed || region.disk.calls.count < call, "\(context): the crash is noticed")
        if !isNoticed { region.disk.crash(cut.loss(call)) }
        var current = try await Self.restarted(region, store, ledger, context)
        // Whatever the recovery accepted must survive what comes next, like any other write.
        try await current.put("after", Scenario.small, ledger)
        region.disk.crash(call % 2 == 0 ? .everything : .random(seed: UInt64(call)))
        current = try await Self.restarted(region, current, ledger, context + ", again")
        try await current.put("after", Scenario.large, ledger)
        try await scenario.afterwards(current, ledger)
        try await ledger.check(current, context + ", at the end")
        #expect(current.region == store.region)
        #expect(current.incarnation > store.incarnation)
        try await current.close()
    }

    @Test("a first start can be cut off at every call")
    func everyCallOfTheFirstStart() async throws {
        var covered = 0
        while true {
            let call = covered + 1
            let region = SimulatedRegion()
            region.disk.crash(atCall: call, call % 2 == 0 ? .everything : .random(seed: 9))
            if let store = try? await Self.open(region) {
                try await store.close()
                break
            }
            covered += 1
            let ledger = Ledger()
            region.restart()
            let store = try await Self.open(region)
            try await Buckets(objects: store, blobs: store).create(Ledger.bucket)
            try await store.put("small", Scenario.small, ledger)
            let again = try await Self.restarted(region, store, ledger, "first start, \(call)")
            try await again.close()
        }
        #expect(covered > 5)
        print("first start: \(covered) crash points covered")
    }

    @Test("a recovery can be cut off at every call", arguments: Cut.allCases)
    func everyCallOfARecovery(cut: Cut) async throws {
        let scenario = Scenario.all[0]
        var covered = 0
        while true {
            let (region, store, ledger) = try await Self.prepared(scenario, flushed: false)
            try await scenario.run(store, ledger)
            region.losePower(.everything)
            try? await store.close()
            let call = region.disk.calls.count + covered + 1
            region.disk.crash(atCall: call, cut.loss(call))
            if let recovered = try? await Self.open(region) {
                try await recovered.close()
                break
            }
            covered += 1
            region.restart()
            let again = try await Self.open(region)
            try await ledger.check(again, "recovery, call \(covered)")
            try await again.put("after", Scenario.small, ledger)
            let last = try await Self.restarted(region, again, ledger, "recovery, again")
            try await last.close()
        }
        #expect(covered > 3)
        print("recovery, \(cut): \(covered) crash points covered")
    }
}
