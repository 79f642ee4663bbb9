// `holdfast repair --rebuild-index` on the real binary: refused beside a daemon, and worth a start without it.

import Foundation
import Testing

extension NodeTests {
    @Suite("An index made anew")
    struct RebuildIndexTests {
        @Test("by the command or by a start holds all that was there")
        func rebuilt() async throws {
            let west = try Region("west")
            try await west.start()
            try await west.client("put_some.py", ["a", "10", "9000", "3000000"])
            let digest = try await west.client("get_one.py", ["a/2"])
            #expect(!digest.contains("refused"))
            let command = [Checkout.daemon, "repair", "--rebuild-index", "--data", west.data]
            let refused = try Program(command, log: west.directory.path("refused.log"))
            #expect(try await refused.exitCode() == 2)
            #expect(refused.output.contains("in use by another process"))
            try await west.stop()
            let output = try await Program.run(command, in: west.directory)
            #expect(output.contains("the index is rebuilt: "), "\(output)")
            try await west.start()
            #expect(try await west.client("get_one.py", ["a/2"]) == digest)
            try await west.stop()
            try FileManager.default.removeItem(atPath: west.data + "/index")
            try await west.start()
            #expect(try await west.client("get_one.py", ["a/2"]) == digest)
            try await west.stop()
        }
    }
}
