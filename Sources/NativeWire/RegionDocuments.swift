// The removal of a region, as the admin API tells of it. Fields are only ever added.

/// The body of `POST /-/admin/v1/regions/remove`.
package struct RemoveRegionRequestDocument: Sendable, Hashable, Codable {
    /// A name or an id.
    package var region: String
    /// Otherwise it is only said what would be done.
    package var isConfirmed: Bool

    package init(region: String, isConfirmed: Bool) {
        self.region = region
        self.isConfirmed = isConfirmed
    }
}

/// The answer to it.
package struct RegionRemovalDocument: Sendable, Hashable, Codable {
    /// Sixteen hexadecimal digits.
    package var id: String
    /// Absent for a region that is not followed.
    package var name: String?
    package var isRemoved: Bool
    package var isConnected: Bool
    package var isFollowed: Bool
    package var pendingEntries: Int

    package init(
        id: String, name: String?, isRemoved: Bool, isConnected: Bool, isFollowed: Bool,
        pendingEntries: Int
    ) {
        self.id = id
        self.name = name
        self.isRemoved = isRemoved
        self.isConnected = isConnected
        self.isFollowed = isFollowed
        self.pendingEntries = pendingEntries
    }
}
