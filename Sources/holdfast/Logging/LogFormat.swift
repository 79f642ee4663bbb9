// How an event becomes a line: for a person, or as a JSON object for a machine. One line per event,
// whatever the values hold.

internal import Logging

enum LogFormat: Sendable {
    case human
    case json

    /// One event, without a line break at the end.
    func line(
        milliseconds: Int64, level: Logger.Level, message: String, metadata: Logger.Metadata
    ) -> String {
        let time = LogTime(milliseconds: milliseconds)
        let fields = metadata.sorted { $0.key < $1.key }
        switch self {
        case .human:
            var line = "\(time.clock) \(Self.padded(level)) \(Self.escaped(message))"
            for (key, value) in fields {
                let text = "\(value)"
                let isBare = !text.isEmpty && !text.contains(where: { $0 == " " || $0 == "=" })
                line += " \(key)=" + (isBare ? Self.escaped(text) : "\"\(Self.escaped(text))\"")
            }
            return line
        case .json:
            var line = "{\"time\":\"\(time.iso8601)\",\"level\":\"\(level.rawValue)\""
            line += ",\"message\":\"\(Self.escaped(message))\""
            for (key, value) in fields {
                line += ",\"\(Self.escaped(key))\":"
                // A number stays one, so that durations and sizes can be summed.
                let text = "\(value)"
                line += Self.isNumber(text) ? text : "\"\(Self.escaped(text))\""
            }
            return line + "}"
        }
    }

    private static func padded(_ level: Logger.Level) -> String {
        let name = level.rawValue
        return name + String(repeating: " ", count: max(0, 7 - name.utf8.count))
    }

    /// As JSON escapes it (RFC 8259 section 7), which also keeps a line one line.
    static func escaped(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C || $0 == 0x7F })
        else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// An integer that every JSON reader takes: no sign but `-`, no leading zero, at most 15 digits.
    private static func isNumber(_ text: String) -> Bool {
        let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
        return (1...15).contains(digits.utf8.count)
            && digits.utf8.allSatisfy { (0x30...0x39).contains($0) }
            && (digits.utf8.count == 1 || !digits.hasPrefix("0"))
    }
}

/// A moment as log lines show it, UTC.
struct LogTime: Sendable {
    private let date: (year: Int, month: Int, day: Int)
    private let millisecondOfDay: Int

    init(milliseconds: Int64) {
        let dayLength: Int64 = 86_400_000
        let clamped = max(milliseconds, 0)
        date = Self.date(daysSince1970: Int(clamped / dayLength))
        millisecondOfDay = Int(clamped % dayLength)
    }

    /// `2026-01-31T12:34:56.789Z`.
    var iso8601: String {
        "\(date.year)-\(Self.digits(date.month, 2))-\(Self.digits(date.day, 2))T\(clock)Z"
    }

    /// `12:34:56.789`.
    var clock: String {
        let seconds = millisecondOfDay / 1000
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { Self.digits($0, 2) }
        return parts.joined(separator: ":") + "." + Self.digits(millisecondOfDay % 1000, 3)
    }

    /// By eras of 400 years that begin in March (Hinnant, "chrono-compatible low-level date algorithms").
    private static func date(daysSince1970 days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let (era, dayOfEra) = (shifted / 146_097, shifted % 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    private static func digits(_ value: Int, _ count: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
