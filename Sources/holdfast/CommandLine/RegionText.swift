// What is said of other regions, in plain words.

internal import NativeWire

/// The table of `holdfast region list`.
struct RegionTable {
    let list: RegionListDocument

    init(_ list: RegionListDocument) { self.list = list }

    var lines: [String] {
        guard !list.regions.isEmpty else { return ["no other region is known here"] }
        let heading = [
            "REGION", "ID", "STATE", "ANSWERED", "ASKED", "LAG", "BEHIND", "POSITION", "URL",
        ]
        let table = StatusScreen.table([heading] + list.regions.map(Self.row))
        let reasons = list.regions.compactMap { region in
            region.lastError.map { "  \(region.name ?? region.id ?? "-"): \($0)" }
        }
        return table + reasons
    }

    private static func row(_ region: RegionListDocument.Region) -> [String] {
        [
            region.name ?? "-", region.id ?? "-", state(region),
            ago(region.answeredMillisecondsAgo), ago(region.askedMillisecondsAgo),
            region.url == nil ? "-" : StatusScreen.lag(region.lag),
            region.behindEntries.map(String.init) ?? "-", region.cursor ?? "-",
            region.url ?? "-",
        ]
    }

    private static func state(_ region: RegionListDocument.Region) -> String {
        if region.isRemoved { return "removed" }
        guard region.url != nil else { return "not followed" }
        guard region.id != nil else { return "never met" }
        return region.isConnected ? "connected" : "not connected"
    }

    private static func ago(_ milliseconds: Int64?) -> String {
        milliseconds.map { StatusScreen.duration(milliseconds: $0) + " ago" } ?? "-"
    }
}

/// What a removal means, in plain words.
struct RemovalText {
    let removal: RegionRemovalDocument

    init(_ removal: RegionRemovalDocument) { self.removal = removal }

    private var name: String {
        removal.name.map { "\($0) (\(removal.id))" } ?? removal.id
    }

    var lines: [String] {
        guard removal.isRemoved else { return warning + pending }
        let isOld = removal.wasRemoved ?? false
        return ["region \(name) \(isOld ? "was removed here before" : "is removed here")"] + rest
    }

    private var state: String {
        if removal.isConnected { return "is connected" }
        guard let heard = removal.heardMillisecondsAgo else {
            return "has not been heard of since this one started"
        }
        return "was last heard of \(StatusScreen.duration(milliseconds: heard)) ago"
    }

    private var warning: [String] {
        [
            "region \(name) \(state)",
            "Removing it cannot be taken back:",
            "- What it wrote and no other region has received is lost.",
            "- Deletions and quarantines that wait for it wait no more.",
            "- Should it come back with its data it is refused. It can join again only from an empty",
            "  data directory, as a new region.",
        ]
    }

    private var pending: [String] {
        guard removal.pendingEntries > 0 else { return [] }
        return [
            "\(removal.pendingEntries) objects that it wrote are known here and not complete; what nobody else has of"
                + " them never comes"
        ]
    }

    private var rest: [String] {
        ["give the same command in every other region that knows it"]
            + (removal.isFollowed
                ? [
                    "take it out of this region's settings (--peer), unless a new one takes its place"
                ]
                : [])
            + pending
    }
}
