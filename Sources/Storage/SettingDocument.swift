// Settings as JSON. A field that is not known is refused: a daemon that does not know it cannot heed it.

internal import FoundationEssentials
package import NIOCore

/// What a setting is stored as.
package protocol SettingDocument: Codable {
    /// The names of all fields.
    static var fields: Set<String> { get }
}

extension SettingDocument {
    /// The same document is the same bytes.
    package func encoded() throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ByteBuffer(bytes: try encoder.encode(self) + [UInt8(ascii: "\n")])
    }

    /// Throws `invalidArgument`.
    package init(decoding bytes: some Collection<UInt8>) throws(StorageError) {
        let names: FieldNames
        do {
            let data = Data(bytes)
            names = try JSONDecoder().decode(FieldNames.self, from: data)
            self = try JSONDecoder().decode(Self.self, from: data)
        } catch {
            throw StorageError(.invalidArgument, "a setting cannot be read", cause: error)
        }
        guard let unknown = names.all.subtracting(Self.fields).min() else { return }
        throw StorageError(
            .invalidArgument, "a setting has the field “\(unknown)”, which is not known here")
    }
}

/// The names of an object's fields.
private struct FieldNames: Decodable {
    struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init?(stringValue: String) { self.stringValue = stringValue }

        init?(intValue: Int) { nil }
    }

    let all: Set<String>

    init(from decoder: any Decoder) throws {
        all = Set(try decoder.container(keyedBy: Name.self).allKeys.map(\.stringValue))
    }
}
