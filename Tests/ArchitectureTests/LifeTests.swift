// README tells the life of a PUT and of a GET as a list of files, each with the symbol by which it calls
// into the next. The list stays true because it is checked here.

import Testing

/// One step of such a list: “1. `path` … Calls `symbol`.”
struct LifeStep: Sendable {
    let path: String
    let symbol: String?
}

@Suite("Lives told in README")
struct LifeTests {
    static func steps(under heading: String) -> [LifeStep] {
        let lines = SourceTree.readme.split(separator: "\n", omittingEmptySubsequences: false)
        guard let start = lines.firstIndex(where: { $0 == "## " + heading }) else { return [] }
        var items: [String] = []
        for line in lines[(start + 1)...] {
            if line.hasPrefix("## ") { break }
            if line.firstMatch(of: #/^\d+\. /#) != nil {
                items.append(String(line))
            } else if line.hasPrefix("   "), let last = items.indices.last {
                items[last] += " " + line
            }
        }
        return items.map { item in
            LifeStep(
                path: item.firstMatch(of: /`(Sources\/[^`]+)`/).map { String($0.output.1) } ?? item,
                symbol: item.firstMatch(of: /Calls\s+`([^`]+)`/).map { String($0.output.1) })
        }
    }

    @Test(
        "each file exists and calls into the next", arguments: ["Life of a PUT", "Life of a GET"])
    func stepsCallOn(_ heading: String) throws {
        let steps = Self.steps(under: heading)
        #expect(steps.count >= 5, "README tells “\(heading)” in at least five steps")
        for (index, step) in steps.enumerated() {
            let file = try #require(SourceTree.file(step.path), "\(heading): \(step.path)")
            guard index + 1 < steps.count else { break }
            let symbol = try #require(step.symbol, "\(step.path) calls something")
            let word = try Regex("\\b\(symbol)\\b")
            #expect(file.code.contains(word), "\(step.path) calls \(symbol)")
            let next = try #require(SourceTree.file(steps[index + 1].path), "\(heading)")
            let declaration = try Regex(
                "\\b(func|struct|class|enum|actor|protocol|var|let|case)\\s+\(symbol)\\b")
            #expect(next.code.contains(declaration), "\(next) declares \(symbol)")
        }
    }
}
