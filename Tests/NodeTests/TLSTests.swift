// TLS with the real binary: regions that show each other certificates, new certificates while everything goes
// on, and listeners of chosen APIs.

import Foundation
import Testing

extension NodeTests {
    @Suite("TLS")
    struct TLSTests {
        @Test(
            "regions replicate over https with certificates of their own; who shows none is refused"
        )
        func mutual() async throws {
            let authority = try Authority()
            let (west, east) = try await Region.pair(authority: authority)
            try await west.client("put_some.py", ["west", "1", "5000000"])
            try await east.client("put_some.py", ["east", "9000"])
            let verdict = try await west.client("compare.py", [east.url, "3"])
            #expect(verdict.contains("all as expected"))
            let answer = try await HTTP.send(
                "POST", west.url + "/-/peer/v1/handshake", authority: authority)
            #expect(answer.status == 403)
            let said = String(decoding: answer.body, as: UTF8.self)
            #expect(said.contains("certificate of its client CA"), "\(said)")
            try await west.stop()
            try await east.stop()
        }

        /// What a region says of its peer “west”, in its status and in its log.
        private static func expectTrouble(_ region: Region, says parts: [String]) async throws {
            let what = "the status of \(region.name) says \(parts)"
            try await eventually(what, else: { region.log }) {
                let status = try await region.command(["status"])
                return status.contains("  west: handshake: unauthenticated: ")
                    && parts.allSatisfy(status.contains)
            }
            for part in parts + ["\"peer\":\"west\""] {
                #expect(region.log.contains(part), "\(region.log)")
            }
        }

        @Test(
            "a region of a foreign authority is refused by name, file and reason, until that is mended"
        )
        func foreignAuthority() async throws {
            let (authority, foreign) = (try Authority(), try Authority())
            let (west, east) = (
                try Region("west", authority: authority), try Region("east", authority: foreign)
            )
            // Copies, so that they can be put right.
            let work = try TemporaryDirectory()
            let believed = work.path("believed.pem")
            try await foreign.issue("nobody")
            try FileManager.default.copyItem(atPath: foreign.file, toPath: believed)
            east.settings["HOLDFAST_TLS_PEER_CA"] = believed
            east.peers = ["west": west.url]
            try await west.start()
            try await east.start()
            try await Self.expectTrouble(
                east, says: ["certificate", believed])
            // Now east believes west, and west does not believe east.
            try FileManager.default.removeItem(atPath: believed)
            try FileManager.default.copyItem(atPath: authority.file, toPath: believed)
            try await Self.expectTrouble(
                east,
                says: ["alert", foreign.certificate(of: "east")])
            try await eventually("west says so as well", else: { west.log }) {
                west.log.contains("a TLS handshake failed")
                    && west.log.contains("CERTIFICATE_VERIFY_FAILED")
            }
            try await authority.issue("east")
            for (made, used) in [
                (authority.certificate(of: "east"), foreign.certificate(of: "east")),
                (authority.key(of: "east"), foreign.key(of: "east")),
            ] {
                try FileManager.default.removeItem(atPath: used)
                try FileManager.default.copyItem(atPath: made, toPath: used)
            }
            try await eventually("the regions meet without a restart", else: { east.log }) {
                try await east.status().replication.peers.allSatisfy(\.isConnected)
            }
            try await west.stop()
            try await east.stop()
        }

        @Test("new certificates are taken in under load, and nobody notices; a bad pair is refused")
        func renews() async throws {
            let authority = try Authority()
            let region = try Region("west", authority: authority)
            try await region.start()
            let enough = region.directory.path("enough")
            let load = try Program(
                ["python3", Checkout.client("tls_load.py"), enough],
                environment: region.environment, log: region.directory.path("load.log"))
            try await eventually("the clients have begun") { load.output.contains("begun") }
            let certificate = authority.certificate(of: "west")
            for _ in 1...3 {
                let before = try await authority.serial(shownAt: region.port)
                try await authority.issue("west")
                let wanted = try await authority.serial(in: certificate)
                #expect(before != wanted)
                try await eventually("the new certificate is shown", else: { region.log }) {
                    try await authority.serial(shownAt: region.port) == wanted
                }
            }
            let last = try await authority.serial(shownAt: region.port)
            try "nothing".write(toFile: certificate, atomically: true, encoding: .utf8)
            let refusals = { region.log.components(separatedBy: "TLS cannot be renewed").count - 1 }
            try await eventually("the bad pair is refused", else: { region.log }) {
                refusals() == 1
            }
            #expect(region.log.contains(certificate))
            #expect(region.log.contains("there is no certificate in PEM"))
            region.program?.signal(SIGHUP)
            try await eventually("SIGHUP has it looked at again") { refusals() == 2 }
            #expect(try await authority.serial(shownAt: region.port) == last)
            try Data().write(to: URL(fileURLWithPath: enough))
            #expect(try await load.exitCode() == 0, "\(load.output)")
            #expect(load.output.contains("all as expected"), "\(load.output)")
            try await region.stop()
        }

        @Test("curl's signed PUT and GET of 256 MiB come back whole, and memory stays flat")
        func curl() async throws {
            let authority = try Authority()
            let region = try Region("west", authority: authority)
            try await region.start()
            let (sent, back) = (region.directory.path("sent"), region.directory.path("back"))
            try await Program.run(
                ["bash", "-c", "head -c 268435456 /dev/urandom > \(sent)"], in: region.directory)
            let curl = [
                "curl", "-sSf", "--cacert", authority.file, "--aws-sigv4", "aws:amz:us-east-1:s3",
                "--user", "\(Region.accessKey):\(Region.secretKey)", "-H",
                "x-amz-content-sha256: UNSIGNED-PAYLOAD",
            ]
            let url = "\(region.url)/\(Region.bucket)/large"
            try await Program.run(curl + ["-T", sent, url], in: region.directory)
            for _ in 1...2 {
                try await Program.run(curl + ["-o", back, url], in: region.directory)
                try await Program.run(["cmp", sent, back], in: region.directory)
            }
            let status = try String(
                contentsOfFile: "/proc/\(try #require(region.program).pid)/status", encoding: .utf8)
            let peak = try #require(status.firstMatch(of: /VmHWM:\s+(\d+) kB/)?.output.1)
            #expect(try #require(Int(peak)) < 192 << 10, "\(peak) KiB at the most")
            try await region.stop()
        }

        private struct Said: Equatable {
            var status: Int?
            var code: String?
        }

        private static func said(
            _ method: String, _ url: String, _ authority: Authority
        ) async throws
            -> Said
        {
            let answer = try await HTTP.send(method, url, authority: authority)
            let text = String(decoding: answer.body, as: UTF8.self)
            let code = text.firstMatch(of: /"code":"(\w+)"|<Code>(\w+)</)
            return Said(
                status: answer.status,
                code: (code?.output.1 ?? code?.output.2).map(String.init))
        }

        @Test("each listener serves its own APIs, and another's path as an unknown one")
        func listeners() async throws {
            let authority = try Authority()
            let region = try Region("west", authority: authority)
            try await authority.issue("west")
            let (s3, peers, probes) = (region.port, try Ports.free(), try Ports.free())
            let file = region.directory.path("settings.yaml")
            try """
            data: \(region.data)
            region: west
            tls:
              certificate: \(authority.certificate(of: "west"))
              key: \(authority.key(of: "west"))
            listeners:
              - listen: 127.0.0.1:\(s3)
                apis: [s3]
              - {listen: "127.0.0.1:\(peers)", apis: [peer, probes], tls: true}
              - listen: 127.0.0.1:\(probes)
                tls: false
                apis:
                  - probes
            """.write(toFile: file, atomically: true, encoding: .utf8)
            _ = try region.launch([Checkout.daemon, "serve", "--config", file])
            let ready = "/-/health/ready"
            try await eventually("it is ready", else: { region.log }) {
                await HTTP.get("http://127.0.0.1:\(probes)" + ready)?.status == 200
            }
            let unknown = Said(status: 404, code: "noSuchCall")
            let denied = Said(status: 403, code: "AccessDenied")
            let unsigned = Said(status: 401, code: "unauthenticated")
            let expected: [(url: String, s3: Said, peer: Said, probe: Said)] = [
                ("https://127.0.0.1:\(s3)", denied, unknown, unknown),
                ("https://127.0.0.1:\(peers)", unknown, unsigned, Said(status: 200)),
                ("http://127.0.0.1:\(probes)", unknown, unknown, Said(status: 200)),
            ]
            for one in expected {
                #expect(try await Self.said("GET", one.url + "/images/key", authority) == one.s3)
                let handshake = one.url + "/-/peer/v1/handshake"
                #expect(try await Self.said("POST", handshake, authority) == one.peer)
                #expect(try await Self.said("GET", one.url + ready, authority) == one.probe)
                #expect(try await Self.said("GET", one.url + "/-/nothing", authority) == unknown)
            }
            try await region.stop()
        }
    }
}
