// What a region that was put back from an older copy lost of its own feed, and who knows of it.

/// A region since it was started: the next time, an older copy of it may be.
package struct RegionRun: Sendable, Hashable {
    package var region: RegionID
    package var incarnation: UInt64

    package init(region: RegionID, incarnation: UInt64) {
        self.region = region
        self.incarnation = incarnation
    }
}

/// A stretch of this region's own feed of which another region knows something, and which this region lost: it was
/// put back from an older copy of its data directory.
package struct LostStretch: Sendable, Hashable {
    /// The last place that both have.
    package var after: FeedPosition
    package var through: FeedPosition

    package init(after: FeedPosition, through: FeedPosition) {
        self.after = after
        self.through = through
    }
}

extension ChangeFeed {
    /// What this region lost of its own feed, and another one knows of that has it through `cursor` and has seen `seen`;
    /// `nil` where that is nothing.
    package func lost(
        cursor: FeedPosition, seen: FeedPosition
    ) async throws -> LostStretch? {
        var lost: LostStretch?
        for place in [cursor, seen] {
            let shared = try await shared(with: place)
            guard shared != place else { continue }
            if let known = lost {
                lost?.after = known.after.number < shared.number ? known.after : shared
                lost?.through = known.through.isEarlier(than: place) ? place : known.through
            } else {
                lost = LostStretch(after: shared, through: place)
            }
        }
        return lost
    }
}
