// Regions of which one is put back from an older copy of itself: what any of them has, all have in the end.

import NIOCore
import Replication
import Simulation
import Storage
import Testing

@Suite("Regions of which one was put back from an older copy", .timeLimit(.minutes(1)))
struct RestoredRegionTests {
    private static let bucket = "images"

    private func name(_ key: String) -> ObjectName {
        ObjectName(bucket: Self.bucket, key: ObjectKey(key))
    }

    private var limits: ReplicationLimits {
        var limits = ReplicationLimits()
        // Several pages, and no long waits.
        limits.feedEntries = 3
        limits.feedWait = .milliseconds(100)
        limits.firstRetryMilliseconds = 10
        limits.lastReconnectMilliseconds = 50
        return limits
    }

    private func running(
        _ services: [ReplicationService], _ body: () async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for service in services { group.addTask { try await service.run() } }
            try await body()
            group.cancelAll()
        }
    }

    private func services(_ regions: [MemoryRegion]) -> [ReplicationService] {
        regions.map { region in
            region.service(following: regions.filter { $0.name != region.name }, limits: limits)
        }
    }

    /// Returns when all show under every name what the first shows.
    private func same(_ regions: [MemoryRegion], _ names: [ObjectName]) async throws {
        try await eventually("all show the same") {
            var shown: Set<[Version?]> = []
            for region in regions {
                shown.insert(
                    try await region.store.registers(of: names).map { $0.published?.version })
            }
            return shown.count == 1
        }
    }

    @Test("what came after the copy comes back, deletes included, and what is written since stays")
    func restored() async throws {
        let a = MemoryRegion("a", 1)
        let (b, c) = (MemoryRegion("b", 2), MemoryRegion("c", 3))
        try await a.createBuckets(Self.bucket)
        let kept = try await a.put(name("kept"), bytes(100))
        let deleted = try await a.put(name("deleted later"), bytes(50_000, seed: 2))
        try await running(services([a, b, c])) {
            for region in [b, c] {
                try await region.shows(kept)
                try await region.shows(deleted)
            }
        }
        let copy = MemoryRegion("a", restored: a.store.copied(incarnation: 2))
        var lost: [ObjectVersion] = []
        for number in 0..<10 {
            lost.append(try await a.put(name("lost/\(number)"), bytes(9_000 + number, seed: 5)))
        }
        try await a.delete(deleted.name)
        // One of the others has all of it, the other one a part.
        try await running([a.service(following: [b, c]), c.service(following: [a])]) {
            for version in lost { try await c.shows(version) }
        }
        lost.append(try await a.put(name("lost/last"), bytes(70_000, seed: 9)))
        let elsewhere = try await b.put(name("elsewhere"), bytes(4_000, seed: 11))
        try await running([b.service(following: [a])]) {
            for version in lost { try await b.shows(version) }
        }
        // Put back, the region gives the numbers of what it lost to other versions.
        var since: [ObjectVersion] = []
        for number in 0..<14 {
            since.append(
                try await copy.put(name("since/\(number)"), bytes(6_000 + number, seed: 7)))
        }
        let names = (lost + since + [kept, deleted, elsewhere]).map(\.name)
        let all = [copy, b, c]
        try await running(services(all)) {
            for version in lost + since + [kept, elsewhere] {
                for region in all { try await region.shows(version) }
            }
            try await same(all, names)
        }
        for region in all {
            #expect(try await region.store.object(deleted.name) == nil, "\(region.name)")
            for version in lost + since + [kept, elsewhere] {
                #expect(try await region.store.object(version.name)?.content == version.content)
            }
            #expect(try await region.store.pending(after: nil, limit: 10).isEmpty)
        }
        // And it goes on from there.
        try await running(services(all)) {
            let next = try await copy.put(name("next"), bytes(10))
            for region in all { try await region.shows(next) }
        }
    }

    @Test("a region that it does not follow is refused, and told why, until it does")
    func notFollowed() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        let copy = MemoryRegion("a", restored: a.store.copied(incarnation: 2))
        let lost = try await a.put(name("lost"), bytes(100))
        try await running([b.service(following: [a], limits: limits)]) { try await b.shows(lost) }
        let since = try await copy.put(name("since"), bytes(200))
        let alone = b.service(following: [copy], limits: limits)
        try await running([alone]) {
            try await eventually("it is told why") {
                alone.status().peers.first?.lastError?.contains("older copy") == true
            }
        }
        #expect(try await b.store.object(since.name) == nil)
        try await running(services([copy, b])) {
            try await b.shows(since)
            try await copy.shows(lost)
        }
    }

    @Test("what another region heard of by its name alone comes back")
    func byName() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        let copy = MemoryRegion("a", restored: a.store.copied(incarnation: 2))
        let lost = try await a.put(name("lost"), bytes(100))
        let answers = try await a.transport().entries(named: [lost.name])
        try await b.store.merge(answers.compactMap(\.entry))
        try await running(services([copy, b])) {
            for region in [copy, b] { try await region.shows(lost) }
        }
    }

    @Test("a version reaches the others that was left out of the feed for one that is lost")
    func superseded() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        let older = try await a.put(name("twice"), bytes(100))
        let other = try await a.put(name("other"), bytes(200))
        let copy = MemoryRegion("a", restored: a.store.copied(incarnation: 2))
        try await a.put(name("twice"), bytes(300))
        // The other region is told of all before that one, and of that one nothing but that there is something.
        let range = try await a.store.entries(of: a.store.region, after: .start, limit: 3)
        #expect(range.entries.last?.object == other)
        #expect(range.through == other.position)
        try await b.store.merge(range)
        try await running(services([copy, b])) { try await b.shows(older) }
    }

    @Test(
        "what a link names that came back to its own region is said to be still to come there, and nowhere else"
    )
    func needed() async throws {
        let hex = String(repeating: "ab", count: 32)
        let data = name("docker/registry/v2/blobs/sha256/ab/\(hex)/data")
        let link = name("docker/registry/v2/repositories/r/_layers/sha256/\(hex)/link")
        let a = MemoryRegion("a", 1)
        let c = MemoryRegion("c", 3)
        for region in [a, c] { try await region.createBuckets(Self.bucket) }
        let copy = MemoryRegion("a", restored: a.store.copied(incarnation: 2))
        try await a.put(link, bytes(71))
        let lost = try await a.transport().entries(named: [link]).compactMap(\.entry)
        #expect(lost.count == 1)
        func isPending(in region: MemoryRegion) async throws -> Bool? {
            try await region.transport().entries(named: [data]).first?.isPending
        }
        #expect(try await isPending(in: copy) == false)
        for region in [copy, c] { try await region.store.merge(lost) }
        #expect(try await isPending(in: copy) == true)
        #expect(try await isPending(in: c) == false)
    }

    @Test("a handshake says how far each feed is known, and that is kept")
    func receipts() async throws {
        let a = MemoryRegion("a", 1)
        let b = MemoryRegion("b", 2)
        try await a.createBuckets(Self.bucket)
        let put = try await a.put(name("one"), bytes(10))
        var limits = limits
        limits.greetingMilliseconds = 20
        try await running([b.service(following: [a], limits: limits)]) {
            try await b.shows(put)
            try await eventually("it is written down") {
                a.store.receipts(of: RegionID(2))[RegionID(1)] == put.position
            }
        }
    }
}
