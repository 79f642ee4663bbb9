// Replication rules on the real binary, over two regions with a registry on each.

import Foundation
import Testing

extension NodeTests {
    @Suite("Replication rules")
    struct ReplicationRuleTests {
        private static let accept = ["Accept: application/vnd.oci.image.index.v1+json"]

        private static func set(_ rules: String, in region: Region) async throws {
            _ = try await region.command(
                ["bucket", "set", Region.bucket, "replication=\(rules)"])
        }

        private static func status(of image: String, in registry: Registry) async throws -> Int {
            let url = "\(registry.url)/v2/\(image.replacing(":", with: "/manifests/"))"
            return try await HTTP.send("HEAD", url, headers: accept).status
        }

        private static func keys(of region: Region) async throws -> Set<String> {
            Set(try await region.client("keys.py").split(separator: "\n").map(String.init))
        }

        /// Whether the region has heard of all that the other wrote until now, and waits for none of it.
        private static func hasHeard(_ region: Region, all of: Region) async throws {
            try await of.client("put_some.py", ["last-\(UUID().uuidString)", "1"])
            let all = try await keys(of: of).filter { $0.hasPrefix("last-") }
            try await eventually("\(region.name) has caught up") {
                let found = try await keys(of: region)
                let lag = try await region.status().replication.lag.pendingEntries
                return all.isSubset(of: found) && lag == 0
            }
        }

        @Test("an excluded repository and prefix show nowhere, until they are included")
        func registries() async throws {
            let (west, east) = try await Region.pair()
            let registries = try [west, east].map { try Registry(on: $0, redirect: false) }
            for registry in registries { try await registry.start() }
            let rules = "exclude region=east repository=scratch/*; exclude region=east prefix=tmp/"
            try await Self.set(rules, in: west)
            let work = try TemporaryDirectory()
            let layout = work.path("image")
            _ = try await Skopeo.makeImage(layout, seed: 1, sizes: [1 << 10, 3 << 20], work)
            for image in ["scratch/app:v1", "team/app:v1"] {
                try await Skopeo.copy("oci:\(layout):image", registries[0].image(image), work)
            }
            let other = work.path("other")
            _ = try await Skopeo.makeImage(other, seed: 2, sizes: [2 << 20], work)
            try await Skopeo.copy(
                "oci:\(other):image", registries[0].image("scratch/other:v1"), work)
            try await west.client("put_some.py", ["tmp/file", "5000", "2000000"])
            try await Self.hasHeard(east, all: west)
            #expect(try await Self.status(of: "team/app:v1", in: registries[1]) == 200)
            try await Skopeo.expectSame(registries[1].image("team/app:v1"), as: layout, work)
            try await expectOnlyTeam(east, registries[1])
            let stored = try await east.status().store.logicalBytes
            #expect(stored < 4 << 20, "\(stored) bytes: what is excluded was fetched")
            #expect(try await Self.keys(of: west).contains("tmp/file/0"))
            // Nothing of it is remembered: a start decides the same, and so does one with a new index.
            try await east.stop()
            try FileManager.default.removeItem(atPath: east.data + "/index")
            try await east.start()
            try await Self.hasHeard(east, all: west)
            try await expectOnlyTeam(east, registries[1])
            try await included(west, east, registries, other, work)
            for registry in registries { try await registry.stop() }
            try await west.stop()
            try await east.stop()
        }

        private func expectOnlyTeam(_ east: Region, _ registry: Registry) async throws {
            for image in ["scratch/app:v1", "scratch/other:v1"] {
                #expect(try await Self.status(of: image, in: registry) == 404)
            }
            let keys = try await Self.keys(of: east)
            #expect(!keys.contains { $0.contains("scratch/") || $0.hasPrefix("tmp/") }, "\(keys)")
            let regions = try await east.command(["region", "list"])
            #expect(try await east.status().replication.lag.pendingEntries == 0, "\(regions)")
        }

        /// A write of the region itself shows at once; the rest when the rules are changed, there and then.
        private func included(
            _ west: Region, _ east: Region, _ registries: [Registry], _ other: String,
            _ work: TemporaryDirectory
        ) async throws {
            try await east.client("put_some.py", ["tmp/own", "3000"])
            #expect(try await Self.keys(of: east).contains("tmp/own/0"))
            try await Self.hasHeard(west, all: east)
            #expect(try await Self.keys(of: west).contains("tmp/own/0"))
            try await Self.set("exclude region=east prefix=tmp/", in: west)
            try await eventually("the image is in east") {
                try await Self.status(of: "scratch/other:v1", in: registries[1]) == 200
            }
            try await Skopeo.expectSame(registries[1].image("scratch/other:v1"), as: other, work)
            #expect(try await !Self.keys(of: east).contains("tmp/file/0"))
            try await Self.set("none", in: east)
            let count = try await Self.keys(of: west).count
            let verdict = try await west.client("compare.py", [east.url, "\(count)"])
            #expect(verdict.contains("all as expected"))
        }

        @Test("a collection takes nothing that is needed where it is not excluded")
        func collections() async throws {
            let (west, east) = try await Region.pair()
            let registries = try [west, east].map { try Registry(on: $0, redirect: false) }
            for registry in registries { try await registry.start() }
            try await Self.set("exclude region=east repository=scratch/*", in: west)
            let work = try TemporaryDirectory()
            let layout = work.path("image")
            _ = try await Skopeo.makeImage(layout, seed: 3, sizes: [1 << 10, 1 << 20], work)
            for image in ["team/app:v1", "scratch/app:v1"] {
                try await Skopeo.copy("oci:\(layout):image", registries[0].image(image), work)
            }
            try await Self.hasHeard(east, all: west)
            #expect(try await Self.status(of: "team/app:v1", in: registries[1]) == 200)
            // What the two share is needed only by the repository that east does not show.
            try await Skopeo.delete(registries[0].image("team/app:v1"), work)
            try await Self.hasHeard(east, all: west)
            #expect(try await Self.status(of: "team/app:v1", in: registries[1]) == 404)
            try await Region.collectAll([east, west], graceSeconds: 1)
            try await Self.hasHeard(west, all: east)
            try await Skopeo.expectSame(registries[0].image("scratch/app:v1"), as: layout, work)
            try await Self.set("none", in: west)
            try await eventually("the image is in east") {
                try await Self.status(of: "scratch/app:v1", in: registries[1]) == 200
            }
            try await Skopeo.expectSame(registries[1].image("scratch/app:v1"), as: layout, work)
            for registry in registries { try await registry.stop() }
            try await west.stop()
            try await east.stop()
        }

        @Test("what is no rule is refused, and changes nothing")
        func refused() async throws {
            let west = try Region("west")
            try await west.start()
            try await Self.set("exclude prefix=tmp/", in: west)
            for rules in ["exclude; colour=red", "exclude colour=red", "exclude prefix=", ""] {
                let program = try Program(
                    [
                        Checkout.daemon, "bucket", "set", Region.bucket, "quota.soft=1",
                        "replication=\(rules)", "--data", west.data,
                    ], log: west.directory.path("set-\(UUID().uuidString).log"))
                #expect(try await program.exitCode(within: .seconds(60)) == 2)
                #expect(program.output.contains("repository=PATTERN"), "\(program.output)")
            }
            let list = try await west.command(["bucket", "list"])
            #expect(list.contains("replication=exclude prefix=tmp/"), "\(list)")
            #expect(!list.contains("quota.soft"), "\(list)")
            try await west.stop()
        }
    }
}
