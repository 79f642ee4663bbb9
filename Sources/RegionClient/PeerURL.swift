// Where a region is: scheme, host and port, nothing else. The target of a request is signed as it goes on
// the wire, so nothing in between may lay a path of its own before it.

package struct PeerURL: Sendable, Hashable, CustomStringConvertible {
    private let text: String

    /// `http://host[:port]` or `https://host[:port]`, with or without a slash at the end; `nil` for
    /// anything else.
    package init?(_ text: String) {
        guard let scheme = ["http://", "https://"].first(where: { text.hasPrefix($0) }) else {
            return nil
        }
        var authority = text.dropFirst(scheme.count)
        if authority.last == "/" { authority.removeLast() }
        guard let first = authority.utf8.first, first != UInt8(ascii: ":"),
            authority.utf8.allSatisfy(Self.isAllowed)
        else { return nil }
        self.text = scheme + authority
    }

    package var description: String { text }

    func url(of target: String) -> String { text + target }

    /// Host and port, as the Host header has them.
    var authority: String { String(text[text.index(text.startIndex, offsetBy: schemeLength)...]) }

    private var schemeLength: Int { text.hasPrefix("https://") ? 8 : 7 }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:[]".utf8.contains(byte)
        }
    }
}
