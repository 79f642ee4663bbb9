// `holdfast region remove` on the real binary: a region that is gone, that comes back all the same, and a new one in
// its place.

import Foundation
import Testing

extension NodeTests {
    @Suite("A region that is removed")
    struct RemoveRegionTests {
        @Test("is refused when it comes back, and a new one may take its name")
        func removed() async throws {
            let (west, east) = try await Region.pair()
            try await west.client("put_some.py", ["a", "9000", "12000"])
            try await east.client("put_some.py", ["b", "9000", "70000"])
            _ = try await west.client("compare.py", [east.url, "4"])
            let id = try await east.status().region.id
            let connected = try await Self.remove(west, "east", "--yes", exit: 1)
            #expect(connected.contains("region east is connected"), "\(connected)")
            try await east.kill()
            try await eventually("east is gone") {
                try await west.status().replication.peers.allSatisfy { !$0.isConnected }
            }
            let heard = try await Self.remove(west, "east", "--yes", exit: 1)
            #expect(heard.contains("region east was heard of"), "\(heard)")
            let unknown = try await Self.remove(west, "north", "--yes", exit: 1)
            #expect(unknown.contains("“north”") && unknown.contains("known are east"), "\(unknown)")
            #expect(try await Self.remove(west, "west", "--yes", exit: 1).contains("itself"))
            let warned = try await Self.remove(west, "east", exit: 2)
            #expect(warned.contains("cannot be taken back"), "\(warned)")
            #expect(warned.contains("nothing was done"), "\(warned)")
            try await west.client("delete_some.py", ["a/0", "b/0"])
            let done = try await Self.remove(west, "east", "--yes", "--force", exit: 0)
            #expect(done.contains("region east (\(id)) is removed here"), "\(done)")
            let again = try await Self.remove(west, "east", "--yes", exit: 0)
            #expect(again.contains("region east (\(id)) was removed here before"), "\(again)")
            #expect(try await Self.list(west).contains("removed"))
            try await Self.comesBack(east, to: west)
            try await west.stop()
            try await west.start()
            try await Self.comesBack(east, to: west)
            // A new region of that name, from nothing: it gets what the old one wrote, too.
            try FileManager.default.removeItem(atPath: east.data)
            try await east.start()
            _ = try await west.client("compare.py", [east.url, "2"])
            try await east.client("put_some.py", ["c", "9000"])
            _ = try await west.client("compare.py", [east.url, "3"])
            #expect(try await east.status().region.id != id)
            try await west.stop()
            try await east.stop()
        }

        /// What it holds and writes stays with it, and both say why.
        private static func comesBack(_ east: Region, to west: Region) async throws {
            let before = try await west.client("keys.py")
            try await east.start()
            try await east.client("put_some.py", ["late", "9000"])
            try await eventually("each says that it is refused", else: { west.log + east.log }) {
                west.log.contains("it can join again only from an empty data directory")
                    && east.log.contains("was removed here")
            }
            for region in [west, east] {
                #expect(
                    try await region.status().replication.peers.allSatisfy { !$0.isConnected })
            }
            #expect(try await west.client("keys.py") == before)
            #expect(try await east.client("keys.py").contains("a/0"))
            try await east.kill()
        }

        @Test("is not gone while it asks, though nobody follows it; the list shows it")
        func stillAsks() async throws {
            let (west, east) = (try Region("west"), try Region("east"))
            east.peers = ["west": west.url]
            try await west.start()
            try await east.start()
            try await west.client("put_some.py", ["a", "9000"])
            _ = try await west.client("compare.py", [east.url, "1"])
            let id = try await east.status().region.id
            let list = try await Self.list(west)
            #expect(list.contains(id) && list.contains("not followed"), "\(list)")
            #expect(list.contains(" s ago") || list.contains(" ms ago"), "\(list)")
            let followed = try await Self.list(east)
            #expect(followed.contains("west") && followed.contains("connected"), "\(followed)")
            #expect(try await Self.list(east, "--json").contains(#""isConnected":true"#))
            for subject in ["east", id] {
                let refused = try await Self.remove(west, subject, "--yes", exit: 1)
                #expect(refused.contains("is not gone"), "\(refused)")
            }
            _ = try await Self.remove(west, "east", "--yes", "--force", exit: 0)
            try await eventually("east is refused", else: { east.log }) {
                east.log.contains("was removed here")
            }
            try await west.stop()
            try await east.stop()
        }

        private static func list(_ region: Region, _ arguments: String...) async throws -> String {
            try await run(region, ["list"] + arguments, exit: 0)
        }

        private static func remove(
            _ region: Region, _ arguments: String..., exit expected: Int32
        ) async throws -> String {
            try await run(region, ["remove"] + arguments, exit: expected)
        }

        private static func run(
            _ region: Region, _ arguments: [String], exit expected: Int32
        ) async throws -> String {
            let program = try Program(
                [Checkout.daemon, "region"] + arguments + ["--data", region.data],
                log: region.directory.path("region-\(UUID().uuidString).log"))
            #expect(try await program.exitCode(within: .seconds(60)) == expected)
            return program.output
        }
    }
}
