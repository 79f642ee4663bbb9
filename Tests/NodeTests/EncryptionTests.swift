// Encryption at rest with the real binary: what clients and registries had sealed stands in no file in the clear, in
// no region; and the keys that it takes.

import Foundation
import Testing

extension NodeTests {
    @Suite("Encryption at rest")
    struct EncryptionTests {
        @Test("what boto3 had encrypted is in no file of either region, and is read in both")
        func objects() async throws {
            let (west, east) = try await Region.pair()
            let said = try await west.client("sealed.py", [east.url, west.data, east.data])
            #expect(said.contains("all as expected"), "\(said)")
            // What was encrypted only later is gone when garbage has been collected.
            for region in [west, east] {
                _ = try await Self.command(region, ["gc"])
                let again = try await region.client("sealed_again.py", [region.data])
                #expect(again.contains("nothing in the clear"), "\(again)")
            }
            let status = try await Self.command(west, ["status"])
            #expect(status.contains("encrypted under 1 data key of the master key"), "\(status)")
            try await west.stop()
            try await east.stop()
        }

        @Test(
            "a registry that asks for encryption pushes and pulls, and its layers lie nowhere in the clear"
        )
        func registry() async throws {
            let region = try Region("west")
            try await region.start()
            let registry = try Registry(on: region, redirect: false, encrypts: true)
            try await registry.start()
            let work = try TemporaryDirectory()
            let image = work.path("image")
            _ = try await Skopeo.makeImage(
                image, seed: 1, sizes: [1 << 10, 77 << 10, 12 << 20], work)
            try await Skopeo.copy("oci:\(image):image", registry.image("team/app:v1"), work)
            try await Skopeo.expectSame(registry.image("team/app:v1"), as: image, work)
            let said = try await region.client("in_the_clear.py", [image + "/blobs", region.data])
            #expect(said.contains("nothing in the clear"), "\(said)")
            try await registry.stop()
            try await region.stop()
        }

        @Test("a place where no master key can be kept is refused at the start")
        func place() async throws {
            let directory = try TemporaryDirectory()
            let key = directory.path("none/key")
            let program = try Program(
                [
                    Checkout.daemon, "serve", "--data", directory.path("d"), "--region", "west",
                    "--listen", "127.0.0.1:0",
                ],
                environment: ["HOLDFAST_ENCRYPTION_MASTER_KEY_FILE": key],
                log: directory.path("log"), directory: directory.path)
            #expect(try await program.exitCode(within: .seconds(60)) == 2)
            #expect(
                program.output.contains("no master key can be kept in \(key)"), "\(program.output)")
        }

        @Test("a new master key opens what the old one did, and the old one nothing any more")
        func rotation() async throws {
            let region = try Region("west")
            let keys = try TemporaryDirectory()
            let file = keys.path("master-key")
            region.settings["HOLDFAST_ENCRYPTION_MASTER_KEY_FILE"] = file
            try await region.start()
            #expect(!FileManager.default.fileExists(atPath: file))
            try await region.client("put_sealed.py", ["before", "700", "3000000"])
            let old = try Data(contentsOf: URL(fileURLWithPath: file))
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let said = try await Self.command(region, ["encryption", "rotate"])
            #expect(said.contains("the master key is "), "\(said)")
            try await region.client("put_sealed.py", ["after", "700"])
            try await region.client("get_sealed.py", ["before", "700", "3000000"])
            try await region.stop()
            let new = try Data(contentsOf: URL(fileURLWithPath: file))
            #expect(old != new)
            for wrong in [old, Data("# nothing\n".utf8)] {
                try Self.replace(file, wrong)
                let program = try region.launch()
                #expect(try await program.exitCode(within: .seconds(60)) == 2)
                #expect(program.output.contains(file), "\(program.output)")
            }
            try FileManager.default.removeItem(atPath: file)
            let program = try region.launch()
            #expect(try await program.exitCode(within: .seconds(60)) == 2)
            #expect(program.output.contains("put that file back"), "\(program.output)")
            try Self.replace(file, new)
            try await region.start()
            try await region.client("get_sealed.py", ["before", "700", "3000000"])
            try await region.client("get_sealed.py", ["after", "700"])
            try await region.stop()
        }

        private static func replace(_ file: String, _ content: Data) throws {
            try content.write(to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        }

        private static func command(_ region: Region, _ words: [String]) async throws -> String {
            try await Program.run(
                [Checkout.daemon] + words + ["--data", region.data], in: region.directory,
                timeout: .seconds(60))
        }
    }
}
