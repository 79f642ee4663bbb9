// Percent-encoding (RFC 3986 section 2.1), on bytes.

package enum PercentCoding {
    /// The bytes that `text` stands for. In a path, “+” is a plus; in a query, a space. `nil` where a “%”
    /// is not followed by two hexadecimal digits.
    package static func decode(_ text: Span<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: "%") {
                guard index + 2 < text.count, let high = nibble(text[index + 1]),
                    let low = nibble(text[index + 2])
                else { return nil }
                result.append(high << 4 | low)
                index += 3
            } else {
                let isSpace = plusIsSpace && byte == UInt8(ascii: "+")
                result.append(isSpace ? UInt8(ascii: " ") : byte)
                index += 1
            }
        }
        return result
    }

    package static func decode(_ text: String, plusIsSpace: Bool = false) -> [UInt8]? {
        decode(text.utf8.span, plusIsSpace: plusIsSpace)
    }

    /// As lists with `encoding-type=url` show keys: all but unreserved characters and “/” is encoded, a
    /// space as %20, so that decoders that know “+” and those that do not read the same.
    package static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        for byte in bytes {
            if isPlain(byte) {
                result.append(byte)
            } else {
                result.append(UInt8(ascii: "%"))
                result.append(digits[Int(byte >> 4)])
                result.append(digits[Int(byte & 15)])
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: "/"):
            true
        default: false
        }
    }

    private static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
