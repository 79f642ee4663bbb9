// Bad input: to the running daemon, and to one that is to start.

import Foundation
import Testing

extension NodeTests {
    @Suite("Bad input")
    struct BadInputTests {
        @Test("is refused with a clear error, stores nothing, and harms nobody")
        func requests() async throws {
            let region = try Region("west")
            try await region.start()
            let verdict = try await region.client("bad_input.py")
            #expect(verdict.contains("all as expected"))
            try await region.stop()
        }

        /// Starts what must refuse to: exit code 2 and one plain line that names the trouble.
        private func expectRefusal(
            _ region: Region, _ arguments: [String], naming word: String
        ) async throws {
            let program = try region.launch(arguments)
            let code = try await program.exitCode(within: .seconds(30))
            let output = program.output.trimmingCharacters(in: .newlines)
            #expect(code == 2, "\(output)")
            #expect(output.contains(word), "\(output)")
            #expect(!output.contains("\n"), "one line, not:\n\(output)")
        }

        @Test("a data directory in use, a port in use and an unwritable directory are named")
        func starts() async throws {
            let region = try Region("west")
            try await region.start()
            let second = try Region("second")
            var arguments = region.arguments()
            let listen = try #require(arguments.firstIndex(of: "127.0.0.1:\(region.port)"))
            arguments[listen] = "127.0.0.1:\(second.port)"
            try await expectRefusal(second, arguments, naming: "in use")
            arguments = second.arguments()
            let own = try #require(arguments.firstIndex(of: "127.0.0.1:\(second.port)"))
            arguments[own] = "127.0.0.1:\(region.port)"
            try await expectRefusal(second, arguments, naming: "\(region.port)")
            arguments = second.arguments()
            let data = try #require(arguments.firstIndex(of: second.data))
            arguments[data] = "/proc/holdfast"
            try await expectRefusal(second, arguments, naming: "/proc/holdfast")
            let digest = try await region.client("digest_of.py", ["x", "1"])
            #expect(!digest.isEmpty)
            #expect(await Region.isReady(port: region.port))
            try await region.stop()
        }

        @Test(
            "a bad setting is refused by name",
            arguments: [
                ("listen: 127.0.0.1:0\nsurprise: 1\n", "surprise"),
                ("listen: nonsense\n", "listen"),
                ("listen: [\n", "holdfast.yaml"),
            ])
        func settings(text: String, word: String) async throws {
            let region = try Region("west")
            let path = region.directory.path("holdfast.yaml")
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            for command in [["serve", "--data", region.data], ["config", "check"]] {
                let arguments = [Checkout.daemon] + command + ["--config", path]
                try await expectRefusal(region, arguments, naming: word)
            }
        }

        @Test("plaintext outside loopback has to be allowed by name")
        func plaintext() async throws {
            let region = try Region("west")
            var arguments = region.arguments()
            let listen = try #require(arguments.firstIndex(of: "127.0.0.1:\(region.port)"))
            arguments[listen] = "0.0.0.0:\(region.port)"
            try await expectRefusal(region, arguments, naming: "--allow-plaintext")
        }
    }
}
