// The storage driver API of the real daemon.

import Foundation
import Testing

extension NodeTests {
    @Suite("The storage driver")
    struct DriverTests {
        @Test("serves a front in another language what S3 shows, and refuses by its codes")
        func overHTTP() async throws {
            let region = try Region("west")
            try await region.start()
            let verdict = try await region.client("driver_client.py")
            #expect(verdict.contains("all as expected"))
            try await region.stop()
        }

        @Test("goes on with a file that is being written after each kill and each restart")
        func restarts() async throws {
            let region = try Region("west")
            try await region.start()
            let state = region.directory.path("state")
            for round in 0..<6 {
                let before = Self.pieces(state)
                let writer = try Program(
                    ["python3", Checkout.client("driver_restart.py"), "write", state],
                    environment: region.environment,
                    log: region.directory.path("writer-\(round).log"))
                try await eventually("the writer of round \(round) is under way") {
                    guard writer.isRunning else {
                        throw ProgramFailure(description: writer.output)
                    }
                    return Self.pieces(state) > before + 10
                }
                // A stop in order, for once.
                if round == 3 { try await region.stop() } else { try await region.kill() }
                #expect(try await writer.exitCode(within: .seconds(60)) == 0, "\(writer.output)")
                try await region.start()
                let verdict = try await region.client("driver_restart.py", ["verify", state])
                #expect(verdict.contains("all as expected"))
            }
            let verdict = try await region.client("driver_restart.py", ["commit", state])
            #expect(verdict.contains("all as expected"))
            try await region.stop()
        }

        private struct Report: Decodable {
            var bytes: Int
            var clientGrowthBytes: Int
            var daemonGrowthBytes: Int
        }

        /// `Tools/benchmark STREAM` does the same with 5 GiB.
        @Test("streams a file of a GiB there and back in constant memory on each side")
        func streams() async throws {
            let region = try Region("west")
            try await region.start()
            let daemon = try #require(region.program).pid
            let output = try await Program.run(
                [
                    Checkout.built("DriverStream"), "--url", region.url, "--bucket", Region.bucket,
                    "--daemon", "\(daemon)", "--bytes", "\(1 << 30)",
                ], environment: Region.credentials, in: region.directory)
            let report = try JSONDecoder().decode(Report.self, from: Data(output.utf8))
            #expect(report.bytes == 1 << 30)
            #expect(report.clientGrowthBytes <= 64 << 20, "\(output)")
            #expect(report.daemonGrowthBytes <= 64 << 20, "\(output)")
            try await region.stop()
        }

        private struct State: Decodable {
            var pieces: Int
        }

        /// How many pieces were acknowledged.
        private static func pieces(_ path: String) -> Int {
            let data = FileManager.default.contents(atPath: path) ?? Data()
            return (try? JSONDecoder().decode(State.self, from: data))?.pieces ?? 0
        }
    }
}
