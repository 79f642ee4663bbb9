// Keeps answers near `WireLimits.answerTargetBytes`: whoever asks comes back for the rest.

internal import NIOCore
package import Storage

/// Takes entries until the answer is large enough.
package struct AnswerSize: Sendable {
    private var bytes = 0

    package init() {}

    /// Whether the next entry still goes in. The first always does.
    package mutating func takes(_ entry: FeedEntry?) -> Bool {
        guard bytes < WireLimits.answerTargetBytes else { return false }
        var fields = FieldWriter()
        if let entry { fields.entry(entry) }
        bytes += fields.bytes.readableBytes + Self.frameBytes
        return true
    }

    /// What a frame adds, at most: its head, and the name that stands beside an entry.
    private static let frameBytes = 9 + WireLimits.keyBytes + WireLimits.nameBytes
}

extension FeedRange {
    /// As much of the range as an answer carries: where entries are left out, it ends with the last one
    /// that is in.
    package func trimmedToAnswer() -> FeedRange {
        var size = AnswerSize()
        let fitting = entries.prefix { size.takes($0) }
        guard fitting.count < entries.count, let last = fitting.last?.object.position else {
            return self
        }
        return FeedRange(
            origin: origin, after: after, through: last, head: head, entries: Array(fitting))
    }
}
