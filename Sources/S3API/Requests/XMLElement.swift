// Documents that clients send: parsed by FoundationXML into a small tree, within limits. A document type
// declaration is refused outright, so that there is no entity to expand and nothing external to load. So
// is what FoundationXML (of Swift 6.3) ends the process over: a processing instruction without data, and
// text that is no UTF-8. What is looked for cannot hide in another encoding: none is accepted.

internal import Foundation
internal import FoundationXML
package import NIOCore

package struct XMLElement: Sendable {
    package let name: String
    package private(set) var text = ""
    package private(set) var children: [XMLElement] = []

    /// Parses a document whose root has this name. Throws `MalformedXML`.
    package static func parse(
        _ bytes: ByteBuffer, root: String, depth: Int
    ) throws(S3Error) -> XMLElement {
        let data = Data(bytes.readableBytesView)
        guard isPlain(data) else { throw .malformedXML }
        let builder = Builder(depth: depth)
        let parser = FoundationXML.XMLParser(data: data)
        parser.shouldResolveExternalEntities = false
        parser.delegate = builder
        // What follows the root is an error that `parse` passes over.
        guard parser.parse(), parser.parserError == nil, let element = builder.root,
            element.name == root
        else {
            throw .malformedXML
        }
        return element
    }

    /// UTF-8, which says nothing else of itself, with neither a document type nor an instruction.
    private static func isPlain(_ data: Data) -> Bool {
        // No XML has a zero byte, and UTF-16 is known by them.
        guard String(validating: data, as: UTF8.self) != nil, !data.contains(0) else {
            return false
        }
        var rest = data
        let mark = Data([0xEF, 0xBB, 0xBF])
        if rest.starts(with: mark) { rest = rest.dropFirst(mark.count) }
        if rest.starts(with: "<?xml ".utf8) {
            // The parser goes on behind any “>”, so the first must be the declaration's.
            guard let end = rest.firstIndex(of: UInt8(ascii: ">")),
                rest[end - 1] == UInt8(ascii: "?"),
                saysUTF8(String(decoding: rest[..<end], as: UTF8.self))
            else { return false }
            rest = rest[(end + 1)...]
        }
        return rest.range(of: Data("<?".utf8)) == nil
            && rest.range(of: Data("<!DOCTYPE".utf8)) == nil
    }

    /// Whether a declaration names no other encoding.
    private static func saysUTF8(_ declaration: String) -> Bool {
        guard let name = declaration.firstRange(of: "encoding") else { return true }
        let value = declaration[name.upperBound...].lowercased().filter { !" \t\r\n=".contains($0) }
        return value.hasPrefix("\"utf-8\"") || value.hasPrefix("'utf-8'")
    }

    package func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Throws `MalformedXML` where an element is not one of `names`: what is not understood is refused.
    func expectChildren(_ names: Set<String>) throws(S3Error) {
        guard children.allSatisfy({ names.contains($0.name) }) else { throw .malformedXML }
    }

    /// The text without the white space around it.
    var trimmedText: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    private final class Builder: NSObject, XMLParserDelegate {
        private(set) var root: XMLElement?
        private let depth: Int
        private var open: [XMLElement] = []

        init(depth: Int) { self.depth = depth }

        func parser(
            _ parser: FoundationXML.XMLParser, didStartElement elementName: String,
            namespaceURI: String?, qualifiedName: String?, attributes: [String: String]
        ) {
            guard open.count < depth else { return parser.abortParsing() }
            let local = elementName.split(separator: ":").last.map(String.init) ?? elementName
            open.append(XMLElement(name: local))
        }

        func parser(_ parser: FoundationXML.XMLParser, foundCharacters string: String) {
            guard !open.isEmpty else { return }
            open[open.count - 1].text += string
        }

        func parser(_ parser: FoundationXML.XMLParser, foundCDATA block: Data) {
            guard !open.isEmpty else { return }
            open[open.count - 1].text += String(decoding: block, as: UTF8.self)
        }

        func parser(
            _ parser: FoundationXML.XMLParser, didEndElement elementName: String,
            namespaceURI: String?, qualifiedName: String?
        ) {
            guard let element = open.popLast() else { return }
            if open.isEmpty {
                root = element
            } else {
                open[open.count - 1].children.append(element)
            }
        }
    }
}
