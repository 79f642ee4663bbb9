// Who wrote when: the stamp that orders versions of an object across regions, and the place of a
// version in its origin's change feed.

/// A region's identity: a random number made with its data directory, never zero.
package struct RegionID: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) {
        precondition(value != 0, "a region id is never zero")
        self.value = value
    }

    /// Parses sixteen hexadecimal digits, as `description` writes them.
    package init?(_ text: String) {
        guard text.utf8.count == 16, let value = UInt64(text, radix: 16), value != 0 else {
            return nil
        }
        self.value = value
    }

    package static func < (left: RegionID, right: RegionID) -> Bool { left.value < right.value }

    package var description: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// A hybrid logical clock's reading: milliseconds since 1970 in the upper 48 bits, a counter of events
/// within the same millisecond in the lower 16 (Kulkarni et al., "Logical Physical Clocks", 2014).
package struct HybridTimestamp: Hashable, Sendable, Comparable {
    package let rawValue: UInt64

    package init(rawValue: UInt64) { self.rawValue = rawValue }

    package init(milliseconds: UInt64, counter: UInt16 = 0) {
        rawValue = milliseconds << 16 | UInt64(counter)
    }

    package var milliseconds: UInt64 { rawValue >> 16 }

    /// The very next reading; a full counter carries into the milliseconds.
    package var successor: HybridTimestamp { HybridTimestamp(rawValue: rawValue + 1) }

    package static func < (left: HybridTimestamp, right: HybridTimestamp) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// The stamp of one write of an object. Of two versions of an object the greater one wins.
package struct Version: Hashable, Sendable, Comparable, CustomStringConvertible {
    package let stamp: HybridTimestamp
    package let region: RegionID

    package init(stamp: HybridTimestamp, region: RegionID) {
        self.stamp = stamp
        self.region = region
    }

    /// Parses what `description` writes.
    package init?(_ text: String) {
        let halves = text.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count == 2, halves[0].utf8.count == 16,
            let stamp = UInt64(halves[0], radix: 16), let region = RegionID(String(halves[1]))
        else { return nil }
        self.init(stamp: HybridTimestamp(rawValue: stamp), region: region)
    }

    package static func < (left: Version, right: Version) -> Bool {
        (left.stamp, left.region) < (right.stamp, right.region)
    }

    /// 16 digits of the stamp, a hyphen, 16 digits of the region: sorts as text as it does as a value.
    package var description: String {
        let digits = String(stamp.rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits + "-\(region)"
    }
}

/// A place in a region's change feed. Numbers run on without gaps for as long as the region lives; each
/// start of the daemon begins a new incarnation, so that a number issued twice (by a restored backup)
/// is told apart.
package struct FeedPosition: Hashable, Sendable, Codable, CustomStringConvertible {
    package let incarnation: UInt64
    package let number: UInt64

    package init(incarnation: UInt64, number: UInt64) {
        self.incarnation = incarnation
        self.number = number
    }

    /// Before the first entry of every feed.
    package static let start = FeedPosition(incarnation: 0, number: 0)

    package var description: String { "\(incarnation).\(number)" }

    /// Whether the feed came to this place before the other in time, whatever was lost of it in between.
    package func isEarlier(than other: FeedPosition) -> Bool {
        (incarnation, number) < (other.incarnation, other.number)
    }

    /// Whether this place comes before the other in the order of a feed: by number, and of one that was given again
    /// after a loss, by incarnation.
    package func precedes(_ other: FeedPosition) -> Bool {
        (number, incarnation) < (other.number, other.incarnation)
    }

    /// Whether knowing of this place says more of a feed than having seen `seen`, where all is known through `cursor`: it
    /// lies behind it in the same incarnation, or nothing was seen behind the cursor. A later incarnation may have begun
    /// before `seen`, so that to forget that would hide a loss: only the origin can tell.
    package func isNews(behind seen: FeedPosition, cursor: FeedPosition) -> Bool {
        if seen == cursor { return seen.isEarlier(than: self) }
        return incarnation == seen.incarnation && number > seen.number
    }
}
