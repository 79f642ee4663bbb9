// S3's documents, written straight into a buffer.
//
// Keys may hold characters that XML 1.0 cannot carry (most of U+0000 to U+001F, U+FFFE, U+FFFF). Like
// Amazon S3 this writes them as numeric references, which lenient parsers read; a client that has such
// keys asks for `encoding-type=url`.

package import NIOCore

package struct XMLWriter {
    package static let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
    package static let declaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

    private(set) var buffer: ByteBuffer

    /// A whole document.
    package static func document(
        _ root: String, namespace: String? = XMLWriter.namespace, declares: Bool = true,
        capacity: Int = 512, _ body: (inout XMLWriter) -> Void
    ) -> ByteBuffer {
        var writer = XMLWriter(buffer: ByteBufferAllocator().buffer(capacity: capacity))
        if declares { writer.buffer.writeString(declaration) }
        let attribute = namespace.map { " xmlns=\"\($0)\"" } ?? ""
        writer.buffer.writeString("<\(root)\(attribute)>")
        body(&writer)
        writer.close(root)
        return writer.buffer
    }

    /// An element with elements in it.
    package mutating func element(_ name: String, _ body: (inout XMLWriter) -> Void) {
        open(name)
        body(&self)
        close(name)
    }

    package mutating func element(_ name: String, _ text: String) {
        open(name)
        write(escaping: text)
        close(name)
    }

    mutating func element(_ name: String, _ value: Int) {
        open(name)
        buffer.writeString(String(value))
        close(name)
    }

    mutating func element(_ name: String, _ value: UInt64) {
        open(name)
        buffer.writeString(String(value))
        close(name)
    }

    mutating func element(_ name: String, _ value: Bool) {
        open(name)
        buffer.writeString(value ? "true" : "false")
        close(name)
    }

    /// Writes nothing where there is no text.
    mutating func element(_ name: String, ifPresent text: String?) {
        if let text { element(name, text) }
    }

    /// Writes text within the element that is open.
    mutating func text(_ text: String) { write(escaping: text) }

    /// Writes markup as it is.
    mutating func raw(_ markup: String) { buffer.writeString(markup) }

    private mutating func open(_ name: String) {
        buffer.writeTag("<", name, ">")
    }

    private mutating func close(_ name: String) {
        buffer.writeTag("</", name, ">")
    }

    /// Most text is: it goes in as one piece.
    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "&"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "\""): false
        case 0x20...0x7E: true
        default: false
        }
    }

    private mutating func write(escaping text: String) {
        guard !text.utf8.allSatisfy(Self.isPlain) else {
            buffer.writeString(text)
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": buffer.writeString("&amp;")
            case "<": buffer.writeString("&lt;")
            case ">": buffer.writeString("&gt;")
            case "\"": buffer.writeString("&quot;")
            case "\u{00}"..<"\u{20}", "\u{7F}", "\u{FFFE}"..."\u{FFFF}":
                buffer.writeString("&#\(scalar.value);")
            default: buffer.writeBytes(UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
    }
}

extension ByteBuffer {
    fileprivate mutating func writeTag(_ start: String, _ name: String, _ end: String) {
        writeString(start)
        writeString(name)
        writeString(end)
    }
}
