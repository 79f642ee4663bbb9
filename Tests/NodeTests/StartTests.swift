// Starting and stopping: what cannot start says why in one plain line, with exit status 2.

import Foundation
import Testing

extension NodeTests {
    @Suite("Start and stop")
    struct StartTests {
        @Test(
            "what cannot start says why in one line, and ends with 2",
            arguments: RefusedStart.all + RefusedStart.listeners)
        func refusals(_ start: RefusedStart) async throws {
            let directory = try TemporaryDirectory()
            let fill = { (text: String) in
                text.replacingOccurrences(of: "DIR", with: directory.path)
            }
            if let file = start.file {
                try fill(file).write(
                    toFile: directory.path("settings.yaml"), atomically: true, encoding: .utf8)
            }
            let setsListeners = [start.file ?? "", start.environment.keys.joined()].contains {
                $0.lowercased().contains("listeners")
            }
            let listen =
                start.arguments.contains("--listen") || setsListeners
                ? [] : ["--listen", "127.0.0.1:0"]
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
                log: directory.path("run-\(UUID().uuidString).log"), directory: directory.path)
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

        @Test("the program needs no library of Swift where it runs")
        func carriesItsRuntime() async throws {
            let directory = try TemporaryDirectory()
            let needed = try await Program.run(["ldd", Checkout.daemon], in: directory)
            #expect(needed.contains("librocksdb") && !needed.contains("not found"))
            #expect(!needed.lowercased().contains("swift"), "\(needed)")
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
            #expect(await region.isReady())
            #expect(try await region.status().region.name == "west")
            try await region.stop()
        }

        /// A stopped region with something in it, whose next start takes long: it makes its index anew, and each
        /// of its syncs takes a second.
        private static func slowToStart() async throws -> (Region, digest: String) {
            let region = try Region("west")
            try await region.start()
            try await region.client("put_some.py", ["a", "10", "9000"])
            let digest = try await region.client("get_one.py", ["a/1"])
            try await region.stop()
            try FileManager.default.removeItem(atPath: region.data + "/index")
            region.wrapper = [
                "strace", "-D", "-f", "-o", region.directory.path("trace"), "-e",
                "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:delay_enter=1000000",
            ]
            return (region, digest)
        }

        @Test(
            "while the store is being opened the probes and status say so, and everyone is told to come again"
        )
        func listensFirst() async throws {
            let (region, digest) = try await Self.slowToStart()
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
            let status = try await region.command(["status"])
            #expect(status.contains("region west is starting: "), "\(status)")
            #expect(status.contains("MiB of the journal are read"), "\(status)")
            let job = try await Self.run(
                ["gc", "--data", region.data], in: region.directory, exit: 3)
            Self.expectOneLine(job, says: ["region west is starting: "])
            try await eventually("it is ready") { await region.isReady() }
            #expect(try await region.command(["status"]).contains("follows no other region"))
            #expect(try await region.client("get_one.py", ["a/1"]) == digest)
            try await region.stop()
        }

        @Test("SIGTERM gives a start up in order, and the next one has all that was there")
        func startGivenUp() async throws {
            let (region, digest) = try await Self.slowToStart()
            let program = try region.launch()
            let socket = region.data + "/admin.sock"
            try await eventually("it says that it reads the journal") {
                guard FileManager.default.fileExists(atPath: socket) else { return false }
                return try await region.command(["status"]).contains("MiB of the journal")
            }
            program.signal(SIGTERM)
            #expect(try await program.exitCode(within: .seconds(60)) == 0)
            #expect(program.output.contains("the start is given up"), "\(program.output)")
            #expect(program.output.contains("\"stopped\""), "\(program.output)")
            #expect(!program.output.contains("\"serving\""), "\(program.output)")
            #expect(!FileManager.default.fileExists(atPath: socket))
            region.wrapper = []
            try await region.start()
            #expect(try await region.client("get_one.py", ["a/1"]) == digest)
            #expect(try await region.status().damage.isEmpty)
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
            // The certificates of the TLS example are where it says, below the directory it is used from.
            try await Program.run(
                [
                    config + "/two-regions-tls/make-certificates", directory.path(".holdfast/tls"),
                    "west", "east",
                ], in: directory)
            let files = [
                "holdfast", "one-node", "two-regions/west", "two-regions/east",
                "two-regions-tls/west", "two-regions-tls/east",
            ]
            for file in files {
                let output = try await Self.run(
                    ["config", "check", "--config", "\(config)/\(file).yaml"],
                    environment: ["HOLDFAST_PEER_KEY": "0123456789abcdef"], in: directory, exit: 0)
                #expect(output.contains("with TLS") == file.contains("tls"), "\(output)")
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
