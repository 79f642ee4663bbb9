// Percent-encoding as S3 signs it: unreserved characters (RFC 3986, section 2.3) stand for themselves,
// every other byte is `%` and two upper-case digits. "/" stands for itself in paths.

internal import Storage

package enum PercentEncoding {
    private static let digits: [UInt8] = Array("0123456789ABCDEF".utf8)

    /// Encodes bytes that are not encoded.
    package static func encode(_ bytes: some Sequence<UInt8>, keepsSlash: Bool = false) -> String {
        var output: [UInt8] = []
        for byte in bytes { append(byte, keepsSlash: keepsSlash, to: &output) }
        return String(decoding: output, as: UTF8.self)
    }

    /// Appends encoded text in the canonical encoding: decoded, then encoded. `%` that begins no pair of
    /// digits stands for itself. In a query "+" is a space.
    static func appendCanonical(
        _ text: Span<UInt8>, _ range: Range<Int>, isPath: Bool, to output: inout [UInt8]
    ) {
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = text[index]
            if byte == UInt8(ascii: "%"), index + 2 < range.upperBound,
                let high = Hexadecimal.nibble(text[index + 1]),
                let low = Hexadecimal.nibble(text[index + 2])
            {
                append(high << 4 | low, keepsSlash: isPath, to: &output)
                index += 3
            } else {
                let isSpace = byte == UInt8(ascii: "+") && !isPath
                append(isSpace ? UInt8(ascii: " ") : byte, keepsSlash: isPath, to: &output)
                index += 1
            }
        }
    }

    /// `nil` where a `%` begins no pair of digits, or the result is not UTF-8.
    package static func decode(_ text: ArraySlice<UInt8>, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var index = text.startIndex
        while index < text.endIndex {
            if text[index] == UInt8(ascii: "%") {
                guard index + 2 < text.endIndex, let high = Hexadecimal.nibble(text[index + 1]),
                    let low = Hexadecimal.nibble(text[index + 2])
                else { return nil }
                bytes.append(high << 4 | low)
                index += 3
            } else {
                let isSpace = plusIsSpace && text[index] == UInt8(ascii: "+")
                bytes.append(isSpace ? UInt8(ascii: " ") : text[index])
                index += 1
            }
        }
        return String(validating: bytes, as: UTF8.self)
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
