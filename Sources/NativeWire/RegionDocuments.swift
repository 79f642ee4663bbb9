// Other regions, and the removal of one, as the admin API tells of them. Fields are only ever added.

/// The answer of `GET /-/admin/v1/regions/list`.
package struct RegionListDocument: Sendable, Hashable, Codable {
    package struct Region: Sendable, Hashable, Codable {
        /// Sixteen hexadecimal digits; absent for one that is followed and was never met.
        package var id: String?
        package var name: String?
        /// Absent for one that is not followed.
        package var url: String?
        package var isConnected: Bool
        package var isRemoved: Bool
        package var lastError: String?
        /// Since it last answered the region that is asked, and since it asked something of it.
        package var answeredMillisecondsAgo: Int64?
        package var askedMillisecondsAgo: Int64?
        /// `incarnation.number`: how far its own feed is known.
        package var cursor: String?
        /// Entries of the asked region's feed of which it has not said that it has them; absent where it has said
        /// nothing since the start.
        package var behindEntries: UInt64?
        package var lag: StatusDocument.Lag

        package init(
            id: String?, name: String?, url: String?, isConnected: Bool, isRemoved: Bool,
            lastError: String?, answeredMillisecondsAgo: Int64?, askedMillisecondsAgo: Int64?,
            cursor: String?, behindEntries: UInt64?, lag: StatusDocument.Lag
        ) {
            self.id = id
            self.name = name
            self.url = url
            self.isConnected = isConnected
            self.isRemoved = isRemoved
            self.lastError = lastError
            self.answeredMillisecondsAgo = answeredMillisecondsAgo
            self.askedMillisecondsAgo = askedMillisecondsAgo
            self.cursor = cursor
            self.behindEntries = behindEntries
            self.lag = lag
        }
    }

    package var regions: [Region]

    package init(regions: [Region]) { self.regions = regions }
}

/// The body of `POST /-/admin/v1/regions/remove`.
package struct RemoveRegionRequestDocument: Sendable, Hashable, Codable {
    /// A name or an id.
    package var region: String
    /// Otherwise it is only said what would be done.
    package var isConfirmed: Bool
    /// Also where the region was heard of lately.
    package var isForced: Bool?

    package init(region: String, isConfirmed: Bool, isForced: Bool = false) {
        self.region = region
        self.isConfirmed = isConfirmed
        self.isForced = isForced
    }
}

/// The answer to it.
package struct RegionRemovalDocument: Sendable, Hashable, Codable {
    /// Sixteen hexadecimal digits.
    package var id: String
    /// Absent for a region that is not followed.
    package var name: String?
    package var isRemoved: Bool
    /// By an earlier command.
    package var wasRemoved: Bool?
    package var isConnected: Bool
    /// Since anything was heard of it, an answer or a question.
    package var heardMillisecondsAgo: Int64?
    package var isFollowed: Bool
    package var pendingEntries: Int

    package init(
        id: String, name: String?, isRemoved: Bool, wasRemoved: Bool, isConnected: Bool,
        heardMillisecondsAgo: Int64?, isFollowed: Bool, pendingEntries: Int
    ) {
        self.id = id
        self.name = name
        self.isRemoved = isRemoved
        self.wasRemoved = wasRemoved
        self.isConnected = isConnected
        self.heardMillisecondsAgo = heardMillisecondsAgo
        self.isFollowed = isFollowed
        self.pendingEntries = pendingEntries
    }
}
