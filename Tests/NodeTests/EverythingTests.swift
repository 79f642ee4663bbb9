// Everything at once against two regions, from a seed: clients of a registry in each push, pull, mount, delete
// and abort while garbage is collected, everything is scrubbed, and either region is killed now and then.
// What the clients do is in `Clients/mixed_load.py`; what is done to the regions is here.
//
// HOLDFAST_LOAD_SEED and HOLDFAST_LOAD_SECONDS choose; `make soak` runs it for ten minutes.

import Foundation
import Testing

extension NodeTests {
    @Suite("Everything at once")
    struct EverythingTests {
        private static let grace = 3

        @Test("keeps what is reachable whole in both regions, and lets go of the rest")
        func everything() async throws {
            let seed = Self.number("HOLDFAST_LOAD_SEED") ?? .random(in: 1...999_999)
            let seconds = Self.number("HOLDFAST_LOAD_SECONDS") ?? 60
            print("everything at once: \(seconds) s, HOLDFAST_LOAD_SEED=\(seed)")
            let (west, east) = try await Region.pair(settings: [
                "HOLDFAST_UPLOADS_IDLE_SECONDS": "10", "HOLDFAST_LOG_REQUESTS": "errors",
            ])
            let registries = try [
                Registry(on: west, redirect: true), Registry(on: east, redirect: false),
            ]
            for registry in registries { try await registry.start() }
            let state = west.directory.path("state")
            let load = try Program(
                [
                    "python3", Checkout.client("mixed_load.py"), "run", "\(seed)", "\(seconds)",
                    state,
                ],
                environment: west.environment.merging([
                    "OTHER_ENDPOINT": east.url, "REGISTRY": registries[0].url,
                    "OTHER_REGISTRY": registries[1].url,
                ]) { $1 }, log: west.directory.path("load.log"))
            try await eventually("the clients have begun") {
                guard load.isRunning else { throw ProgramFailure(description: load.output) }
                return load.output.contains("begun")
            }
            async let inWest = Self.trouble(west, Seeded(seed), while: load)
            async let inEast = Self.trouble(east, Seeded(seed ^ 1), while: load)
            print("regions were killed \(try await inWest) and \(try await inEast) times")
            #expect(try await load.exitCode() == 0, "seed \(seed): \(load.output)")
            print(load.output)
            try await Self.verify(registries, state)
            try await Self.rollBack(registries, state)
            for registry in registries { try await registry.stop() }
            try await west.stop()
            try await east.stop()
        }

        private static func number(_ name: String) -> UInt64? {
            ProcessInfo.processInfo.environment[name].flatMap { UInt64($0) }
        }

        // MARK: What is done to a region

        /// Has jobs run, one after the other and beside each other, and kills the region in the middle of them.
        /// Returns how often.
        private static func trouble(
            _ region: Region, _ random: consuming Seeded, while load: Program
        ) async throws -> Int {
            let registry = ["--registry", Region.bucket, "--delete-untagged"]
            let jobs = [
                ["gc", "--grace", "\(grace)s"] + registry, ["gc", "--grace", "1s"],
                ["repair", "--deep"],
            ]
            var kills = 0
            var nextKill = ContinuousClock.now + .seconds(Int.random(in: 5...15, using: &random))
            while load.isRunning {
                let job = jobs[[0, 0, 1, 2, 2].randomElement(using: &random) ?? 0]
                _ = try await region.command(job + ["--detach"])
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...2500, using: &random)))
                expectGood(try await region.status())
                guard ContinuousClock.now > nextKill else { continue }
                try await region.kill()
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...1500, using: &random)))
                try await region.start()
                kills += 1
                nextKill = .now + .seconds(Int.random(in: 10...35, using: &random))
            }
            return kills
        }

        /// No job has failed, and none has found damage: nobody has made any. A registry deletes a manifest
        /// before the tags that name it, and a scrub that comes in between says so.
        private static func expectGood(_ status: RegionStatus) {
            #expect(status.damage.isEmpty, "\(status.damage)")
            for job in status.jobs {
                #expect(job.state != "failed", "\(job)")
                let bad = job.findings.filter { finding in
                    ["mended", "beyondRepair"].contains(finding.outcome)
                        && !finding.subject.hasSuffix("/current/link")
                }
                #expect(bad.isEmpty, "\(job)")
            }
        }

        // MARK: What must hold then

        private static func verify(_ registries: [Registry], _ state: String) async throws {
            let regions = registries.map(\.region)
            try await caughtUp(regions)
            let last = try await Region.collectAll(regions, graceSeconds: grace)
            try await caughtUp(regions)
            for (registry, job) in zip(registries, last) {
                let region = registry.region
                let (live, dead) = (job.figure("live_bytes"), job.figure("dead_bytes"))
                let verdict = try await region.client(
                    "mixed_load.py",
                    ["verify", state, region.data + "/chunks", "\(live)", "\(dead)"],
                    environment: ["REGISTRY": registry.url])
                #expect(verdict.contains("all as expected"))
                print("\(region.name): \(verdict)")
                let repair = try await region.job(["repair", "--deep"])
                #expect(repair.code == 0 && repair.job.findings.isEmpty, "\(repair.output)")
                let physical = try await region.status().store.physicalBytes
                #expect(physical == (try region.allocatedChunkBytes()))
                // Less than this is not worth while in a file.
                let slack = UInt64(try region.chunkFiles().count) * 256 << 10
                #expect(physical * 10 <= live * 12 + slack * 10, "\(physical), \(live) live")
            }
        }

        private static func caughtUp(_ regions: [Region]) async throws {
            try await eventually("the regions know the same", within: .seconds(120)) {
                for region in regions {
                    let replication = try await region.status().replication
                    guard replication.lag.pendingEntries == 0,
                        replication.peers.allSatisfy(\.isConnected)
                    else { return false }
                }
                return true
            }
        }

        private struct State: Decodable {
            struct DeletedTag: Decodable {
                var registry: String
                var repository: String
                var tag: String
                var digest: String
            }
            var deletedTags: [DeletedTag]
        }

        /// A few tags that were deleted come back where they were written, with all that they reach.
        private static func rollBack(_ registries: [Registry], _ state: String) async throws {
            let contents = try Data(contentsOf: URL(fileURLWithPath: state))
            let deleted = try JSONDecoder().decode(State.self, from: contents).deletedTags
            for registry in registries {
                for one in deleted.filter({ $0.registry == registry.url }).prefix(3) {
                    let region = registry.region
                    let tag = "\(Region.bucket):\(one.repository):\(one.tag)"
                    let entry = try await region.history(tag).first { $0.names == one.digest }
                    let version = try #require(entry?.version, "\(one)")
                    _ = try await region.command(["rollback", tag, "--to", version])
                    let verdict = try await region.client(
                        "mixed_load.py", ["pull", one.repository, one.digest],
                        environment: ["REGISTRY": registry.url])
                    #expect(verdict.contains("all as expected"))
                }
            }
        }
    }
}

/// SplitMix64: the same seed draws the same.
private struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
