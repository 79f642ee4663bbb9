// What lifecycles let go of in a bucket with versioning beside what shows: versions some days after a newer one
// took their place, but for the newest of them, and delete markers that hide nothing any more (Amazon S3 User
// Guide, "Lifecycle configuration elements"). Each goes by a purge, which holds in every region; and only while the
// latest version is the one that was judged by, so that what came to show since stays.

internal import Storage

struct ExpireVersions {
    /// A key on its way through the list, newest version first.
    private struct Key {
        let latest: ObjectVersion
        /// The version that was listed before, which took the place of the next.
        var newer: ObjectVersion
        var noncurrent = 0
    }

    let bucket: String
    let rules: [LifecycleRule]
    let nowMilliseconds: Int64
    let leastAgeMilliseconds: Int64

    /// The figures under which a job counts them.
    static let versionsFigure = "expired_noncurrent_versions"
    static let markersFigure = "expired_delete_markers"

    /// A version whose time has come.
    struct Due {
        let version: ObjectVersion
        let latest: ObjectVersion

        var purge: ObjectMutation {
            .purge(
                version.name, version.versionID, Preconditions(version: latest.version))
        }

        var figure: String { version == latest ? markersFigure : versionsFigure }
    }

    private var key: Key?

    init(
        bucket: String, rules: [LifecycleRule], nowMilliseconds: Int64,
        leastAgeMilliseconds: Int64
    ) {
        self.bucket = bucket
        self.rules = rules.filter(\.letsGoOfVersions)
        self.nowMilliseconds = nowMilliseconds
        self.leastAgeMilliseconds = leastAgeMilliseconds
    }

    /// Those of a page, and of the key that the page before ended with, whose time has come.
    mutating func due(in page: VersionListPage) -> [Due] {
        var due: [Due] = []
        for case .version(let version, let isLatest) in page.entries {
            if !isLatest, var known = key, known.latest.name == version.name {
                if isDue(version, &known) {
                    due.append(Due(version: version, latest: known.latest))
                }
                known.newer = version
                known.noncurrent += 1
                key = known
                continue
            }
            due += loneMarker()
            key = Key(latest: version, newer: version)
        }
        return page.isTruncated ? due : due + loneMarker()
    }

    private func isDue(_ version: ObjectVersion, _ key: inout Key) -> Bool {
        let newer = key.newer
        // A deletion by a rule stands just above what it deleted, which may be long ago.
        let since =
            newer.content == nil
            ? newer.recordedTime : Int64(clamping: newer.order.stamp.milliseconds)
        guard nowMilliseconds - since >= leastAgeMilliseconds else { return false }
        return rules.contains { rule in
            guard let noncurrent = rule.noncurrent, key.noncurrent >= noncurrent.newerVersions,
                matches(version, rule.filter)
            else { return false }
            return nowMilliseconds
                >= LifecycleRule.dueMilliseconds(since, days: noncurrent.days)
        }
    }

    /// The latest version of the key that ends here, where it is a marker that nothing is behind.
    private mutating func loneMarker() -> [Due] {
        guard let known = key else { return [] }
        key = nil
        let marker = known.latest
        let recorded = marker.recordedTime
        guard marker.content == nil, known.noncurrent == 0,
            nowMilliseconds - recorded >= leastAgeMilliseconds
        else { return [] }
        let isDue = rules.contains { rule in
            guard matches(marker, rule.filter) else { return false }
            switch rule.expiration {
            case .markers: return true
            case .days(let days):
                return nowMilliseconds >= LifecycleRule.dueMilliseconds(recorded, days: days)
            case .date(let milliseconds): return nowMilliseconds >= milliseconds
            case nil, .nothing: return false
            }
        }
        return isDue ? [Due(version: marker, latest: marker)] : []
    }

    /// A marker has neither tags nor a size.
    private func matches(_ version: ObjectVersion, _ filter: LifecycleFilter) -> Bool {
        guard let content = version.content else {
            return filter.isPrefixOnly && version.name.key.hasPrefix(filter.prefix)
        }
        return filter.matches(version.name.key, content)
    }
}

extension LifecycleRule {
    fileprivate var letsGoOfVersions: Bool { noncurrent != nil || expiration != nil }
}
