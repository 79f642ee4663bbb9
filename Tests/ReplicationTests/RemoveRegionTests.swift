// Which regions are known, and which of them may be removed.

import Logging
import NIOCore
import Replication
import Simulation
import Storage
import Testing

@Suite("Removing a region")
struct RemoveRegionTests {
    private let region = MemoryRegion("west", 1)
    private let heard: HeardRegions
    private let confirmed: ConfirmedPositions
    private let removed = RemovedRegions()

    init() {
        heard = HeardRegions(clock: region.clock)
        confirmed = ConfirmedPositions(clock: region.clock)
    }

    private func regions(following peers: [MemoryRegion] = []) -> ListRegions {
        ListRegions(
            replication: region.service(following: peers), feed: region.store,
            confirmed: confirmed, removed: removed, heard: heard)
    }

    private func removal(following peers: [MemoryRegion] = []) -> RemoveRegion {
        RemoveRegion(
            replication: region.service(following: peers), stores: region.stores,
            regions: regions(following: peers), confirmed: confirmed, removed: removed)
    }

    private func pass(milliseconds: Int64) {
        region.clock.set(milliseconds: region.clock.milliseconds() + milliseconds)
    }

    private func refusal(_ body: () async throws -> RegionRemoval) async -> String {
        do {
            return "removed \(try await body().region)"
        } catch let error as StorageError {
            return error.message
        } catch {
            return "\(error)"
        }
    }

    @Test("one that asks is not gone, whether it is followed or not; it may be forced")
    func asks() async throws {
        let east = RegionID(2)
        heard.note(east, named: "east")
        pass(milliseconds: 59_000)
        let plan = try await removal().plan("east")
        #expect(plan.region == east && plan.heardMillisecondsAgo == 59_000 && !plan.isFollowed)
        let refused = await refusal { try await removal().run("east") }
        #expect(refused.contains("was heard of 59 s ago"), "\(refused)")
        #expect(!removed.contains(east))
        heard.note(east)
        #expect(try await removal().run("east", isForced: true).isRemoved)
        #expect(removed.contains(east))
    }

    @Test("after a minute of silence it is gone")
    func silent() async throws {
        heard.note(RegionID(2), named: "east")
        pass(milliseconds: 60_000)
        let done = try await removal().run("east")
        #expect(done.isRemoved && !done.wasRemoved)
        // Once more it does the same, and says so.
        #expect(try await removal().run("east").wasRemoved)
    }

    @Test("a name means the region that has it now, not one that was removed")
    func reusedName() async throws {
        heard.note(RegionID(9), named: "east")
        pass(milliseconds: 60_000)
        _ = try await removal().run("east")
        heard.note(RegionID(2), named: "east")
        let refused = await refusal { try await removal().run("east") }
        #expect(refused.contains("was heard of 0 s ago"), "\(refused)")
        pass(milliseconds: 60_000)
        #expect(try await removal().run("east").region == RegionID(2))
        // Now nobody has it, and two had.
        let ambiguous = await refusal { try await removal().run("east") }
        #expect(ambiguous.contains("\(RegionID(2)), \(RegionID(9))"), "\(ambiguous)")
        #expect(try await removal().run(RegionID(9).description).wasRemoved)
    }

    @Test("one that answers is not gone")
    func answers() async throws {
        let east = MemoryRegion("east", 2)
        let service = region.service(following: [east])
        let following = Task { try await service.run() }
        defer { following.cancel() }
        try await eventually("east is connected") {
            service.status().peers.first?.isConnected == true
        }
        let peer = try #require(service.status().peers.first)
        #expect(try #require(peer.heardMillisecondsAgo) < 60_000)
    }

    @Test("the list tells of those that are followed, that follow, and that were removed")
    func list() async throws {
        heard.note(RegionID(3), named: "north")
        confirmed.note(RegionID(3), FeedPosition(incarnation: 1, number: 7))
        heard.note(RegionID(4))
        pass(milliseconds: 61_000)
        _ = try await removal().run(RegionID(4).description)
        let known = try await regions(following: [MemoryRegion("east", 2)]).run()
        #expect(known.map(\.name) == ["east", "north", nil])
        #expect(known.map(\.url) == ["memory:east", nil, nil])
        #expect(known.map(\.region) == [nil, RegionID(3), RegionID(4)])
        #expect(known.map(\.isRemoved) == [false, false, true])
        #expect(known.map(\.askedMillisecondsAgo) == [nil, 61_000, 61_000])
        #expect(known[1].confirmed == 7)
        let unmet = await refusal {
            try await removal(following: [MemoryRegion("east", 2)]).plan("east")
        }
        #expect(unmet.contains("was never met"), "\(unmet)")
    }
}
