// The head of an answer, line by line as libcurl hands it over: a status line begins one anew (an interim
// answer may come before the one that counts), an empty line ends it.

package struct HeadParser {
    private let limitBytes: Int
    private var takenBytes = 0
    private var status = 0
    private var fields: [HeaderField] = []
    private var hasEnded = false
    /// The head exceeded its limit.
    package private(set) var isRefused = false
    package private(set) var isComplete = false

    package init(limitBytes: Int) { self.limitBytes = limitBytes }

    /// Whether the line was taken.
    package mutating func take(_ line: UnsafeRawBufferPointer) -> Bool {
        // Trailers, which come after the head, are not used.
        guard !isComplete else { return true }
        takenBytes += line.count
        guard takenBytes <= limitBytes else {
            isRefused = true
            return false
        }
        var text = Substring(String(decoding: line, as: UTF8.self))
        while text.last?.isNewline == true { text.removeLast() }
        if text.hasPrefix("HTTP/") {
            status = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
            fields = []
        } else if text.isEmpty {
            hasEnded = true
        } else if let colon = text.firstIndex(of: ":") {
            let value = text[text.index(after: colon)...]
            fields.append(
                HeaderField(
                    text[..<colon].lowercased(),
                    String(value.drop(while: \.isWhitespace).trimmingSuffix(while: \.isWhitespace)))
            )
        }
        return true
    }

    /// The head, once, when it has just ended and is no interim one.
    package mutating func finished() -> OutboundHead? {
        guard hasEnded, !isComplete else { return nil }
        hasEnded = false
        guard status >= 200 else { return nil }
        isComplete = true
        return OutboundHead(status: status, fields: fields)
    }
}

extension Substring {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        guard let last = lastIndex(where: { !predicate($0) }) else { return self[endIndex...] }
        return self[...last]
    }
}
