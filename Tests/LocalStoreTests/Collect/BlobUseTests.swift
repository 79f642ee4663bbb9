// Uses, leases and open look-ups, by themselves.

import Simulation
import Storage
import StoreConformance
import Synchronization
import Testing

@testable import LocalStore

@Suite("What keeps a blob")
struct BlobUseTests {
    /// What the tasks of a test have come to.
    private final class Seen: Sendable {
        private let state = Mutex((begun: 0, isSettled: false))

        var begun: Int { state.withLock { $0.begun } }
        var isSettled: Bool { state.withLock { $0.isSettled } }

        func begin() { state.withLock { $0.begun += 1 } }
        func settle() { state.withLock { $0.isSettled = true } }
    }

    private let uptime = TestUptime()
    private let use: BlobUse

    init() { use = BlobUse(slots: 1 << 12, now: uptime.elapsed) }

    private static func blob(_ number: Int) throws -> BlobID {
        try #require(sha256(Array("\(number)".utf8)))
    }

    @Test("everything counts as used at the start")
    func start() throws {
        let blob = try Self.blob(1)
        #expect(!use.beginDrop(blob, grace: .seconds(60)))
        uptime.advance(.seconds(59))
        #expect(!use.beginDrop(blob, grace: .seconds(60)))
        uptime.advance(.seconds(2))
        #expect(use.beginDrop(blob, grace: .seconds(60)))
    }

    @Test("a use is never forgotten before its time, however many others there are")
    func neverForgotten() throws {
        uptime.advance(.seconds(1000))
        let blobs = try (0..<20_000).map(Self.blob)
        for blob in blobs { #expect(use.touch(blob)) }
        uptime.advance(.milliseconds(59_999))
        #expect(!blobs.contains { use.isIdle($0, grace: .seconds(60)) })
        uptime.advance(.milliseconds(1001))
        #expect(blobs.allSatisfy { use.isIdle($0, grace: .seconds(60)) })
    }

    @Test("others keep few dead blobs while few are used")
    func precision() throws {
        uptime.advance(.seconds(1000))
        for number in 0..<400 { use.touch(try Self.blob(number)) }
        let idle = try (1000..<2000).map(Self.blob).filter { use.isIdle($0, grace: .seconds(60)) }
        #expect(idle.count > 950)
    }

    @Test("a leased blob is not dropped until its last lease is let go of")
    func leases() throws {
        let blob = try Self.blob(1)
        var first = use.lease(blob)
        var second = use.lease(blob)
        #expect(first != nil && second != nil)
        #expect(!use.beginDrop(blob, grace: .zero))
        first = nil
        #expect(!use.beginDrop(blob, grace: .zero))
        second = nil
        #expect(use.leaseCount == 0)
        #expect(use.beginDrop(blob, grace: .zero))
    }

    @Test("a blob that is being dropped is not here until that is through")
    func dropping() throws {
        let blob = try Self.blob(1)
        #expect(use.beginDrop(blob, grace: .zero))
        #expect(!use.touch(blob))
        #expect(use.lease(blob) == nil)
        #expect(use.touch(try Self.blob(2)))
        use.endDrops()
        #expect(use.touch(blob))
        #expect(use.lease(blob) != nil)
    }

    @Test("who waits for look-ups waits for those that were open, and for no others")
    func lookups() async throws {
        let lookups = OpenLookups()
        await lookups.settled()
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        let (second, secondOpener) = AsyncStream.makeStream(of: Void.self)
        let seen = Seen()
        defer {
            opener.finish()
            secondOpener.finish()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await lookups.during {
                    seen.begin()
                    for await _ in gate {}
                }
            }
            try await eventually("the first look-up is open") { seen.begun >= 1 }
            group.addTask {
                await lookups.settled()
                seen.settle()
            }
            try await eventually("someone waits") { lookups.isAwaited }
            group.addTask {
                await lookups.during {
                    seen.begin()
                    for await _ in second {}
                }
            }
            try await eventually("the second look-up is open") { seen.begun >= 2 }
            #expect(!seen.isSettled)
            opener.finish()
            try await eventually("who waited goes on") { seen.isSettled }
            secondOpener.finish()
            try await group.waitForAll()
        }
        await lookups.settled()
    }
}
