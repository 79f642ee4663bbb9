// The rows of the list of what registry servers and S3 clients send, and the test that holds each of them:
// `Clients/reference/rows.txt`, which explains its own form.

import Foundation
import Testing

/// One thing that a row says, and where it is tested.
struct ReferenceRow: Sendable, CustomTestStringConvertible {
    enum Proof: Sendable {
        /// A function of a script under `Clients/reference/`.
        case script(section: String, function: String)
        /// A test of that name in a file below `Tests/`.
        case test(file: String, name: String)
        /// Not offered yet, for a reason.
        case open(reason: String)
    }

    /// Section and name, as the list calls it.
    let row: String
    let statement: String
    let proof: Proof

    var testDescription: String { "\(row): \(statement)" }

    static let directory = "reference/"

    static let all: [ReferenceRow] = {
        guard let text = try? String(contentsOfFile: list, encoding: .utf8) else { return [] }
        return parse(text)
    }()

    /// Those that a client script sends; what several rows name is run for the first of them.
    static let scripted: [ReferenceRow] = {
        var seen: Set<String> = []
        return all.filter { $0.script.map { seen.insert($0).inserted } ?? false }
    }()

    /// What the SDKs put on the wire, which is other over TLS.
    static let encrypted = scripted.filter { row in
        row.row.hasPrefix("8 ") || row.statement.contains("https")
    }

    /// `section.function`, where it is one.
    var script: String? {
        guard case .script(let section, let function) = proof else { return nil }
        return "\(section).\(function)"
    }

    static var list: String { Checkout.client(directory + "rows.txt") }

    /// A row at the margin, what it says indented below it, a `#` before what explains.
    static func parse(_ text: String) -> [ReferenceRow] {
        var rows: [ReferenceRow] = []
        var row = ""
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            guard line.hasPrefix(" ") else {
                row = String(line)
                continue
            }
            let halves = line.split(separator: "=", maxSplits: 1)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            rows.append(
                ReferenceRow(
                    row: row, statement: halves.first ?? "", proof: proof(halves.last ?? "")))
        }
        return rows
    }

    /// `section.function`, `file "name"` or `open: reason`.
    private static func proof(_ text: String) -> Proof {
        if text.hasPrefix("open: ") { return .open(reason: String(text.dropFirst(6))) }
        if let quote = text.firstIndex(of: "\"") {
            let file = text[..<quote].trimmingCharacters(in: .whitespaces)
            return .test(file: file, name: String(text[quote...].dropFirst().dropLast()))
        }
        let words = text.split(separator: ".", maxSplits: 1).map(String.init)
        return .script(section: words.first ?? "", function: words.last ?? "")
    }
}

/// The one daemon of all the rows: each keeps to keys, or to buckets, of its own.
struct ReferenceRegion: SuiteTrait, TestScoping {
    @TaskLocal static var current: Region?
    var isEncrypted = false

    /// Sends the row to the current region.
    static func expectAnswered(_ row: ReferenceRow) async throws {
        let region = try #require(current)
        let script = try #require(row.script)
        let output = try await region.client(ReferenceRow.directory + "row.py", [script])
        #expect(output.contains("all as expected"))
    }

    func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let region = try Region("west", authority: isEncrypted ? Authority() : nil)
        region.settings["HOLDFAST_DOMAIN"] = "s3.test"
        try await region.start()
        try await Self.$current.withValue(region) { try await function() }
        try await region.stop()
    }
}
