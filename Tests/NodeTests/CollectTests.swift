// Garbage of a registry and of a store, collected by the commands of the real program while real clients go on.

import Foundation
import Testing

extension NodeTests {
    @Suite("Collecting garbage")
    struct CollectTests {
        private static let grace = 2

        @Test("a tag that was moved and deleted is rolled back with all that it reaches")
        func rollsBack() async throws {
            let region = try Region("west")
            try await region.start()
            let registry = try Registry(on: region, redirect: true)
            try await registry.start()
            let work = try TemporaryDirectory()
            let name = "team/app:latest"
            let tag = "\(Region.bucket):\(name)"
            var digests: [String] = []
            for seed in 1...2 {
                let image = work.path("image-\(seed)")
                digests += [
                    try await Skopeo.makeImage(
                        image, seed: seed, sizes: [900, 70_000, 2 << 20], work)
                ]
                try await Skopeo.copy("oci:\(image):image", registry.image(name), work)
            }
            try await Skopeo.delete(registry.image(name), work)
            try await Region.collectAll([region], graceSeconds: Self.grace)
            let history = try await region.history(tag)
            #expect(history.map(\.names) == [nil, digests[1], digests[0]])
            #expect(history.map(\.isDeletion) == [true, false, false])
            #expect(history.allSatisfy { !$0.isVisible })
            for seed in [1, 2, 1] {
                let digest = digests[seed - 1]
                let version = try #require(history.first { $0.names == digest }?.version)
                let rollback = ["rollback", tag, "--to", version]
                let dryRun = try await region.command(rollback + ["--dry-run"])
                #expect(dryRun.contains("would write "))
                let output = try await region.command(rollback)
                #expect(output.contains("wrote ") && output.contains("shows \(version)"))
                let image = work.path("image-\(seed)")
                try await Skopeo.expectSame(registry.image(name), as: image, work)
                try await Region.collectAll([region], graceSeconds: Self.grace)
                try await Skopeo.expectSame(registry.image("team/app@\(digest)"), as: image, work)
            }
            #expect(try await region.history(tag).first?.isVisible == true)
            try await registry.stop()
            try await region.stop()
        }

        @Test("leaves of a registry what is reachable and nothing else, while images are pushed")
        func reachable() async throws {
            let region = try Region("west")
            try await region.start()
            let registry = try Registry(on: region, redirect: false)
            try await registry.start()
            try await region.client("reachability.py", ["push", registry.url])
            try await Task.sleep(for: .seconds(Self.grace + 1))
            let dryRun = try await region.collect(
                "--registry", Region.bucket, "--delete-untagged", "--grace", "\(Self.grace)s",
                "--dry-run")
            #expect(dryRun.figure("quarantined_keys") > 0)
            let flag = region.directory.path("enough")
            let pushes = try Program(
                [
                    "python3", Checkout.client("reachability.py"), "during", registry.url, flag,
                ], environment: region.environment, log: region.directory.path("during.log"))
            var removed: UInt64 = 0
            for _ in 0..<6 {
                let job = try await region.collect(
                    "--registry", Region.bucket, "--delete-untagged", "--grace", "\(Self.grace)s")
                removed += job.figure("removed_keys")
                try await Task.sleep(for: .seconds(1))
            }
            #expect(removed > 0)
            try Data().write(to: URL(fileURLWithPath: flag))
            #expect(try await pushes.exitCode(within: .seconds(120)) == 0, "\(pushes.output)")
            let count = pushes.output.trimmingCharacters(in: .whitespacesAndNewlines)
            try #require(Int(count).map { $0 > 0 } == true, "\(pushes.output)")
            try await Region.collectAll([region], graceSeconds: Self.grace)
            let verdict = try await region.client(
                "reachability.py", ["verify", registry.url, count])
            #expect(verdict.contains("all as expected"))
            try await registry.stop()
            try await region.stop()
        }

        @Test("gives back the space of a store of which nine tenths were deleted, in true figures")
        func givesBack() async throws {
            let region = try Region("west")
            try await region.start()
            let settings = try await region.status().store.logicalBytes
            let said = try await region.client("churn.py", ["fill"])
            let live = try #require(UInt64(said.trimmingCharacters(in: .whitespacesAndNewlines)))
            let before = try region.allocatedChunkBytes()
            let dryRun = try await region.collect("--grace", "0s", "--dry-run")
            #expect(dryRun.figure("removed_bytes") == live * 9)
            #expect(try region.allocatedChunkBytes() == before)
            let job = try await region.collect("--grace", "0s")
            #expect(job.figure("removed_bytes") == live * 9)
            let after = try region.allocatedChunkBytes()
            // Chunk headers count as live; what the objects hold is counted without them.
            #expect(live <= job.figure("live_bytes") && job.figure("live_bytes") < live + 64 << 10)
            #expect(after * 10 <= live * 12, "\(after) bytes are occupied by \(live)")
            #expect(job.figure("physical_bytes") == after)
            try await Self.expectTrue(region, job, freed: before - after, live + settings)
            try await region.client("churn.py", ["verify"])
            try await region.kill()
            try await region.start()
            try await region.client("churn.py", ["verify"])
            #expect(try region.allocatedChunkBytes() >= live)
            try await region.stop()
        }

        /// What a collection said, and what the status says after it, against what the disk says.
        private static func expectTrue(
            _ region: Region, _ job: JobAnswer, freed: UInt64, _ logical: UInt64
        ) async throws {
            let store = try await region.status().store
            let files = UInt64(try region.chunkFiles().count)
            let slack = files * 64 << 10
            #expect(store.physicalBytes == (try region.allocatedChunkBytes()))
            #expect(store.logicalBytes == logical)
            #expect(store.deadBytes == job.figure("dead_bytes"))
            #expect(store.freedBytes == job.figure("freed_bytes"))
            let unexplained = store.physicalBytes.distance(
                to: job.figure("live_bytes") + job.figure("dead_bytes"))
            #expect(unexplained.magnitude <= slack, "\(job.figures), \(store)")
            #expect(
                job.figure("freed_bytes").distance(to: freed).magnitude <= slack,
                "\(freed) bytes came back: \(job.figures)")
        }
    }
}
