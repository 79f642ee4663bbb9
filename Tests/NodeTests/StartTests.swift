// Starting and stopping: what cannot start says why in one plain line, with exit status 2.

import Foundation
import Testing

/// A way to start that must be refused.
struct RefusedStart: Sendable, CustomStringConvertible {
    let description: String
    /// Without `serve`; `DIR` stands for the machine's directory.
    var arguments: [String]
    var environment: [String: String] = [:]
    /// Written to `DIR/settings.yaml`.
    var file: String?
    /// What the line says.
    var says: [String]

    static let all = [
        RefusedStart(
            description: "no data directory", arguments: ["--region", "west"],
            says: ["--data", "HOLDFAST_DATA"]),
        RefusedStart(
            description: "a data directory under a file",
            arguments: ["--data", "/etc/hostname/data", "--region", "west"],
            says: ["/etc/hostname/data"]),
        RefusedStart(
            description: "a data directory that cannot be written",
            arguments: ["--data", "/proc/holdfast", "--region", "west"], says: ["/proc/holdfast"]),
        RefusedStart(
            description: "an address that is not loopback",
            arguments: ["--data", "DIR/d", "--region", "west", "--listen", "0.0.0.0:0"],
            says: ["0.0.0.0:0", "--allow-plaintext"]),
        RefusedStart(
            description: "an address that is none",
            arguments: ["--data", "DIR/d", "--region", "west", "--listen", "localhost"],
            says: ["--listen", "“localhost”", "HOST:PORT"]),
        RefusedStart(
            description: "a bucket name that is none",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_BUCKETS": "good,-system"],
            says: ["HOLDFAST_BUCKETS", "“-system”"]),
        RefusedStart(
            description: "a peer without the shared key",
            arguments: [
                "--data", "DIR/d", "--region", "west", "--peer", "east=http://127.0.0.1:1",
            ], says: ["HOLDFAST_PEER_KEY"]),
        RefusedStart(
            description: "a peer in the clear beyond loopback",
            arguments: [
                "--data", "DIR/d", "--region", "west", "--peer", "east=http://example.org:1",
            ], environment: ["HOLDFAST_PEER_KEY": "0123456789abcdef"],
            says: ["example.org", "--allow-plaintext"]),
        RefusedStart(
            description: "half a root key",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_ACCESS_KEY": "HALF"], says: ["HOLDFAST_SECRET_KEY"]),
        RefusedStart(
            description: "a bad value in the environment",
            arguments: ["--data", "DIR/d", "--region", "west"],
            environment: ["HOLDFAST_LOG_LEVEL": "loud"],
            says: ["HOLDFAST_LOG_LEVEL", "“loud”", "trace, debug, info"]),
        RefusedStart(
            description: "an unknown key in the file",
            arguments: ["--config", "DIR/settings.yaml"],
            file: "data: DIR/d\nregion: west\nlog:\n  levl: info\n",
            says: ["settings.yaml:4", "“log.levl”", "level, format, requests"]),
        RefusedStart(
            description: "a bad value in the file", arguments: ["--config", "DIR/settings.yaml"],
            file: "data: DIR/d\nregion: west\ndrain_seconds: long\n",
            says: ["settings.yaml:3", "“long”", "0 to 3600"]),
        RefusedStart(
            description: "a list where one value belongs",
            arguments: ["--config", "DIR/settings.yaml"],
            file: "data: DIR/d\nregion:\n  - west\n", says: ["settings.yaml:2", "region"]),
        RefusedStart(
            description: "a file that is no YAML", arguments: ["--config", "DIR/settings.yaml"],
            file: "data: [\n", says: ["settings.yaml"]),
        RefusedStart(
            description: "no such file", arguments: ["--config", "DIR/none.yaml"],
            says: ["none.yaml"]),
        RefusedStart(
            description: "an unknown flag", arguments: ["--dta", "DIR/d"], says: ["--dta"]),
    ]
}

extension NodeTests {
    @Suite("Start and stop")
    struct StartTests {
        @Test(
            "what cannot start says why in one line, and ends with 2", arguments: RefusedStart.all)
        func refusals(_ start: RefusedStart) async throws {
            let directory = try TemporaryDirectory()
            let fill = { (text: String) in
                text.replacingOccurrences(of: "DIR", with: directory.path)
            }
            if let file = start.file {
                try fill(file).write(
                    toFile: directory.path("settings.yaml"), atomically: true, encoding: .utf8)
            }
            let listen = start.arguments.contains("--listen") ? [] : ["--listen", "127.0.0.1:0"]
            let output = try await Self.run(
                ["serve"] + start.arguments.map(fill) + listen, environment: start.environment,
                in: directory, exit: 2)
            Self.expectOneLine(output, says: start.says)
            #expect(!FileManager.default.fileExists(atPath: directory.path("d")))
        }

        /// Runs the program to its end, which must be the exit code `expected`; returns its output.
        private static func run(
            _ arguments: [String], environment: [String: String] = [:],
            in directory: TemporaryDirectory, exit expected: Int32
        ) async throws -> String {
            let program = try Program(
                [Checkout.daemon] + arguments, environment: environment,
                log: directory.path("run-\(UUID().uuidString).log"))
            let code = try await program.exitCode(within: .seconds(30))
            #expect(code == expected, "\(program.output)")
            return program.output
        }

        /// Apart from the log, which is JSON here.
        private static func expectOneLine(_ output: String, says: [String]) {
            let plain = output.split(separator: "\n").filter { !$0.hasPrefix("{") }
            #expect(plain.count == 1, "\(output)")
            #expect(plain.first?.hasPrefix("holdfast: ") ?? false, "\(output)")
            for text in says { #expect(output.contains(text), "\(output)") }
        }

        @Test("a data directory or a port in use is refused, and the one who has it goes on")
        func inUse() async throws {
            let region = try Region("west")
            try await region.start()
            let other = try TemporaryDirectory()
            let sameData = try await Self.run(
                ["serve", "--region", "west", "--data", region.data, "--listen", "127.0.0.1:0"],
                in: other, exit: 2)
            Self.expectOneLine(sameData, says: [region.data, "in use"])
            let address = "127.0.0.1:\(region.port)"
            let samePort = try await Self.run(
                ["serve", "--region", "west", "--data", other.path("d"), "--listen", address],
                in: other, exit: 2)
            Self.expectOneLine(samePort, says: [address, "in use"])
            #expect(await Region.isReady(port: region.port))
            #expect(try await region.status().region.name == "west")
            try await region.stop()
        }

        @Test(
            "while the store is being opened the probes say so, and clients are told to come again")
        func listensFirst() async throws {
            let region = try Region("west")
            try await region.start()
            try await region.client("put_some.py", ["a", "10", "9000"])
            let digest = try await region.client("get_one.py", ["a/1"])
            try await region.stop()
            try FileManager.default.removeItem(atPath: region.data + "/index")
            // Syncs that take a second make the start long.
            region.wrapper = [
                "strace", "-D", "-f", "-o", region.directory.path("trace"), "-e",
                "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=1000000",
            ]
            _ = try region.launch()
            let health = region.url + "/-/health/"
            try await eventually("it says that it reads the journal") {
                let answer = await HTTP.get(health + "ready")
                let body = String(decoding: answer?.body ?? Data(), as: UTF8.self)
                return answer?.status == 503 && body.contains("MiB of the journal")
            }
            #expect(await HTTP.get(health + "live")?.status == 200)
            let refused = await HTTP.get(region.url + "/images/a/1")
            #expect(refused?.status == 503)
            #expect(refused?.header("Retry-After") == "1")
            try await eventually("it is ready") { await Region.isReady(port: region.port) }
            #expect(try await region.client("get_one.py", ["a/1"]) == digest)
            try await region.stop()
        }

        @Test("SIGTERM turns ready to 503, finishes, ends with 0; a second start finds all again")
        func stopsInOrder() async throws {
            let region = try Region("west")
            region.settings = ["HOLDFAST_STOP_DELAY_SECONDS": "3"]
            try await region.start()
            let id = try await region.status().region.id
            try await region.client("stay_whole.py", ["write"])
            let program = try #require(region.program)
            program.signal(SIGTERM)
            let ready = region.url + "/-/health/ready"
            try await eventually("ready is 503 while requests are still taken") {
                await HTTP.get(ready)?.status == 503
            }
            #expect(program.isRunning)
            #expect(try await program.exitCode(within: .seconds(60)) == 0)
            try await region.start()
            #expect(try await region.status().region.id == id)
            try await region.client("stay_whole.py", ["verify"])
            try await region.stop()
        }

        @Test("a stop lets the upload that is under way finish")
        func drains() async throws {
            let region = try Region("west")
            try await region.start()
            let upload = try Program(
                ["python3", Checkout.client("slow_put.py")], environment: region.environment,
                log: region.directory.path("upload.log"))
            try await eventually("the upload has begun") { upload.output.contains("begun") }
            try await region.stop()
            #expect(try await upload.exitCode() == 0, "\(upload.output)")
            try await region.start()
            #expect(try await region.client("keys.py").contains("slow"))
            try await region.stop()
        }

        @Test("root keys are made once, for their owner's eyes, and never logged")
        func rootKeys() async throws {
            let directory = try TemporaryDirectory()
            let path = directory.path("d/root-key.env")
            var keys: [String] = []
            for start in 1...2 {
                let program = try Program(
                    [
                        Checkout.daemon, "serve", "--data", directory.path("d"), "--region",
                        "west", "--listen", "127.0.0.1:0",
                    ], log: directory.path("start-\(start).log"))
                try await eventually("it serves") { program.output.contains("\"serving\"") }
                program.signal(SIGINT)
                #expect(try await program.exitCode(within: .seconds(60)) == 0)
                keys.append(try String(contentsOfFile: path, encoding: .utf8))
                #expect(program.output.contains(path))
                let lines = keys[0].split(separator: "\n").filter { $0.hasPrefix("AWS_") }
                #expect(lines.count == 2)
                for value in lines.compactMap({ $0.split(separator: "=").last }) {
                    #expect(!program.output.contains(value))
                }
            }
            #expect(keys[0] == keys[1])
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
            #expect((mode as? NSNumber)?.intValue == 0o600)
        }

        @Test("status says what it shows, and ends with 3 where no daemon answers")
        func status() async throws {
            let region = try Region("west")
            try await region.start()
            let arguments = ["status", "--data", region.data]
            let screen = try await Self.run(arguments, in: region.directory, exit: 0)
            #expect(screen.contains("region west ("))
            #expect(screen.contains("follows no other region"))
            try await region.stop()
            let output = try await Self.run(arguments, in: region.directory, exit: 3)
            Self.expectOneLine(output, says: ["admin.sock"])
        }

        @Test("every file of settings in Config is good, and the reference names every setting")
        func examples() async throws {
            let config = Checkout.root.appendingPathComponent("Config").path
            let directory = try TemporaryDirectory()
            for file in ["holdfast", "one-node", "two-regions/west", "two-regions/east"] {
                _ = try await Self.run(
                    ["config", "check", "--config", "\(config)/\(file).yaml"],
                    environment: ["HOLDFAST_PEER_KEY": "0123456789abcdef"], in: directory, exit: 0)
            }
            let reference = try String(contentsOfFile: config + "/holdfast.yaml", encoding: .utf8)
            let table = try String(
                contentsOf: Checkout.root.appendingPathComponent(
                    "Sources/holdfast/Configuration/Setting.swift"), encoding: .utf8)
            // The cases of the table of settings: `case name` or `case name = "key"`.
            let cases = table.matches(
                of: #/^    case ([a-zA-Z0-9]+)(?: = "([a-z0-9._]+)")?$/#.anchorsMatchLineEndings())
            #expect(cases.count >= 15)
            for setting in cases {
                let key = String(setting.output.2 ?? setting.output.1)
                let variable = key.uppercased().replacingOccurrences(of: ".", with: "_")
                #expect(reference.contains("HOLDFAST_" + variable), "\(key)")
            }
        }
    }
}
