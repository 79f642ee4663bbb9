// A region whose clock is ahead: what it writes is held until the clock here has come near enough, and never
// enters the clock that stamps this region's own writes.

import Replication
import Simulation
import Storage
import Testing

@Suite("A region whose clock is ahead", .timeLimit(.minutes(1)))
struct SkewBoundTests {
    private static let minute: Int64 = 60_000
    private let ahead = MemoryRegion("b", 2)
    private let region = MemoryRegion("a", 1)
    private let early = ObjectName(bucket: "images", key: "early")
    private let late = ObjectName(bucket: "images", key: "late")

    private var performer: DirectivePerformer {
        DirectivePerformer(
            name: "a", transports: ["b": ahead.transport()], stores: region.stores,
            clock: region.clock, limits: ReplicationLimits())
    }

    private func advance(_ region: MemoryRegion, minutes: Int64) {
        region.clock.set(milliseconds: region.clock.milliseconds() + minutes * Self.minute)
    }

    private func poll(
        after cursors: [RegionID: FeedPosition] = [:]
    ) async -> (names: [ObjectName], held: HeldEntry?) {
        let event = await performer.perform(.poll(peer: "b", cursors: cursors)) { _ in }
        guard case .fed(_, let ranges, let held) = event else { return ([], nil) }
        #expect(ranges.allSatisfy { $0.through == $0.entries.last?.object.position })
        return (ranges.flatMap { $0.entries.map(\.object.name) }, held)
    }

    @Test("is followed up to the first entry that is too far ahead")
    func cut() async throws {
        try await ahead.createBuckets("images")
        try await ahead.put(early, bytes(1))
        advance(ahead, minutes: 10)
        let written = try await ahead.put(late, bytes(2))
        let first = await poll()
        #expect(first.names == [Buckets.name(of: "images"), early])
        #expect(first.held?.reference.version == written.version)
        #expect(first.held?.aheadMilliseconds == 10 * Self.minute)
        let cursor = try await ahead.store.entries(
            of: ahead.store.region, after: .start, limit: 2
        ).through
        let rest = await poll(after: [ahead.store.region: cursor])
        #expect(rest.names.isEmpty && rest.held != nil)
        let asked = await performer.perform(.askNames(peer: "b", [late, early])) { _ in }
        guard case .answered(_, let answers) = asked else { return }
        #expect(answers.map(\.isPending) == [true, false])
        #expect(answers.map { $0.entry == nil } == [true, false])
        advance(region, minutes: 5)
        #expect(await poll().names == [Buckets.name(of: "images"), early, late])
    }

    @Test("does not set the clock of others, and is caught up with when its time has come")
    func service() async throws {
        try await ahead.createBuckets("images")
        let first = try await ahead.put(early, bytes(1))
        advance(ahead, minutes: 10)
        let second = try await ahead.put(late, bytes(2))
        var limits = ReplicationLimits()
        limits.lastRetryMilliseconds = 20
        let service = region.service(following: [ahead], limits: limits)
        let running = Task { try await service.run() }
        defer { running.cancel() }
        try await region.shows(first)
        try await eventually("what is ahead is held") {
            service.status().peers.first?.lastError?.contains("held") == true
        }
        let own = try await region.put(ObjectName(bucket: "images", key: "own"), bytes(3))
        #expect(own.version < second.version)
        #expect(try await region.store.registers(of: [late]) == [ObjectRegister()])
        advance(region, minutes: 6)
        try await region.shows(second)
        running.cancel()
        _ = try? await running.value
        #expect(service.status().peers.first?.lastError == nil)
    }
}
