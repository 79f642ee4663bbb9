// The Range header (RFC 9110 section 14.2), as S3 serves it: a single range of bytes.

/// A range as asked for.
package enum ByteRange: Sendable, Hashable {
    case bounded(first: UInt64, last: UInt64)
    case from(UInt64)
    case suffix(UInt64)

    /// `nil` for what is to be ignored: another unit, several ranges, a malformed one.
    package init?(_ text: String) {
        guard text.hasPrefix("bytes=") else { return nil }
        let halves = text.dropFirst(6).split(
            separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        switch (halves[0].isEmpty, halves[1].isEmpty) {
        case (true, true): return nil
        case (true, false):
            guard let count = Self.number(halves[1]) else { return nil }
            self = .suffix(count)
        case (false, true):
            guard let first = Self.number(halves[0]) else { return nil }
            self = .from(first)
        case (false, false):
            guard let first = Self.number(halves[0]), let last = Self.number(halves[1]),
                first <= last
            else { return nil }
            self = .bounded(first: first, last: last)
        }
    }

    /// The bytes of an object of this size that are asked for; `nil` where there are none.
    package func resolve(sizeBytes: UInt64) -> Range<UInt64>? {
        switch self {
        case .bounded(let first, let last):
            guard first < sizeBytes else { return nil }
            return first..<min(last, sizeBytes - 1) + 1
        case .from(let first):
            return first < sizeBytes ? first..<sizeBytes : nil
        case .suffix(let count):
            guard count > 0, sizeBytes > 0 else { return nil }
            return sizeBytes - min(count, sizeBytes)..<sizeBytes
        }
    }

    /// Digits only: no sign, no space.
    private static func number(_ text: Substring) -> UInt64? {
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")) ~= $0 }) else {
            return nil
        }
        return UInt64(text)
    }
}
