// The most memory that a process has held since it was first looked at (proc(5), "/proc/pid/status" and
// "/proc/pid/clear_refs").

import Foundation

struct ResidentMemory {
    private let status: String
    private let firstBytes: Int

    /// Begins to look: the highest size so far is forgotten.
    init(_ process: Int32) throws {
        status = "/proc/\(process)/status"
        try Data("5".utf8).write(to: URL(fileURLWithPath: "/proc/\(process)/clear_refs"))
        firstBytes = try Self.field("VmRSS", status)
    }

    func growthBytes() throws -> Int { try Self.field("VmHWM", status) - firstBytes }

    private struct NoFigure: Error {
        let field: String
    }

    private static func field(_ name: String, _ path: String) throws -> Int {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let figure = line.split(whereSeparator: \.isWhitespace).dropFirst().first
            if let kibibytes = figure.flatMap({ Int($0) }) { return kibibytes << 10 }
        }
        throw NoFigure(field: name)
    }
}
