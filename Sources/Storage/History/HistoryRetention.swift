// How long versions are kept after a newer one was published: by time, per bucket. The committer decides
// it when a version is superseded and writes the end into the version's own record, so that what an
// index holds follows from the journal alone, whatever the setting says later.

/// What a key is to history.
package enum HistoryRole: Sendable, Hashable {
    /// A registry's tag: what it named can be brought back.
    case tagLink
    /// A link or blob that a tag may reach. It is kept as long as a tag link when it is deleted, because
    /// a kept version of a tag may need it; collecting a registry's garbage ends that early where no
    /// tag does.
    case closure
    case other
    /// Uploads in progress and settings: never kept.
    case none
}

/// A bucket's setting.
package struct HistoryRetention: Sendable, Hashable {
    package var tagLinksMilliseconds: Int64
    package var othersMilliseconds: Int64

    package init(
        tagLinksMilliseconds: Int64 = 30 * 86_400_000, othersMilliseconds: Int64 = 0
    ) {
        self.tagLinksMilliseconds = tagLinksMilliseconds
        self.othersMilliseconds = othersMilliseconds
    }

    /// What holds for a bucket that says nothing.
    package static let standard = HistoryRetention()
}

/// What decides whether a superseded version becomes history.
package struct HistoryRule: Sendable {
    package var retention: HistoryRetention
    package var role: HistoryRole
    package var nowMilliseconds: Int64

    package init(retention: HistoryRetention, role: HistoryRole, nowMilliseconds: Int64) {
        self.retention = retention
        self.role = role
        self.nowMilliseconds = nowMilliseconds
    }

    /// Until when `old` is kept now that `newer` is published; `nil` for not at all. The time counts
    /// from when it stopped showing here; what never showed counts from the version that beat it, so that
    /// meeting it again later does not keep it again.
    package func keptUntil(
        _ old: ObjectVersion, supersededBy newer: ObjectVersion, wasShown: Bool
    ) -> Int64? {
        let length = lengthMilliseconds(old, supersededBy: newer)
        guard length > 0 else { return nil }
        let beaten = Int64(clamping: newer.version.stamp.milliseconds)
        let start = wasShown ? max(nowMilliseconds, beaten) : beaten
        let (end, isOver) = start.addingReportingOverflow(length)
        let until = isOver ? .max : end
        return until > nowMilliseconds ? until : nil
    }

    private func lengthMilliseconds(
        _ old: ObjectVersion, supersededBy newer: ObjectVersion
    ) -> Int64 {
        switch role {
        case .tagLink: return retention.tagLinksMilliseconds
        case .closure where newer.content == nil && old.content != nil:
            return max(retention.tagLinksMilliseconds, retention.othersMilliseconds)
        case .closure, .other: return retention.othersMilliseconds
        case .none: return 0
        }
    }
}

extension ObjectRegister {
    /// Takes in one version, and makes history of what it supersedes where the rule says so (it is only
    /// asked for where something is superseded). Returns what became history: each is a record of its own.
    package mutating func take<Failure: Error>(
        _ version: ObjectVersion, keeping rule: () throws(Failure) -> HistoryRule
    ) throws(Failure) -> [ObjectVersion] {
        let shown = published?.version
        insert(version)
        let superseded = dropSuperseded()
        guard !superseded.isEmpty else { return [] }
        let decided = try rule()
        var newest: [Version?: ObjectVersion] = [:]
        for winner in versions.reversed() where winner.state == .published && !winner.isHistory {
            newest[winner.versionID.stamp] = winner
        }
        var kept: [ObjectVersion] = []
        for old in superseded {
            let id = old.versionID.stamp
            guard let newer = newest[id] else {
                preconditionFailure("\(old.version) was superseded by nothing of its id")
            }
            let until = decided.keptUntil(
                old, supersededBy: newer, wasShown: old.version == shown)
            newest[id] = old
            guard let until else { continue }
            var history = old
            history.keptUntilMilliseconds = until
            insert(history)
            kept.append(history)
        }
        return kept
    }
}
