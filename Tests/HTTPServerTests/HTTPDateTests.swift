import Foundation
import HTTPServer
import Testing

@Suite struct HTTPDateTests {
    @Test("dates agree with Foundation's over eras, leap years and before 1970")
    func formats() {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        for step in 0..<2_000 {
            let seconds = Int64(step) * 7_654_321 - 2_000_000_000
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(HTTPDate.format(unixSeconds: seconds) == expected)
        }
        // Found by fuzzing: the year had as many digits as it needed.
        #expect(HTTPDate.format(unixSeconds: -62_135_596_800) == "Mon, 01 Jan 0001 00:00:00 GMT")
        #expect(HTTPDate.format(unixSeconds: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
