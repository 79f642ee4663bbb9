// Dates as HTTP (RFC 9110 section 5.6.7) and S3's XML (ISO 8601) write them, by own arithmetic: a
// formatter costs more than the look-up of the object. S3 shows whole seconds everywhere, so that a
// client that compares a list with a HEAD sees the same.

/// A moment in the proleptic Gregorian calendar, UTC, in whole seconds.
package struct CalendarDate: Hashable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int
    package let hour: Int
    package let minute: Int
    package let second: Int
    /// 0 is Sunday.
    package let weekday: Int

    /// 0000-01-01T00:00:00.000Z.
    private static let firstMilliseconds: Int64 = -62_167_219_200_000
    /// 9999-12-31T23:59:59.999Z.
    private static let lastMilliseconds: Int64 = 253_402_300_799_999

    /// Of a moment outside the years 0 to 9999, which no text form can show, the nearest one within.
    package init(milliseconds: Int64) {
        let seconds = Self.floorDivide(
            min(max(milliseconds, Self.firstMilliseconds), Self.lastMilliseconds), 1000)
        let days = Self.floorDivide(seconds, 86_400)
        let rest = Int(seconds - days * 86_400)
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        weekday = Int((days + 4) - Self.floorDivide(days + 4, 7) * 7)
        // Days to a civil date by 400-year eras that begin in March (Hinnant, "chrono-compatible
        // low-level date algorithms").
        let shifted = days + 719_468
        let era = Self.floorDivide(shifted, 146_097)
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
    }

    /// Milliseconds since 1970 of a date given by its parts; `nil` for parts that make no date.
    package static func milliseconds(
        year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int
    ) -> Int64? {
        guard (1...12).contains(month), (1...31).contains(day), (0...23).contains(hour),
            (0...59).contains(minute), (0...60).contains(second), (0...9999).contains(year)
        else { return nil }
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = Int(floorDivide(Int64(shiftedYear), 400))
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = Int64(era * 146_097 + dayOfEra - 719_468)
        // A day that the month does not have would be one of the next.
        guard CalendarDate(milliseconds: days * 86_400_000).day == day else { return nil }
        return (days * 86_400 + Int64(hour * 3600 + minute * 60 + second)) * 1000
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
    }
}

extension CalendarDate {
    private static let weekdays = Array("SunMonTueWedThuFriSat".utf8)
    private static let monthNames = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `Sun, 06 Nov 1994 08:49:37 GMT`.
    package var http: String {
        var text = DateText()
        text.bytes += Self.weekdays[weekday * 3..<weekday * 3 + 3]
        text.bytes += [UInt8(ascii: ","), UInt8(ascii: " ")]
        text.append(day, then: " ")
        text.bytes += Self.monthNames[month * 3 - 3..<month * 3]
        text.bytes.append(UInt8(ascii: " "))
        text.append(year, digits: 4, then: " ")
        text.append(time: self)
        text.bytes += " GMT".utf8
        return text.string
    }

    /// `1994-11-06T08:49:37.000Z`.
    package var iso8601: String {
        var text = DateText()
        text.append(year, digits: 4, then: "-")
        text.append(month, then: "-")
        text.append(day, then: "T")
        text.append(time: self)
        text.bytes += ".000Z".utf8
        return text.string
    }

    /// Milliseconds since 1970 of a date in any of HTTP's three forms; `nil` for anything else.
    package static func parseHTTP(_ text: String) -> Int64? {
        let words = text.split { $0 == " " || $0 == "," || $0 == "-" }.map(String.init)
        if words.count == 6, words[5] == "GMT" {
            return milliseconds(day: words[1], month: words[2], year: words[3], time: words[4])
        }
        // asctime: `Sun Nov  6 08:49:37 1994`.
        guard words.count == 5 else { return nil }
        return milliseconds(day: words[2], month: words[1], year: words[4], time: words[3])
    }

    /// Milliseconds since 1970 of `1994-11-06`, or of that with `T08:49:37`, a fraction, which is left out, and
    /// `Z` behind it; `nil` for anything else.
    package static func parseISO8601(_ text: String) -> Int64? {
        let halves = text.split(separator: "T", omittingEmptySubsequences: false)
        let date = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count <= 2, date.map(\.utf8.count) == [4, 2, 2],
            let year = Int(date[0]), let month = Int(date[1]), let day = Int(date[2])
        else { return nil }
        var clock = [0, 0, 0]
        if halves.count == 2 {
            guard halves[1].last == "Z" else { return nil }
            let time = halves[1].dropLast().prefix { $0 != "." }
            let numbers = time.split(separator: ":", omittingEmptySubsequences: false)
            clock = numbers.compactMap { $0.utf8.count == 2 ? Int($0) : nil }
            guard clock.count == 3, numbers.count == 3 else { return nil }
        }
        return milliseconds(
            year: year, month: month, day: day, hour: clock[0], minute: clock[1],
            second: clock[2])
    }

    private static func milliseconds(
        day: String, month: String, year: String, time: String
    ) -> Int64? {
        let clock = time.split(separator: ":").compactMap { Int($0) }
        guard clock.count == 3, let day = Int(day), let month = months.firstIndex(of: month),
            let short = Int(year)
        else { return nil }
        let isShort = year.utf8.count == 2
        return milliseconds(
            year: isShort ? short + (short < 70 ? 2000 : 1900) : short, month: month + 1, day: day,
            hour: clock[0], minute: clock[1], second: clock[2])
    }
}

/// Text of digits, put together without a formatter.
private struct DateText {
    var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(32) }

    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// The last `digits` digits, with leading zeros.
    mutating func append(_ value: Int, digits: Int = 2, then separator: Unicode.Scalar? = nil) {
        var divisor = digits == 4 ? 1000 : 10
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
        if let separator { bytes.append(UInt8(ascii: separator)) }
    }

    /// `08:49:37`.
    mutating func append(time date: CalendarDate) {
        append(date.hour, then: ":")
        append(date.minute, then: ":")
        append(date.second)
    }
}
