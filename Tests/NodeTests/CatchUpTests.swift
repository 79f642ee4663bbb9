// A region that was away, and a region that is lied to.

import Foundation
import Testing

extension NodeTests {
    @Suite("A region that follows another")
    struct CatchUpTests {
        @Test("catches up after it was stopped, and after it was killed in the middle of it")
        func catchesUp() async throws {
            let (west, east) = try await Region.pair()
            let sizes = ["1", "5000", "9000", "2000000", "40000000"]
            try await west.client("put_some.py", ["w/first"] + sizes)
            try await east.stop()
            try await west.client("put_some.py", ["w/second"] + sizes)
            try await east.start()
            try await Task.sleep(for: .milliseconds(150))
            try await east.kill()
            try await west.client("put_some.py", ["w/third"] + sizes)
            try await west.stop()
            try await east.start()
            try await west.start()
            try await east.client("put_some.py", ["w/fourth"] + sizes)
            let verdict = try await west.client("compare.py", [east.url, "20"])
            #expect(verdict.contains("all as expected"))
            try await west.stop()
            try await east.stop()
        }

        @Test("refuses wrong bytes, names their digest, and takes the right ones when they come")
        func liedTo() async throws {
            let west = try Region("west")
            let east = try Region("east")
            let flag = west.directory.path("lie")
            try Data().write(to: URL(fileURLWithPath: flag))
            let size = "1500000"
            let digest = try await west.client("digest_of.py", ["lied/0", size])
                .trimmingCharacters(in: .whitespacesAndNewlines)
            let port = try Ports.free()
            let proxy = try Program(
                [
                    "python3", Checkout.client("lying_proxy.py"), "\(port)",
                    "127.0.0.1:\(west.port)",
                    digest, flag,
                ], log: west.directory.path("proxy.log"))
            east.peers = ["west": "http://127.0.0.1:\(port)"]
            try await west.start()
            try await east.start()
            try await west.client("put_some.py", ["lied", size])
            try await west.client("put_some.py", ["honest", size])
            try await eventually("the log names the digest") { east.log.contains(digest) }
            let other = try await east.client("keys.py")
            #expect(!other.contains("lied/0"))
            try FileManager.default.removeItem(atPath: flag)
            let verdict = try await west.client("compare.py", [east.url, "2"])
            #expect(verdict.contains("all as expected"))
            try await proxy.killNow()
            try await west.stop()
            try await east.stop()
        }
    }
}
