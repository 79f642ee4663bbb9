// README tells the life of a PUT and of a GET as a list of files, each with the symbol by which it calls
// into the next. Where a call has come to its end, the list goes back to a file that it was at before, or to
// the thread that takes over. The list stays true because it is checked here.

import Testing

/// One step of such a list: “1. `path` … Calls `symbol`.”
struct LifeStep: Sendable {
    let path: String
    /// `nil` where nothing is called from here on, or what is called is not the next step.
    let symbol: String?
    /// Goes on where an earlier call returned.
    let isReturn: Bool
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
                symbol: item.firstMatch(of: /Calls\s+`([^`]+)`/).map { String($0.output.1) },
                isReturn: item.contains(" Back "))
        }
    }

    @Test(
        "each file exists and calls into the next", arguments: ["Life of a PUT", "Life of a GET"])
    func stepsCallOn(_ heading: String) throws {
        let steps = Self.steps(under: heading)
        #expect(steps.count >= 10, "README tells “\(heading)” in full")
        for step in steps { #expect(SourceTree.file(step.path) != nil, "\(step.path)") }
        for (step, next) in zip(steps, steps.dropFirst()) {
            guard let symbol = step.symbol else {
                #expect(next.isReturn, "\(step.path) calls something, or the list goes back")
                continue
            }
            let file = try #require(SourceTree.file(step.path))
            let target = try #require(SourceTree.file(next.path))
            let word = try Regex("\\b\(symbol)\\b").wordBoundaryKind(.simple)
            #expect(file.code.contains(word), "\(step.path) calls \(symbol)")
            let declaration = try Regex(
                "\\b(func|struct|class|enum|actor|protocol|var|let|case)\\s+\(symbol)\\b"
            ).wordBoundaryKind(.simple)
            #expect(target.code.contains(declaration), "\(next.path) declares \(symbol)")
        }
    }
}
