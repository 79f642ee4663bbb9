// What the surroundings of a daemon have it do: few files that may be open, a signal, a host that is a bucket's.

import Foundation
import Testing

extension NodeTests {
    @Suite("A daemon and its surroundings")
    struct LimitTests {
        @Test(
            "the limit of open files is raised as far as it goes, and said to be small where it is")
        func openFiles() async throws {
            let region = try Region("west")
            region.wrapper = ["sh", "-c", #"ulimit -Sn 200; ulimit -Hn 700; exec "$@""#, "sh"]
            try await region.start()
            let pid = try #require(region.program?.pid)
            let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
            let line = try #require(
                limits.split(separator: "\n").first { $0.hasPrefix("Max open files") })
            #expect(line.split(separator: " ").filter { $0 == "700" }.count == 2, "\(line)")
            #expect(region.log.contains("few files may be open"))
            #expect(region.log.contains(#""connections":350,"#), "\(region.log)")
            try await region.client("put_some.py", ["a", "9000"])
            try await region.stop()
            region.wrapper = []
            try await region.start()
            try await region.stop()
        }

        @Test("SIGHUP ends no daemon that has no certificate")
        func hangUp() async throws {
            let region = try Region("west")
            try await region.start()
            region.program?.signal(SIGHUP)
            try await eventually("it is said", else: { region.log }) {
                region.log.contains("there is nothing to reload")
            }
            #expect(await region.isReady())
            try await region.stop()
        }

        @Test("where the host is a bucket's, every path is a key of it")
        func virtualHost() async throws {
            let region = try Region("west")
            region.settings = ["HOLDFAST_DOMAIN": "s3.test"]
            try await region.start()
            let host = "\(Region.bucket).s3.test:\(region.port)"
            for path in ["-/health/live", "-/driver/v1/openapi.json", "-/nobody"] {
                let put = try await Self.curl(
                    region, ["-X", "PUT", "--data-binary", "of a key"], "http://\(host)/\(path)")
                #expect(put == "200", "\(put)")
                let got = try await Self.curl(region, [], "http://\(host)/\(path)")
                #expect(got == "of a key200", "\(got)")
            }
            let live = await HTTP.get(region.url + "/-/health/live")
            #expect(live?.status == 200)
            #expect(try await Self.curl(region, [], region.url + "/-/nobody").hasSuffix("404"))
            try await region.stop()
        }

        /// The body that came, and behind it the status.
        private static func curl(
            _ region: Region, _ arguments: [String], _ url: String
        ) async throws -> String {
            let host = URL(string: url)?.host() ?? ""
            return try await Program.run(
                [
                    "curl", "-s", "-w", "%{http_code}", "--resolve",
                    "\(host):\(region.port):127.0.0.1", "--aws-sigv4", "aws:amz:us-east-1:s3",
                    "--user", "\(Region.accessKey):\(Region.secretKey)", "-H",
                    "x-amz-content-sha256: UNSIGNED-PAYLOAD",
                ] + arguments + [url], in: region.directory)
        }
    }
}
