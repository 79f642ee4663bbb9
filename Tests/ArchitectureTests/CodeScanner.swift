// Swift's comments and strings, recognised just far enough to tell code from text: line comments, nested
// block comments, strings of one and of several lines, raw strings, and interpolation inside them.

/// A walk over the bytes of a file that keeps code and line breaks, and blanks the rest.
struct CodeScanner {
    private let input: [UInt8]
    private var output: [UInt8] = []
    private var position = 0

    private init(_ text: String) {
        input = Array(text.utf8)
        output.reserveCapacity(input.count)
    }

    static func blank(_ text: String) -> String {
        var scanner = CodeScanner(text)
        scanner.code(untilParenthesis: false)
        return String(decoding: scanner.output, as: UTF8.self)
    }

    private func at(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard end <= input.count else { return false }
        return text.withUTF8Buffer { input[position..<end].elementsEqual($0) }
    }

    private mutating func keep(_ count: Int) {
        output.append(contentsOf: input[position..<min(position + count, input.count)])
        position += count
    }

    private mutating func hide(_ count: Int) {
        for byte in input[position..<min(position + count, input.count)] {
            output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
        }
        position += count
    }

    /// Code, to the end or to the parenthesis that closes an interpolation.
    private mutating func code(untilParenthesis: Bool) {
        var depth = 0
        while position < input.count {
            if at("//") {
                while position < input.count, input[position] != UInt8(ascii: "\n") { hide(1) }
            } else if at("/*") {
                blockComment()
            } else if at("\"") || at("#\"") || at("##\"") {
                string()
            } else {
                if at("(") { depth += 1 }
                if at(")") {
                    if untilParenthesis, depth == 0 { return hide(1) }
                    depth -= 1
                }
                keep(1)
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if at("/*") {
                depth += 1
                hide(2)
            } else if at("*/") {
                depth -= 1
                hide(2)
            } else {
                hide(1)
            }
        } while depth > 0 && position < input.count
    }

    private mutating func string() {
        var pounds = 0
        while at("#") {
            pounds += 1
            hide(1)
        }
        let quotes = at("\"\"\"") ? 3 : 1
        hide(quotes)
        let raw = [UInt8](repeating: UInt8(ascii: "#"), count: pounds)
        let end = [UInt8](repeating: UInt8(ascii: "\""), count: quotes) + raw
        let escape = [UInt8(ascii: "\\")] + raw
        while position < input.count {
            if input[position...].starts(with: end) { return hide(end.count) }
            guard input[position...].starts(with: escape) else {
                hide(1)
                continue
            }
            hide(escape.count)
            let interpolates = at("(")
            hide(1)
            if interpolates { code(untilParenthesis: true) }
        }
    }
}
