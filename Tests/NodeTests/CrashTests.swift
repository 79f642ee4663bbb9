// Promise 1 on the real binary: what was acknowledged survives, whatever moment the daemon ends at.

import Foundation
import Testing

extension NodeTests {
    @Suite("A daemon that is killed")
    struct CrashTests {
        @Test("keeps what was acknowledged, deletes too, ten times over; the other region follows")
        func killedTenTimes() async throws {
            let (west, east) = try await Region.pair()
            let acked = west.directory.path("acked")
            for round in 0..<10 {
                let before = Self.size(of: acked)
                let writers = try Program(
                    ["python3", Checkout.client("objects.py"), "write", "\(round)", acked],
                    environment: west.environment, log: west.directory.path("writers-\(round).log"))
                try await eventually("the writers of round \(round) are under way") {
                    guard writers.isRunning else {
                        throw ProgramFailure(description: writers.output)
                    }
                    return Self.size(of: acked) > before + 800
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...400)))
                try await west.kill()
                #expect(try await writers.exitCode(within: .seconds(120)) == 0, "\(writers.output)")
                try await west.start()
                let verdict = try await west.client("objects.py", ["verify", acked])
                #expect(verdict.contains("all as expected"))
            }
            let verdict = try await west.client("objects.py", ["same", east.url])
            #expect(verdict.contains("all as expected"))
            try await west.stop()
            try await east.stop()
        }

        private static func size(of path: String) -> Int {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return attributes?[.size] as? Int ?? 0
        }

        @Test("acknowledges only what was synced: chunk file, then journal, then the answer")
        func syncsFirst() async throws {
            let region = try Region("west")
            let trace = region.directory.path("trace")
            // -D: the daemon is our child, and the tracer stands aside.
            region.wrapper = [
                "strace", "-D", "-f", "-tt", "-y", "-s", "16384", "-o", trace, "-e",
                "trace=pwritev,pwritev2,pwrite64,write,writev,sendmsg,sendto,fdatasync,fsync",
            ]
            try await region.start()
            let sizes = ["10", "8192", "8193", "1048576", "5000000", "0", "70000"]
            try await region.client("put_some.py", ["traced"] + sizes)
            try await region.stop()
            let verdict = try await region.client(
                "check_trace.py", [trace, "traced", "\(sizes.count)"])
            #expect(verdict.contains("all as expected"))
        }
    }
}
