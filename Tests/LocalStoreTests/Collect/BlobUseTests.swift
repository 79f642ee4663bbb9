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
        let begun = Atomic(0)
        let isSettled = Atomic(false)
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
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await lookups.during {
                    seen.begun.add(1, ordering: .sequentiallyConsistent)
                    for await _ in gate {}
                }
            }
            while seen.begun.load(ordering: .sequentiallyConsistent) < 1 { await Task.yield() }
            group.addTask {
                await lookups.settled()
                seen.isSettled.store(true, ordering: .sequentiallyConsistent)
            }
            while !lookups.isAwaited { await Task.yield() }
            group.addTask {
                await lookups.during {
                    seen.begun.add(1, ordering: .sequentiallyConsistent)
                    for await _ in second {}
                }
            }
            while seen.begun.load(ordering: .sequentiallyConsistent) < 2 { await Task.yield() }
            let isEarly = seen.isSettled.load(ordering: .sequentiallyConsistent)
            #expect(!isEarly)
            opener.finish()
            while !seen.isSettled.load(ordering: .sequentiallyConsistent) { await Task.yield() }
            secondOpener.finish()
        }
        await lookups.settled()
    }
}
