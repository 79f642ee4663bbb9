// How an event becomes a line: for a person, or as a JSON object for a machine. One line per event,
// whatever the values hold.

internal import Logging

enum LogFormat: Sendable {
    case human
    case json
}

/// A line on its way, written straight into bytes: every request has one, and whatever is built to be taken
/// apart again costs more than answering a small read (measured: 40 of 70 µs of such a request).
struct LogLine {
    private(set) var bytes: [UInt8] = []
    private let format: LogFormat

    init(_ format: LogFormat, milliseconds: Int64, level: Logger.Level, message: String) {
        self.format = format
        bytes.reserveCapacity(384)
        let time = LogTime(milliseconds: milliseconds)
        switch format {
        case .human:
            time.writeClock(to: &bytes)
            bytes.append(UInt8(ascii: " "))
            write(padded: level.rawValue)
            escape(message)
        case .json:
            write("{\"time\":\"")
            time.writeISO8601(to: &bytes)
            write("\",\"level\":\"")
            write(level.rawValue)
            write("\",\"message\":\"")
            escape(message)
            bytes.append(UInt8(ascii: "\""))
        }
    }

    mutating func field(_ key: String, _ value: String) {
        begin(key)
        let isBare =
            switch format {
            case .human: Self.isWord(value)
            // A number stays one, so that durations and sizes can be summed.
            case .json: Self.isNumber(value)
            }
        if !isBare { bytes.append(UInt8(ascii: "\"")) }
        escape(value)
        if !isBare { bytes.append(UInt8(ascii: "\"")) }
    }

    mutating func field(_ key: String, _ value: UInt64) {
        begin(key)
        bytes.append(decimal: value)
    }

    /// The whole line, with its line break.
    consuming func finished() -> [UInt8] {
        if format == .json { bytes.append(UInt8(ascii: "}")) }
        bytes.append(UInt8(ascii: "\n"))
        return bytes
    }

    private mutating func begin(_ key: String) {
        switch format {
        case .human:
            bytes.append(UInt8(ascii: " "))
            escape(key)
            bytes.append(UInt8(ascii: "="))
        case .json:
            write(",\"")
            escape(key)
            write("\":")
        }
    }

    private mutating func write(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func write(padded text: String) {
        write(text)
        for _ in text.utf8.count..<max(8, text.utf8.count + 1) { bytes.append(UInt8(ascii: " ")) }
    }

    /// As JSON escapes it (RFC 8259 section 7), which also keeps a line one line.
    private mutating func escape(_ text: String) {
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5C: bytes += [0x5C, byte]
            case 0x0A: write("\\n")
            case 0x0D: write("\\r")
            case 0x09: write("\\t")
            case 0..<0x20, 0x7F:
                write("\\u00")
                bytes.append(hexadecimal: byte >> 4)
                bytes.append(hexadecimal: byte & 15)
            default: bytes.append(byte)
            }
        }
    }

    private static func isWord(_ text: String) -> Bool {
        !text.isEmpty
            && !text.utf8.contains { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "=") }
    }

    /// An integer that every JSON reader takes: no sign but `-`, no leading zero, at most 15 digits.
    private static func isNumber(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        return (1...15).contains(digits.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
            && (digits.count == 1 || digits.first != UInt8(ascii: "0"))
    }
}

extension [UInt8] {
    mutating func append(decimal value: UInt64) {
        var rest = value
        let start = count
        repeat {
            append(UInt8(truncatingIfNeeded: rest % 10) + 0x30)
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }

    fileprivate mutating func append(hexadecimal digit: UInt8) {
        append(digit < 10 ? digit + 0x30 : digit - 10 + 0x61)
    }
}
