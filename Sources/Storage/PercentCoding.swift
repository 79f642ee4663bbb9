// Percent-encoding (RFC 3986, section 2.1) as S3 signs it and its lists show it: unreserved characters (section
// 2.3) stand for themselves, every other byte is `%` and two upper-case digits. A space is `%20`, so that decoders
// that know “+” and those that do not read the same.

package enum PercentCoding {
    private static let digits: [UInt8] = Array("0123456789ABCDEF".utf8)

    /// Encodes bytes that are not encoded. A slash stands for itself in a path.
    package static func encode(_ bytes: [UInt8], keepsSlash: Bool = true) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count)
        for byte in bytes { append(byte, keepsSlash: keepsSlash, to: &output) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends encoded text in the canonical encoding: decoded, then encoded. `%` that begins no pair of
    /// digits stands for itself. In a query "+" is a space.
    package static func appendCanonical(
        _ text: Span<UInt8>, _ range: Range<Int>, isPath: Bool, to output: inout [UInt8]
    ) {
        var index = range.lowerBound
        while index < range.upperBound {
            if let byte = escaped(text, at: index, before: range.upperBound) {
                append(byte, keepsSlash: isPath, to: &output)
                index += 3
            } else {
                append(plain(text[index], plusIsSpace: !isPath), keepsSlash: isPath, to: &output)
                index += 1
            }
        }
    }

    /// The bytes that `text` stands for. In a path, “+” is a plus; in a query, a space. `nil` where a `%` begins
    /// no pair of digits.
    package static func decode(_ text: Span<UInt8>, plusIsSpace: Bool = false) -> [UInt8]? {
        var result: [UInt8] = []
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if text[index] == UInt8(ascii: "%") {
                guard let byte = escaped(text, at: index, before: text.count) else { return nil }
                result.append(byte)
                index += 3
            } else {
                result.append(plain(text[index], plusIsSpace: plusIsSpace))
                index += 1
            }
        }
        return result
    }

    package static func decode(_ text: String, plusIsSpace: Bool = false) -> [UInt8]? {
        decode(text.utf8.span, plusIsSpace: plusIsSpace)
    }

    /// As above, of text that was UTF-8 before; `nil` where it was not.
    package static func decodeText(
        _ text: ArraySlice<UInt8>, plusIsSpace: Bool = false
    ) -> String? {
        decode(text.span, plusIsSpace: plusIsSpace).flatMap {
            String(validating: $0, as: UTF8.self)
        }
    }

    /// The byte that three characters stand for, where they are there.
    private static func escaped(_ text: Span<UInt8>, at index: Int, before end: Int) -> UInt8? {
        guard text[index] == UInt8(ascii: "%"), index + 2 < end,
            let high = Hexadecimal.nibble(text[index + 1]),
            let low = Hexadecimal.nibble(text[index + 2])
        else { return nil }
        return high << 4 | low
    }

    private static func plain(_ byte: UInt8, plusIsSpace: Bool) -> UInt8 {
        plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte
    }

    private static func append(_ byte: UInt8, keepsSlash: Bool, to output: inout [UInt8]) {
        if isUnreserved(byte) || keepsSlash && byte == UInt8(ascii: "/") {
            output.append(byte)
        } else {
            output.append(UInt8(ascii: "%"))
            output.append(digits[Int(byte >> 4)])
            output.append(digits[Int(byte & 15)])
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "_"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}
