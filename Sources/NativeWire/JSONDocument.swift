// JSON documents to bytes and back. Keys are sorted, so that the same document is the same bytes.

internal import FoundationEssentials
package import NIOCore

package enum JSONDocument {
    package static func encode(_ document: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = ByteBuffer()
        bytes.writeBytes(try encoder.encode(document))
        bytes.writeInteger(UInt8(ascii: "\n"))
        return bytes
    }

    package static func decode<Document: Decodable>(
        _ type: Document.Type = Document.self, from bytes: ByteBuffer
    ) throws -> Document {
        try JSONDecoder().decode(type, from: Data(bytes.readableBytesView))
    }
}
