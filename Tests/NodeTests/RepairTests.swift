// Files of a region that a disk has spoilt, with another region to ask and without one.

import Foundation
import Testing

extension NodeTests {
    @Suite("Spoilt files")
    struct RepairTests {
        @Test(
            "are mended from the other region, by 'holdfast repair' and by a read that waits for it"
        )
        func mended() async throws {
            let (west, east) = (try Region("west"), try Region("east"))
            west.peers = ["east": east.url]
            east.peers = ["west": west.url]
            // What was checked once is checked again by the next read.
            west.settings = ["HOLDFAST_VERIFY_INTERVAL_SECONDS": "0"]
            try await west.start()
            try await east.start()
            try await west.client("put_some.py", ["a", "5000", "900000", "3000000", "9000"])
            try await Self.same(west, east)
            try Self.flipBytes(of: west)
            let first = try await Self.repair(west)
            #expect(first.code == 0, "\(first.output)")
            #expect(first.job.outcomes == ["mended"])
            #expect(first.job.figures["mended_blobs"] ?? 0 >= 3)
            #expect(try await west.status().damage.isEmpty)
            // The good copies now, and what was mended last time too.
            for path in try west.chunkFiles() {
                try FileManager.default.removeItem(atPath: path)
            }
            let second = try await Self.repair(west, "--deep")
            #expect(second.code == 0, "\(second.output)")
            #expect(second.job.outcomes == ["mended"])
            try await Self.same(west, east)
            try Self.flipBytes(of: west)
            try await Self.same(west, east)
            let third = try await Self.repair(west)
            #expect(third.code == 0 && third.job.findings.isEmpty, "\(third.output)")
            try await west.stop()
            try await east.stop()
        }

        @Test("without another region are named, refused and listed, and nothing else is touched")
        func alone() async throws {
            let west = try Region("west")
            west.settings = ["HOLDFAST_VERIFY_INTERVAL_SECONDS": "0"]
            try await west.start()
            try await west.client("put_some.py", ["a", "900000", "700000"])
            let spoilt = try await Self.digest("a/0", "900000", west)
            let intact = try await Self.digest("a/1", "700000", west)
            let file = try #require(try west.chunkFiles().first)
            try Self.flip(file, at: 5000)
            let repair = try await Self.repair(west)
            #expect(repair.code == 1)
            #expect(repair.job.findings.map(\.outcome) == ["beyondRepair"])
            #expect(repair.job.findings.first?.subject == "sha256:" + spoilt)
            #expect(try await west.status().damage.map(\.blob) == ["sha256:" + spoilt])
            let refused = try await west.client("get_one.py", ["a/0"])
            #expect(refused.hasPrefix("refused:") && refused.contains(spoilt))
            #expect(try await west.client("get_one.py", ["a/1"]).contains(intact))
            // A push of the same bytes mends it.
            try await west.client("put_some.py", ["a", "900000"])
            #expect(try await west.client("get_one.py", ["a/0"]).contains(spoilt))
            #expect(try await west.status().damage.isEmpty)
            #expect(try await Self.repair(west).code == 0)
            let nothing = try await Self.repair(west, "--bucket", "nothing")
            #expect(nothing.code != 0 && nothing.output.contains("nothing"), "\(nothing.output)")
            try await west.stop()
        }

        private static func same(_ west: Region, _ east: Region) async throws {
            let verdict = try await west.client("compare.py", [east.url, "4"])
            #expect(verdict.contains("all as expected"))
        }

        private static func digest(
            _ key: String, _ size: String, _ region: Region
        ) async throws -> String {
            try await region.client("digest_of.py", [key, size])
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        private static func repair(_ region: Region, _ flags: String...) async throws -> JobRun {
            try await region.job(["repair"] + flags)
        }

        /// Several bytes of each file, wherever they may be.
        private static func flipBytes(of region: Region) throws {
            for path in try region.chunkFiles() {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                let size = attributes[.size] as? UInt64 ?? 0
                for place in stride(from: 1000, to: size, by: 7001) { try flip(path, at: place) }
            }
        }

        static func flip(_ path: String, at offset: UInt64) throws {
            guard let file = FileHandle(forUpdatingAtPath: path) else {
                throw ProgramFailure(description: "cannot write \(path)")
            }
            defer { try? file.close() }
            try file.seek(toOffset: offset)
            let byte = try #require(try file.read(upToCount: 1)?.first)
            try file.seek(toOffset: offset)
            try file.write(contentsOf: Data([byte ^ 1]))
        }
    }
}
