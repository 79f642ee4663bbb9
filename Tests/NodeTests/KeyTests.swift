// `holdfast key` on the real binary, over two regions: a key is good in both as far as it goes, and ended in both.

import Foundation
import Testing

extension NodeTests {
    @Suite("Keys")
    struct KeyTests {
        private struct Key: Decodable {
            var accessKey: String
            var secretKey: String
        }

        private struct Listed: Decodable {
            struct Key: Decodable {
                var accessKey: String
                var state: String
            }
            var keys: [Key]
        }

        private static let bucket = "layers"

        private static func make(_ region: Region, _ arguments: String...) async throws -> Key {
            let text = try await region.command(["key"] + arguments + ["--json"])
            return try JSONDecoder().decode(Key.self, from: Data(text.utf8))
        }

        private static func state(
            of key: Key, in region: Region
        ) async throws -> String? {
            let text = try await region.command(["key", "list", "--json"])
            #expect(!text.contains(key.secretKey))
            let list = try JSONDecoder().decode(Listed.self, from: Data(text.utf8))
            return list.keys.first { $0.accessKey == key.accessKey }?.state
        }

        /// Runs the client's script as this key.
        private static func client(
            _ region: Region, _ command: String, _ key: Key
        ) async throws -> String {
            try await region.client(
                "key_client.py", [command, key.accessKey, key.secretKey],
                environment: ["BUCKET": bucket])
        }

        private static func works(_ region: Region, _ key: Key) async -> Bool {
            (try? await client(region, "works", key)) != nil
        }

        private static func isRefused(_ region: Region, _ key: Key) async -> Bool {
            (try? await client(region, "refused", key)) != nil
        }

        /// Expects that a region knows of what another did, within seconds.
        private static func soon(
            _ what: String, _ condition: () async throws -> Bool
        ) async throws {
            try await eventually(what, within: .seconds(15), condition)
        }

        @Test("a key is good for what it was made, in both regions, until it is revoked in one")
        func life() async throws {
            let (west, east) = try await Region.pair()
            _ = try await west.command(["bucket", "create", Self.bucket])
            try await west.client(
                "put_some.py", ["root", "9"], environment: ["BUCKET": Self.bucket])
            let key = try await Self.make(
                west, "create", "--name", "ci", "--bucket", Self.bucket, "--prefix", "team/",
                "--allow", "read,write,list", "--expires", "90d")
            try await Self.soon("the key is good in east") { await Self.works(east, key) }
            let verdict = try await Self.client(east, "limited", key)
            #expect(verdict.contains("all as expected"))
            let rotated = try await Self.make(west, "rotate", key.accessKey, "--grace", "1h")
            #expect(rotated.accessKey == key.accessKey && rotated.secretKey != key.secretKey)
            try await Self.soon("the new secret is good in east") {
                await Self.works(east, rotated)
            }
            for region in [west, east] {
                #expect(await Self.works(region, key), "in its grace")
            }
            let again = try await Self.make(west, "rotate", key.accessKey, "--grace", "0")
            try await Self.soon("the old secrets are not") {
                var refused = true
                for region in [west, east] {
                    for old in [key, rotated] {
                        refused = await Self.isRefused(region, old) && refused
                    }
                }
                return refused
            }
            #expect(await Self.works(east, again))
            let warned = try Program(
                [Checkout.daemon, "key", "revoke", key.accessKey, "--data", east.data],
                log: east.directory.path("revoke.log"))
            #expect(try await warned.exitCode(within: .seconds(60)) == 2)
            #expect(await Self.works(east, again), "nothing was done")
            _ = try await east.command(["key", "revoke", key.accessKey, "--yes"])
            #expect(await Self.isRefused(east, again))
            try await Self.soon("it is refused in west") { await Self.isRefused(west, again) }
            for region in [west, east] {
                #expect(try await Self.state(of: again, in: region) == "revoked")
            }
            for secret in [key.secretKey, rotated.secretKey, again.secretKey] {
                for region in [west, east] { try await Self.expectNowhere(secret, region) }
            }
            try await west.stop()
            try await east.stop()
        }

        @Test("a revocation wins over what a region that was cut off writes of the key")
        func cutOff() async throws {
            let (west, east) = try await Region.pair()
            _ = try await west.command(["bucket", "create", Self.bucket])
            let key = try await Self.make(west, "create")
            try await Self.soon("the key is good in east") { await Self.works(east, key) }
            try await west.stop()
            _ = try await east.command(["key", "revoke", key.accessKey, "--yes"])
            try await east.stop()
            // West knows nothing of it, and gives the key another secret, later.
            try await west.start()
            let rotated = try await Self.make(west, "rotate", key.accessKey)
            #expect(await Self.works(west, rotated))
            try await east.start()
            try await Self.soon("west refuses it") {
                let isRefused = await Self.isRefused(west, rotated)
                return await Self.isRefused(west, key) && isRefused
            }
            try await Self.soon("all of it is merged") {
                let lags = [
                    try await west.status().replication.lag.pendingEntries,
                    try await east.status().replication.lag.pendingEntries,
                ]
                let state = try await Self.state(of: rotated, in: east)
                return state == "revoked" && lags == [0, 0]
            }
            for region in [west, east] {
                for secret in [key, rotated] {
                    #expect(await Self.isRefused(region, secret))
                }
            }
            try await west.stop()
            try await east.stop()
        }

        @Test("root keys stay in their region, and secrets are sealed by what regions share")
        func sealed() async throws {
            let (west, east) = (try Region("west"), try Region("east"))
            east.settings = ["HOLDFAST_ACCESS_KEY": "AKEAST", "HOLDFAST_SECRET_KEY": "east-secret"]
            // By itself at first.
            west.sharesPeerKey = false
            try await west.start()
            _ = try await west.command(["bucket", "create", Self.bucket])
            let key = try await Self.make(west, "create")
            #expect(await Self.works(west, key))
            let file = west.data + "/sealing-key.env"
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            try await west.stop()
            west.sharesPeerKey = true
            west.peers = ["east": east.url]
            east.peers = ["west": west.url]
            try await west.start()
            #expect(west.log.contains("are sealed anew"))
            try await east.start()
            try await Self.soon("the key is good in east") { await Self.works(east, key) }
            let root = Key(accessKey: Region.accessKey, secretKey: Region.secretKey)
            #expect(await Self.works(west, root))
            #expect(
                try await Self.client(east, "refused", root).contains("InvalidAccessKeyId"))
            try await west.stop()
            try FileManager.default.removeItem(atPath: file)
            try await west.start()
            #expect(await Self.works(west, key), "nothing is sealed by the old key any more")
            try await west.stop()
            try await east.stop()
        }

        @Test("a key that nobody could mean is not made, and it is said why")
        func mistakes() async throws {
            let west = try Region("west")
            try await west.start()
            for (arguments, reason) in [
                (["--prefix", "/docker/"], "slash"), (["--prefix", "docker/*"], "*"),
                (["--prefix", String(repeating: "a", count: 1025)], "longer"),
                (["--prefix", "a\u{1b}[2J"], "no text"), (["--name", ""], "1 to 128"),
                (["--name", "evil\nname"], "1 to 128"),
            ] {
                let refused = try Program(
                    [Checkout.daemon, "key", "create", "--data", west.data] + arguments,
                    log: west.directory.path("refused-\(UUID().uuidString).log"))
                #expect(try await refused.exitCode(within: .seconds(60)) != 0, "\(arguments)")
                #expect(refused.output.contains(reason), "\(refused.output)")
            }
            #expect(try await !west.command(["key", "list", "--json"]).contains("accessKey"))
            try await west.stop()
        }

        @Test(
            "a registry server needs no more than a key of its bucket, or of its part of it",
            arguments: [[], ["--prefix", "docker/"]])
        func registry(limits: [String]) async throws {
            let west = try Region("west")
            try await west.start()
            let text = try await west.command(
                ["key", "create", "--bucket", Region.bucket, "--json"] + limits)
            let key = try JSONDecoder().decode(Key.self, from: Data(text.utf8))
            let registry = try Registry(on: west, redirect: true)
            registry.keys = (key.accessKey, key.secretKey)
            try await registry.start()
            let work = try TemporaryDirectory()
            let image = work.path("image")
            let digest = try await Skopeo.makeImage(
                image, seed: 1, sizes: [1 << 10, 9 << 20], work)
            try await Skopeo.copy("oci:\(image):image", registry.image("app:v1"), work)
            try await Skopeo.expectSame(registry.image("app:v1"), as: image, work)
            try await Skopeo.delete(registry.image("app@\(digest)"), work)
            _ = try await west.command(["key", "revoke", key.accessKey, "--yes"])
            await #expect(throws: ProgramFailure.self) {
                try await Skopeo.copy("oci:\(image):image", registry.image("app:v2"), work)
            }
            try await registry.stop()
            try await west.stop()
        }

        /// No file of the region, and nothing that it logged, holds the secret.
        private static func expectNowhere(_ secret: String, _ region: Region) async throws {
            let found = try Program(
                ["grep", "-rlF", secret, region.data, region.program?.logPath ?? region.data],
                log: region.directory.path("grep-\(UUID().uuidString).log"))
            #expect(try await found.exitCode(within: .seconds(60)) == 1, "\(found.output)")
        }
    }
}
