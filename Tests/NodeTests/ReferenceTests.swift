// Each row of the list of what registry servers and S3 clients send, sent as that client sends it, header fields,
// signatures and all; what clients read of the answer is compared to the byte.

import Foundation
import Testing

extension NodeTests {
    @Suite("What registry servers and S3 clients send", ReferenceRegion())
    struct ReferenceTests {
        @Test("is answered as it must be", arguments: ReferenceRow.scripted)
        func answers(row: ReferenceRow) async throws {
            try await ReferenceRegion.expectAnswered(row)
        }
    }

    @Suite("What S3 clients send over TLS", ReferenceRegion(isEncrypted: true))
    struct EncryptedReferenceTests {
        @Test("is answered as it must be", arguments: ReferenceRow.encrypted)
        func answers(row: ReferenceRow) async throws {
            try await ReferenceRegion.expectAnswered(row)
        }
    }

    @Suite("The list of what registry servers and S3 clients send")
    struct ReferenceListTests {
        /// How many rows there are in each of the sections that it covers.
        private static let counts = [
            "1": 14, "3": 4, "4": 16, "5": 7, "6": 17, "7": 3, "8": 7, "9": 13, "12": 12,
        ]

        @Test("has every row of every section, and each has a test")
        func isComplete() {
            var rows: [String: Set<String>] = [:]
            for entry in ReferenceRow.all {
                let section = entry.row.prefix { $0 != " " }
                rows[String(section), default: []].insert(entry.row)
            }
            #expect(rows.mapValues(\.count) == Self.counts)
        }

        @Test("names tests that exist", arguments: ReferenceRow.all)
        func namesTests(row: ReferenceRow) throws {
            #expect(!row.row.isEmpty && !row.statement.isEmpty)
            switch row.proof {
            case .script(let section, let function):
                let path = Checkout.client(ReferenceRow.directory + section + ".py")
                let text = try String(contentsOfFile: path, encoding: .utf8)
                #expect(text.contains("\ndef \(function)():\n"), "\(section).\(function)")
            case .test(let file, let name):
                let url = Checkout.root.appendingPathComponent("Tests/" + file)
                let text = try String(contentsOf: url, encoding: .utf8)
                #expect(text.contains("\"\(name)\""), "\(file): \(name)")
            case .open(let reason):
                #expect(!reason.isEmpty)
            }
        }

        @Test("names every function of the scripts that is a test")
        func namesAll() throws {
            let named = Set(ReferenceRow.all.compactMap(\.script))
            var written: Set<String> = []
            let directory = Checkout.client(ReferenceRow.directory) + "/"
            for file in try FileManager.default.contentsOfDirectory(atPath: directory)
            where file.hasPrefix("section_") && file.hasSuffix(".py") {
                let text = try String(contentsOfFile: directory + file, encoding: .utf8)
                for line in text.split(separator: "\n") {
                    guard line.hasPrefix("def "), line.hasSuffix("():") else { continue }
                    written.insert("\(file.dropLast(3)).\(line.dropFirst(4).dropLast(3))")
                }
            }
            #expect(!written.isEmpty)
            #expect(written.subtracting(named).isEmpty)
        }
    }
}
