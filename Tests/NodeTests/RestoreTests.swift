// A region that loses its disk and is put back from a backup, while another has gone on.

import Foundation
import Testing

extension NodeTests {
    @Suite("A region that is restored from a backup")
    struct RestoreTests {
        @Test("gets back from the other what came after, deletes included, and both show the same")
        func converges() async throws {
            let (west, east) = try await Region.pair()
            let sizes = ["1", "5000", "9000", "2000000"]
            try await west.client("put_some.py", ["before", "12000"] + sizes)
            try await east.client("put_some.py", ["east/before"] + sizes)
            try await Self.same(west, east, count: 9)
            let copy = west.directory.path("copy")
            #expect(try await west.command(["backup", copy]).contains("backup done"))
            try await west.client("put_some.py", ["after"] + sizes)
            try await west.client("delete_some.py", ["before/0", "east/before/1", "after/0"])
            try await east.client("put_some.py", ["east/after"] + sizes)
            try await east.client("delete_some.py", ["before/1"])
            try await Self.same(west, east, count: 13)
            try await west.kill()
            try FileManager.default.removeItem(atPath: west.data)
            try FileManager.default.moveItem(atPath: copy, toPath: west.data)
            try await west.start()
            // At once, so that it gives numbers a second time that the other one knows.
            try await west.client("put_some.py", ["since"] + sizes + sizes)
            try await Self.same(west, east, count: 21)
            for region in [west, east] {
                let keys = try await region.client("keys.py").split(separator: "\n").map(
                    String.init)
                #expect(!keys.contains("before/0") && !keys.contains("before/1"))
                #expect(!keys.contains("east/before/1") && keys.contains("east/after/3"))
                #expect(!keys.contains("after/0") && keys.contains("after/3"))
            }
            #expect(west.log.contains("put back from an older copy"))
            // And both go on, each hearing of the other.
            try await east.client("put_some.py", ["east/last"] + sizes)
            try await west.client("put_some.py", ["last"] + sizes)
            try await Self.same(west, east, count: 29)
            try await west.stop()
            try await east.stop()
        }

        private static func same(_ west: Region, _ east: Region, count: Int) async throws {
            let verdict = try await west.client("compare.py", [east.url, "\(count)"])
            #expect(verdict.contains("all as expected"))
        }
    }
}
