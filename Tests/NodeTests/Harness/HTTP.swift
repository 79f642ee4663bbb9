// The smallest client that can ask a server something, for probes and registries.

import Foundation

enum HTTP {
    struct Answer {
        var status: Int
        var head: String
        var body: Data

        func header(_ name: String) -> String? {
            for line in head.split(separator: "\r\n") {
                let halves = line.split(separator: ":", maxSplits: 1)
                if halves.count == 2, halves[0].lowercased() == name.lowercased() {
                    return halves[1].trimmingCharacters(in: .whitespaces)
                }
            }
            return nil
        }
    }

    static func get(_ url: String, authority: Authority? = nil) async -> Answer? {
        try? await send("GET", url, authority: authority)
    }

    /// One request on a connection of its own, by curl: a real client, and it blocks nobody here.
    static func send(
        _ method: String, _ url: String, headers: [String] = [], bodyFile: String? = nil,
        authority: Authority? = nil
    ) async throws -> Answer {
        let directory = try TemporaryDirectory()
        var arguments = [
            "curl", "-sS", "-m", "60", "-D", directory.path("head"), "-o", directory.path("body"),
            "-H", "Expect:",
        ]
        if let authority { arguments += ["--cacert", authority.file] }
        // As a method of its own, HEAD would wait for a body.
        arguments += method == "HEAD" ? ["--head"] : ["-X", method]
        for header in headers { arguments += ["-H", header] }
        if let bodyFile { arguments += ["--data-binary", "@\(bodyFile)"] }
        try await Program.run(arguments + [url], in: directory)
        let head = try String(contentsOfFile: directory.path("head"), encoding: .utf8)
        let body = FileManager.default.contents(atPath: directory.path("body")) ?? Data()
        let status = head.split(separator: " ").dropFirst().first.flatMap { Int($0) }
        return Answer(status: status ?? 0, head: head, body: body)
    }
}
