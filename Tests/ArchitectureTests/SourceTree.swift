// The source tree as the rules read it: files with their text, and their text without comments and
// string contents, so that a rule about code does not stumble over prose.

import Foundation

struct SourceFile: Sendable, CustomStringConvertible {
    /// From the root of the repository, e.g. `Sources/Storage/BlobID.swift`.
    let path: String
    let text: String
    /// As `text`, line for line, with comments and the contents of strings blanked.
    let code: String

    /// The directory below `Sources` or `Tests`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }
    var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
    var lineCount: Int { text.split(separator: "\n", omittingEmptySubsequences: false).count - 1 }
    var description: String { path }

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = CodeScanner.blank(text)
    }
}

enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let sources = files(under: "Sources")
    static let tests = files(under: "Tests")
    static let readme =
        (try? String(contentsOf: root.appending(path: "README.md"), encoding: .utf8)) ?? ""

    /// Names of the directories directly under `directory`.
    static func targets(in directory: String) -> Set<String> {
        let entries = try? FileManager.default.contentsOfDirectory(
            at: root.appending(path: directory), includingPropertiesForKeys: [.isDirectoryKey])
        return Set((entries ?? []).filter(\.hasDirectoryPath).map(\.lastPathComponent))
    }

    static func file(_ path: String) -> SourceFile? {
        (sources + tests).first { $0.path == path }
    }

    private static func files(under directory: String) -> [SourceFile] {
        let base = root.appending(path: directory)
        guard let names = FileManager.default.enumerator(atPath: base.path) else { return [] }
        var result: [SourceFile] = []
        for case let name as String in names where name.hasSuffix(".swift") {
            guard let text = try? String(contentsOf: base.appending(path: name), encoding: .utf8)
            else { continue }
            result.append(SourceFile(path: "\(directory)/\(name)", text: text))
        }
        return result.sorted { $0.path < $1.path }
    }
}
