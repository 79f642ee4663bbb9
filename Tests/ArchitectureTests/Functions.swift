// Functions and how long they are: from the line that names them to the brace that closes them.

struct FunctionExtent: Sendable {
    let name: String
    let firstLine: Int
    let lineCount: Int
}

extension SourceFile {
    /// Every `func`, `init`, `deinit` and `subscript` with a body, nested ones too.
    var functions: [FunctionExtent] {
        let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.compactMap { index in
            // The pattern is slow, and most lines declare nothing.
            let line = lines[index]
            guard Self.marks.contains(where: line.contains) else { return nil }
            let pattern = /\b(func\s+[^\s(<]+|init[?]?\s*[(<]|deinit\b|subscript\s*[(<])/
            guard let match = lines[index].firstMatch(of: pattern) else { return nil }
            // A call of an initialiser is no declaration of one.
            let before = lines[index][..<match.range.lowerBound]
            guard before.last != ".",
                before.allSatisfy({
                    $0.isLetter || $0 == " " || $0 == "@" || $0 == "(" || $0 == ")"
                })
            else { return nil }
            let rest = lines[index...]
            guard let last = Self.lastLine(of: rest) else { return nil }
            return FunctionExtent(
                name: String(match.output.0), firstLine: index + 1, lineCount: last - index + 1)
        }
    }

    private static let marks = ["func ", "init", "subscript"]

    /// The line of the brace that closes the body beginning in `lines`; `nil` where there is none, as for a
    /// requirement of a protocol.
    private static func lastLine(of lines: ArraySlice<Substring>) -> Int? {
        var parentheses = 0
        var braces = 0
        var hasBody = false
        for (index, line) in zip(lines.indices, lines) {
            for character in line {
                switch character {
                case "(": parentheses += 1
                case ")": parentheses -= 1
                case "{":
                    braces += 1
                    hasBody = hasBody || parentheses == 0
                case "}": braces -= 1
                default: continue
                }
                if braces < 0 { return nil }
                if hasBody, braces == 0, character == "}", parentheses == 0 { return index }
            }
            // A signature without a body ends where the next declaration or a blank line begins.
            let next = index + 1 < lines.endIndex ? lines[index + 1] : ""
            let trimmed = next.drop { $0 == " " }
            if !hasBody, parentheses == 0, trimmed.isEmpty || trimmed.hasPrefix("func ") {
                return nil
            }
        }
        return nil
    }
}
