// Documents that clients send: parsed by FoundationXML (libxml2) into a small tree, within limits. A document
// is UTF-8, whatever it says of itself, and declares no document type; so there is no entity to expand,
// nothing external to load, and no other encoding in which a declaration could be written past the check.
// Nor has it processing instructions: one without data ends the process, since FoundationXML (of Swift 6.3)
// reads the null pointer that libxml2 gives it. And a tag has few attributes, since libxml2 (2.9) compares each
// with all before it: a document of nothing else would hold a thread for most of a minute.

internal import Foundation
internal import FoundationXML
package import NIOCore

package struct XMLElement: Sendable {
    package let name: String
    package private(set) var text = ""
    package private(set) var children: [XMLElement] = []

    /// Parses a document whose root has this name, of at most so many elements. Throws `MalformedXML`.
    package static func parse(
        _ bytes: ByteBuffer, root: String, depth: Int, elements: Int
    ) throws(S3Error) -> XMLElement {
        let builder = Builder(depth: depth, elements: elements)
        let parser = FoundationXML.XMLParser(data: try plain(bytes))
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

    /// The document without its XML declaration, which could only name an encoding: blanks stand in its
    /// place. Throws for what is not UTF-8, for NUL, which other encodings are full of, for a document
    /// type, for processing instructions and for a tag of many attributes.
    private static func plain(_ bytes: ByteBuffer) throws(S3Error) -> Data {
        var data = Data(bytes.readableBytesView)
        if data.starts(with: [0xEF, 0xBB, 0xBF]) { data = Data(data.dropFirst(3)) }
        guard String(validating: data, as: UTF8.self) != nil, !data.contains(0),
            data.range(of: Data("<!DOCTYPE".utf8)) == nil
        else { throw .malformedXML }
        if data.starts(with: Data("<?xml".utf8)) {
            // The parser would go on behind any “>”, so the first must be the declaration's.
            guard let end = data.range(of: Data("?>".utf8))?.upperBound,
                data.firstIndex(of: UInt8(ascii: ">")) == end - 1
            else { throw .malformedXML }
            data.replaceSubrange(..<end, with: repeatElement(UInt8(ascii: " "), count: end))
        }
        guard data.range(of: Data("<?".utf8)) == nil, hasFewAttributes(data) else {
            throw .malformedXML
        }
        return data
    }

    private static let mostAttributes = 64

    /// Whether there are no more than that in any tag. An attribute is its `=` and a quote, perhaps with blanks
    /// between them, and a tag has no `<` but its first. So none is missed; text that looks like so many
    /// attributes is refused with them.
    private static func hasFewAttributes(_ data: Data) -> Bool {
        var count = 0
        var follows = false
        for byte in data {
            switch byte {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                continue
            case UInt8(ascii: "<"): count = 0
            case UInt8(ascii: "\""), UInt8(ascii: "'"): if follows { count += 1 }
            default: break
            }
            follows = byte == UInt8(ascii: "=")
            if count > mostAttributes { return false }
        }
        return true
    }

    package func child(_ name: String) -> XMLElement? { children.first { $0.name == name } }

    /// Throws `MalformedXML` where an element is not one of `names`, is there twice and not `repeated`, or has
    /// text beside it: what is not understood is refused, never passed over.
    func expectChildren(
        _ names: Set<String>, repeated: Set<String> = []
    ) throws(S3Error) {
        var met: Set<String> = []
        let isExpected = children.allSatisfy { child in
            names.contains(child.name)
                && (met.insert(child.name).inserted || repeated.contains(child.name))
        }
        guard isExpected, trimmedText.isEmpty else { throw .malformedXML }
    }

    /// The text of an element that has nothing else in it. Throws `MalformedXML` otherwise.
    func leafText() throws(S3Error) -> String {
        guard children.isEmpty else { throw .malformedXML }
        return text
    }

    /// The text without the white space around it.
    var trimmedText: String {
        let isSpace: (Character) -> Bool = { $0.isWhitespace }
        return String(text.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
    }

    private final class Builder: NSObject, XMLParserDelegate {
        private(set) var root: XMLElement?
        private let depth: Int
        private var elementsLeft: Int
        private var open: [XMLElement] = []

        init(depth: Int, elements: Int) {
            self.depth = depth
            elementsLeft = elements
        }

        func parser(
            _ parser: FoundationXML.XMLParser, didStartElement elementName: String,
            namespaceURI: String?, qualifiedName: String?, attributes: [String: String]
        ) {
            guard open.count < depth, elementsLeft > 0 else { return parser.abortParsing() }
            elementsLeft -= 1
            let local = elementName.split(separator: ":").last.map(String.init) ?? elementName
            open.append(XMLElement(name: local))
        }

        /// Nothing is read behind the first error: the document is refused, and FoundationXML (of Swift 6.3) never lets
        /// go of the errors it tells of, of which a document may have one for each of its tags.
        func parser(
            _ parser: FoundationXML.XMLParser, parseErrorOccurred parseError: any Error
        ) {
            parser.abortParsing()
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
