// A moment as log lines show it, UTC.

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
    func writeISO8601(to bytes: inout [UInt8]) {
        bytes.append(digits: date.year, 4)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(digits: date.month, 2)
        bytes.append(UInt8(ascii: "-"))
        bytes.append(digits: date.day, 2)
        bytes.append(UInt8(ascii: "T"))
        writeClock(to: &bytes)
        bytes.append(UInt8(ascii: "Z"))
    }

    /// As `writeISO8601` has it.
    var iso8601: String {
        var bytes: [UInt8] = []
        writeISO8601(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `12:34:56.789`.
    func writeClock(to bytes: inout [UInt8]) {
        let seconds = millisecondOfDay / 1000
        bytes.append(digits: seconds / 3600, 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(digits: seconds / 60 % 60, 2)
        bytes.append(UInt8(ascii: ":"))
        bytes.append(digits: seconds % 60, 2)
        bytes.append(UInt8(ascii: "."))
        bytes.append(digits: millisecondOfDay % 1000, 3)
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
}

extension [UInt8] {
    /// The last `count` digits, with zeros in front.
    fileprivate mutating func append(digits value: Int, _ count: Int) {
        var divisor = 1
        for _ in 1..<count { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(value / divisor % 10) + 0x30)
            divisor /= 10
        }
    }
}
