// The audit log of the real daemon: every administrative change, who asked for it, and how it ended.

import Foundation
import Testing

extension NodeTests {
    @Suite("The audit log")
    struct AuditTests {
        private struct Entry: Decodable {
            var time: String
            var principal: String?
            var client: String
            var call: String
            var subject: String?
            var change: String?
            var status: Int
            var error: String?
        }

        private static func entries(
            _ region: Region, _ arguments: String...
        ) async throws -> [Entry] {
            try await region.command(["audit", "--json"] + arguments).split(separator: "\n").map {
                try JSONDecoder().decode(Entry.self, from: Data($0.utf8))
            }
        }

        @Test("has every change by command and by S3, refused ones too, also after a kill")
        func whole() async throws {
            let west = try Region("west")
            try await west.start()
            _ = try await west.command(["bucket", "create", "layers", "quota.hard=1GiB"])
            _ = try await west.command(["bucket", "list"])
            let made = try await west.command(["key", "create", "--bucket", "layers", "--json"])
            let verdict = try await west.client("audit_client.py", [made])
            #expect(verdict.contains("all as expected"))
            try await west.collect()
            let refused = try Program(
                [Checkout.daemon, "region", "remove", "north", "--yes", "--data", west.data],
                log: west.directory.path("remove.log"))
            #expect(try await refused.exitCode(within: .seconds(60)) == 1)
            try await west.kill()
            let entries = try await Self.entries(west)
            #expect(
                entries.map(\.call) == [
                    "AdminCreateBucket", "AdminCreateKey", "PutBucketCors", "CreateBucket",
                    "DeleteBucket", "PutBucketPolicy", "DeleteBucketCors", "AdminJobs",
                    "AdminRemoveRegion",
                ])
            #expect(entries.map(\.status) == [200, 200, 200, 403, 403, 403, 204, 200, 400])
            #expect(entries.map { $0.error != nil }.filter(\.self).count == 4)
            let bucket = try #require(entries.first)
            #expect(bucket.subject == "layers" && bucket.change == "quota.hard=1GiB")
            #expect(bucket.client.hasPrefix("uid \(getuid()) pid ") && bucket.principal == nil)
            #expect(entries[1].change == "allow read,write,delete,list bucket=layers")
            #expect(entries[2].principal == "root" && entries[2].client.hasPrefix("127.0.0.1:"))
            #expect(
                entries[3].principal == entries[1].subject && entries[3].subject == "of-its-own")
            #expect(entries.map(\.time) == entries.map(\.time).sorted())
            #expect(try await Self.entries(west, "--since", "1h").count == entries.count)
            #expect(try await Self.entries(west, "--since", "2999-01-01T00:00:00Z").isEmpty)
            let text = try await west.command(["audit"])
            #expect(text.contains("AdminCreateBucket  layers  quota.hard=1GiB  done"), "\(text)")
            // What clients wrote is text, each entry one line.
            #expect(text.split(separator: "\n").count == entries.count)
            #expect(text.contains("x\\u{a}2026") && !text.contains("\u{1b}"), "\(text)")
            // Refusals have files of their own, so that they push out no change.
            let refusals = try String(
                contentsOfFile: west.data + "/audit-refused.log", encoding: .utf8)
            #expect(refusals.split(separator: "\n").count == 4)
            let file = west.data + "/audit.log"
            #expect(try !String(contentsOfFile: file, encoding: .utf8).contains("of-its-own"))
            let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions]
            #expect(mode as? Int == 0o600)
            let secret = made.split(separator: "\"").first { $0.utf8.count == 40 }
            #expect(try !String(contentsOfFile: file, encoding: .utf8).contains(#require(secret)))
        }

        @Test("begins another file when one has grown to its limit, and keeps so many")
        func rotated() async throws {
            let west = try Region("west")
            try await west.start()
            _ = try await west.command(["bucket", "create", "first"])
            let file = west.data + "/audit.log"
            let line = try String(contentsOfFile: file, encoding: .utf8)
            let long = line.replacing("first", with: String(repeating: "x", count: 1 << 20))
            try String(repeating: long, count: 16).write(
                toFile: file, atomically: false, encoding: .utf8)
            for number in 1...9 {
                try line.write(toFile: file + ".\(number)", atomically: false, encoding: .utf8)
            }
            _ = try await west.command(["bucket", "create", "second"])
            _ = try await west.command(["bucket", "create", "third"])
            let names = try FileManager.default.contentsOfDirectory(atPath: west.data)
            let files = names.filter { $0.hasPrefix("audit.log") }
            #expect(files.count == 10, "\(files.sorted())")
            let entries = try await Self.entries(west)
            // Eight old files of one line, the long one with a line at its end, and the new one.
            #expect(entries.count == 8 + 17 + 1)
            #expect(entries.suffix(2).map(\.subject) == ["second", "third"])
            try await west.stop()
        }
    }
}
