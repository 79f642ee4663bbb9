// The contract of bringing back what a name showed before.
//
// A rollback writes new versions with the old content, so it replicates like any write and can itself be
// rolled back. Where the name is a registry's tag, everything the tag reaches is brought back first, in an
// order in which no name ever shows before what it reaches does.

/// What to look at or bring back.
package enum HistorySubject: Sendable, Hashable {
    case name(ObjectName)
    /// The link of a tag, found by the layout of its bucket.
    case tag(bucket: String, repository: String, tag: String)
}

/// Which of the versions that are kept.
package enum RollbackTarget: Sendable, Hashable {
    case version(Version)
    /// The newest that was written at that time or before.
    case time(milliseconds: Int64)
}

/// What a rollback did, or would do.
package struct RollbackReport: Sendable, Hashable {
    package var name: ObjectName
    /// The version whose content shows again.
    package var target: ObjectVersion
    /// What was written, in this order; empty where everything showed already.
    package var written: [ObjectName]

    package init(name: ObjectName, target: ObjectVersion, written: [ObjectName]) {
        self.name = name
        self.target = target
        self.written = written
    }
}

package protocol Rollback: Sendable {
    /// The name of a subject. Throws `noSuchBucket`, `noSuchKey` where the bucket holds no registry.
    func name(of subject: HistorySubject) async throws -> ObjectName

    /// The digest that a version of a tag's link names; `nil` for any other version, and where the link
    /// cannot be read.
    func digest(namedBy version: ObjectVersion) async throws -> ContentDigest?

    /// Throws `noSuchKey` where there is no such version, it is a deletion, or something that it reaches
    /// is gone, naming that; nothing is changed then. A dry run only tells.
    func rollBack(
        _ subject: HistorySubject, to target: RollbackTarget, isDryRun: Bool
    ) async throws -> RollbackReport
}
