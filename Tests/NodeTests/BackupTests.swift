// `holdfast backup` on the real binary: a copy of a region that is written to, and regions from such copies.

import Foundation
import Testing

extension NodeTests {
    @Suite("A backup")
    struct BackupTests {
        @Test(
            "of a region under load serves every object that was acknowledged before it, byte for byte"
        )
        func underLoad() async throws {
            let west = try Region("west")
            try await west.start()
            let acked = west.directory.path("acked.txt")
            try await west.client("stay_whole.py", ["write"])
            let load = try Program(
                ["python3", Checkout.client("objects.py"), "write", "one", acked],
                environment: west.environment, log: west.directory.path("load.log"))
            try await eventually("much is acknowledged") { try Self.lines(of: acked) > 60 }
            let before = west.directory.path("before.txt")
            // The last line may be half written: it was not told to anyone yet.
            let lines = try String(contentsOfFile: acked, encoding: .utf8)
                .split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            try lines.joined(separator: "\n").write(
                toFile: before, atomically: true, encoding: .utf8)
            let copy = west.directory.path("copy")
            let output = try await west.command(["backup", copy])
            #expect(output.contains("backup done"), "\(output)")
            try await west.stop()
            _ = try await load.exitCode(within: .seconds(60))
            try Self.replaceData(of: west, by: copy)
            try await west.start()
            let verdict = try await west.client("objects.py", ["verify", before])
            #expect(verdict.contains("all as expected"))
            try await west.client("stay_whole.py", ["verify"])
            #expect(try await west.status().damage.isEmpty)
            try await west.stop()
        }

        @Test("goes into an empty directory only, and is refused by a start until it is finished")
        func refused() async throws {
            let west = try Region("west")
            try await west.start()
            try await west.client("put_some.py", ["a", "9000"])
            let copy = west.directory.path("copy")
            try FileManager.default.createDirectory(
                atPath: copy, withIntermediateDirectories: true)
            try Data().write(to: URL(fileURLWithPath: copy + "/something"))
            let refused = try Program(
                [Checkout.daemon, "backup", copy, "--data", west.data],
                log: west.directory.path("refused.log"))
            #expect(try await refused.exitCode(within: .seconds(60)) == 1)
            #expect(refused.output.contains("is not empty"), "\(refused.output)")
            try FileManager.default.moveItem(
                atPath: copy + "/something", toPath: copy + "/unfinished-backup")
            let start = try Program(
                [Checkout.daemon, "serve", "--data", copy, "--region", "copy"],
                log: west.directory.path("start.log"))
            #expect(try await start.exitCode(within: .seconds(60)) == 2)
            #expect(start.output.contains("not finished"), "\(start.output)")
            try await west.stop()
        }

        @Test("of a region with a flipped byte names the digest, ends with 1, and has all the rest")
        func damaged() async throws {
            let west = try Region("west")
            try await west.start()
            try await west.client("put_some.py", ["a", "900000", "700000"])
            let spoilt = try await west.client("digest_of.py", ["a/0", "900000"])
            let file = try #require(try west.chunkFiles().first)
            try RepairTests.flip(file, at: 5000)
            let copy = west.directory.path("copy")
            let backup = try await west.job(["backup", copy])
            #expect(backup.code == 1, "\(backup.output)")
            let subject = "sha256:" + spoilt.trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(backup.job.state == "done")
            #expect(backup.job.findings.map(\.subject) == [subject], "\(backup.output)")
            let intact = try await west.client("get_one.py", ["a/1"])
            try await west.stop()
            try Self.replaceData(of: west, by: copy)
            try await west.start()
            #expect(try await west.client("get_one.py", ["a/1"]) == intact)
            #expect(try await west.client("get_one.py", ["a/0"]).hasPrefix("refused:"))
            try await west.stop()
        }

        private static func lines(of path: String) throws -> Int {
            guard FileManager.default.fileExists(atPath: path) else { return 0 }
            return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count
        }

        private static func replaceData(of region: Region, by copy: String) throws {
            try FileManager.default.removeItem(atPath: region.data)
            try FileManager.default.moveItem(atPath: copy, toPath: region.data)
        }
    }
}
