// Small codings that every request meets, each against a second, plain one.

import Foundation
import Storage

@testable import HTTPServer
@testable import S3API

/// A date that is written is read as the same second; both writers agree; what is read as a date is a date
/// of the calendar.
@Sendable func fuzzDates(_ bytes: [UInt8]) {
    var input = FuzzInput(bytes)
    let word = input.take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    // The years 1 to 9999.
    let seconds = Int64(word % 315_537_811_200) - 62_135_596_800
    let date = CalendarDate(milliseconds: seconds * 1000)
    precondition(date.http == HTTPDate.format(unixSeconds: seconds), "\(date.http)")
    precondition(CalendarDate.parseHTTP(date.http) == seconds * 1000, "\(date.http)")
    let parts = CalendarDate.milliseconds(
        year: date.year, month: date.month, day: date.day, hour: date.hour,
        minute: date.minute, second: date.second)
    precondition(parts == seconds * 1000)
    guard let read = CalendarDate.parseHTTP(String(decoding: input.rest, as: UTF8.self)) else {
        return
    }
    let again = CalendarDate(milliseconds: read)
    precondition(CalendarDate.parseHTTP(again.http) == read, "\(again.http)")
}

/// Base64, hexadecimal and percent-encoding: what is decoded encodes to what was decoded, and Foundation
/// decodes the same.
@Sendable func fuzzCodings(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    precondition(Base64.decode(Base64.encode(bytes)) == bytes)
    precondition(Base64.decodeURLSafe(Base64.encodeURLSafe(bytes)) == bytes)
    precondition(Hexadecimal.decode(Hexadecimal.encode(bytes)) == bytes)
    precondition(PercentCoding.decode(PercentCoding.encode(bytes)) == bytes)
    precondition(Base64.encode(bytes) == Data(bytes).base64EncodedString())
    if let decoded = Base64.decode(text) {
        precondition(Data(base64Encoded: text) == Data(decoded), "\(text)")
        precondition(Base64.encode(decoded) == text)
    }
    if let decoded = Hexadecimal.decode(text) {
        precondition(Hexadecimal.encode(decoded) == text.lowercased())
    }
    let plain = PercentCoding.decode(text)
    let other = text.removingPercentEncoding
    // Foundation also wants what comes out to be UTF-8.
    if let plain, let known = String(validating: plain, as: UTF8.self) {
        precondition(other.map { Array($0.utf8) } == Array(known.utf8), "\(text)")
    } else {
        precondition(plain != nil || other == nil, "\(text)")
    }
}
