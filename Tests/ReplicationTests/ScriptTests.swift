// Scenarios as text: what the state machine of region 1, with the peers b and c, does about each event.
// `HOLDFAST_UPDATE_SCRIPTS=1` writes what it does now into the scripts, for a person to read and commit.

import Foundation
import Replication
import Simulation
import Storage
import Testing

@Suite("Golden scripts")
struct ScriptTests {
    private static let directory = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().appendingPathComponent("Scripts")

    static let names: [String] = {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return files.filter { $0.hasSuffix(".script") }.sorted()
    }()

    @Test("there are scripts")
    func present() { #expect(Self.names.count >= 5) }

    @Test("the machine does what the script says", arguments: names)
    func script(name: String) throws {
        let file = Self.directory.appendingPathComponent(name)
        let expected = try String(contentsOf: file, encoding: .utf8)
        let actual = try Self.play(expected)
        if ProcessInfo.processInfo.environment["HOLDFAST_UPDATE_SCRIPTS"] != nil {
            try actual.write(to: file, atomically: true, encoding: .utf8)
        }
        #expect(actual == expected)
    }

    /// The script with the directives that really followed each event.
    private static func play(_ script: String) throws -> String {
        // Greetings of connections that are up would be a line after almost every other one.
        var limits = ReplicationLimits()
        limits.greetingMilliseconds = nil
        var machine = Replicator(
            region: RegionID(1), name: "a", peers: ["b", "c"], limits: limits)
        var now: Int64 = 0
        var lines: [String] = []
        for line in script.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("> ") { continue }
            lines.append(String(line))
            if line.hasPrefix("at "), let time = Int64(line.dropFirst(3)) { now = time }
            guard line.hasPrefix("< ") else { continue }
            let kind = try ScriptLanguage.event(line.dropFirst(2))
            let event = ReplicationEvent(nowMilliseconds: now, random: 0, kind: kind)
            lines += machine.on(event).map { "> \($0.text)" }
        }
        return lines.joined(separator: "\n")
    }
}
