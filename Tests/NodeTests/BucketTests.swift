// `holdfast bucket` on the real binary, over two regions: settings go along, quotas hold each region's own writes.

import Foundation
import Testing

extension NodeTests {
    @Suite("Buckets")
    struct BucketTests {
        private struct Listed: Decodable {
            struct Bucket: Decodable {
                var name: String
                var objects: Int
                var bytes: Int
                var settings: [String: String]
                var quota: String?
            }
            var buckets: [Bucket]
        }

        private struct Status: Decodable {
            var quotas: [Listed.Bucket]
        }

        private static func bucket(
            _ name: String, of region: Region
        ) async throws -> Listed.Bucket? {
            let text = try await region.command(["bucket", "list", "--json"])
            let list = try JSONDecoder().decode(Listed.self, from: Data(text.utf8))
            return list.buckets.first { $0.name == name }
        }

        private static func client(
            _ region: Region, _ arguments: String...
        ) async throws -> String {
            try await region.client(
                "quota_client.py", arguments, environment: ["BUCKET": "layers"])
        }

        private static func refused(
            _ region: Region, _ arguments: [String], exit expected: Int32
        ) async throws -> String {
            let program = try Program(
                [Checkout.daemon, "bucket"] + arguments + ["--data", region.data],
                log: region.directory.path("bucket-\(UUID().uuidString).log"))
            let code = try await program.exitCode(within: .seconds(60))
            #expect(code == expected, "\(program.output)")
            return program.output
        }

        @Test("a quota holds what is written here, and not what comes from elsewhere")
        func quota() async throws {
            let (west, east) = try await Region.pair()
            _ = try await west.command(
                ["bucket", "create", "layers", "quota.soft=10000", "quota.hard=20000"])
            try await eventually("the bucket is in east, kept as in west") {
                try await Self.bucket("layers", of: east)?.settings["quota.hard"] == "20000"
            }
            try await east.stop()
            _ = try await Self.client(west, "put", "west", "9000", "9000")
            #expect(try await Self.bucket("layers", of: west)?.quota == "over-soft")
            #expect(west.log.contains("beyond the soft limit of its quota"))
            _ = try await Self.client(west, "refused", "west/more", "3000")
            #expect(try await Self.bucket("layers", of: west)?.bytes == 18_000)
            try await west.stop()
            try await east.start()
            _ = try await Self.client(east, "put", "east", "9000", "9000")
            try await west.start()
            for region in [west, east] {
                try await eventually("\(region.name) has what both wrote") {
                    let bucket = try await Self.bucket("layers", of: region)
                    return bucket?.bytes == 36_000 && bucket?.quota == "over-hard"
                }
                _ = try await Self.client(region, "refused", "more", "1")
                let text = try await region.command(["status", "--json"])
                let status = try JSONDecoder().decode(Status.self, from: Data(text.utf8))
                #expect(status.quotas.map(\.name) == ["layers"])
                #expect(try await region.command(["status"]).contains("bucket layers over-hard"))
            }
            _ = try await east.command(["bucket", "set", "layers", "quota.hard=none"])
            try await eventually("there is room in west again") {
                try await Self.bucket("layers", of: west)?.settings["quota.hard"] == nil
            }
            _ = try await Self.client(west, "put", "more", "9000")
            try await west.stop()
            try await east.stop()
        }

        @Test("what is wrong is said, and the layout says which keys are verified")
        func settings() async throws {
            let west = try Region("west")
            try await west.start()
            _ = try await west.command(["bucket", "create", "layers", "layout=quay"])
            let hex = String(repeating: "ab", count: 32)
            let quay = "sha256/ab/" + hex
            let distribution = "docker/registry/v2/blobs/sha256/ab/\(hex)/data"
            let wrong = "(400, 'BadDigest')\n"
            #expect(try await Self.client(west, "digest", quay) == wrong)
            #expect(try await Self.client(west, "digest", distribution) == "None\n")
            _ = try await west.command(["bucket", "set", "layers", "layout=distribution"])
            #expect(try await Self.client(west, "digest", quay) == "None\n")
            #expect(try await Self.client(west, "digest", distribution) == wrong)
            let full = try await Self.refused(west, ["delete", "layers"], exit: 1)
            #expect(full.contains("is not empty"), "\(full)")
            let unknown = try await Self.refused(west, ["set", "layers", "colour=red"], exit: 2)
            #expect(unknown.contains("quota.hard-objects"), "\(unknown)")
            let value = try await Self.refused(west, ["create", "b-2", "quota.hard=x"], exit: 2)
            #expect(value.contains("500GiB"), "\(value)")
            let exists = try await Self.refused(west, ["create", "layers"], exit: 1)
            #expect(exists.contains("exists"), "\(exists)")
            _ = try await west.command(["bucket", "create", "empty"])
            #expect(try await west.command(["bucket", "delete", "empty"]).contains("is deleted"))
            #expect(try await Self.bucket("empty", of: west) == nil)
            try await west.stop()
            let gone = try await Self.refused(west, ["list"], exit: 3)
            #expect(gone.contains("no daemon answers"), "\(gone)")
        }
    }
}
