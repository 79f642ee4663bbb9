// The names of header fields repeat from request to request. Making one costs two strings and a check
// of every byte; remembering it costs a comparison. A table of fixed size, filled by what comes: a
// client that sends ever new names makes its own requests slower and nothing larger.

internal import HTTPTypes

/// What the server does with a field, beside passing it on.
enum FieldRole {
    case plain
    case host
    case contentLength
    case transferEncoding
    case connection
    case expect
}

/// Confined to one event loop.
final class FieldNameCache {
    struct Entry {
        let name: HTTPField.Name
        let role: FieldRole
    }

    private static let slotCount = 256
    /// Longer names are made anew each time.
    private static let longestBytes = 64

    private var slots = [Entry?](repeating: nil, count: slotCount)

    /// The name that these bytes spell; `nil` where they are no token (RFC 9110, section 5.6.2).
    func entry(for bytes: Span<UInt8>) -> Entry? {
        guard bytes.count <= Self.longestBytes else { return Self.make(bytes) }
        var hash: UInt32 = 2_166_136_261
        for index in bytes.indices {
            hash = (hash ^ UInt32(bytes[index])) &* 16_777_619
        }
        let slot = Int((hash ^ (hash >> 16)) % UInt32(Self.slotCount))
        if let known = slots[slot], Self.spells(known.name.rawName, bytes) { return known }
        guard let made = Self.make(bytes) else { return nil }
        slots[slot] = made
        return made
    }

    private static func spells(_ name: String, _ bytes: Span<UInt8>) -> Bool {
        let characters = name.utf8.span
        guard characters.count == bytes.count else { return false }
        for index in bytes.indices where characters[index] != bytes[index] { return false }
        return true
    }

    private static func make(_ bytes: Span<UInt8>) -> Entry? {
        var text = ""
        text.reserveCapacity(bytes.count)
        for index in bytes.indices {
            guard bytes[index] < 0x80 else { return nil }
            text.unicodeScalars.append(Unicode.Scalar(bytes[index]))
        }
        guard let name = HTTPField.Name(text) else { return nil }
        return Entry(name: name, role: role(of: name))
    }

    private static func role(of name: HTTPField.Name) -> FieldRole {
        switch name.canonicalName {
        case "host": .host
        case "content-length": .contentLength
        case "transfer-encoding": .transferEncoding
        case "connection": .connection
        case "expect": .expect
        default: .plain
        }
    }
}
