// What a new version supersedes becomes history, or goes: decided where the version is recorded, by the
// bucket's retention as the index shows it then.
//
// Why recovery agrees: applying an object record drops what it supersedes, always. What is to stay is
// recorded again behind it, with the end of its time, in the same batch. So the index follows from the
// records, and no setting, clock or layout is asked while it is applied. Were the order the other way
// round, a crash between the two could leave a name whose only version is history, and shows nothing.
//
// Why it lives with merging: history is of this region alone. Its end is a record that names the version
// and leaves nothing behind; should the version come from another region again, it meets the one that
// superseded it, and its time counts from that one's stamp, so that it is not kept a second time. (A purge
// is another thing: it stays, replicates, and takes the version out of every region's history.)

internal import Journal
internal import RegistryLayout
internal import Storage

extension CommitContext {
    /// Records a version over what is known of its name, and what becomes history by it. Records nothing
    /// where it says nothing new.
    mutating func record(
        _ version: ObjectVersion, over before: ObjectRegister
    ) throws(StorageError) {
        var after = before
        let history = try after.take(version) { () throws(StorageError) in
            HistoryRule(
                retention: try settings(of: version.name.bucket).retention,
                role: KeyRules.historyRole(version.name), nowMilliseconds: wallMilliseconds)
        }
        guard after != before else { return }
        // A version that was beaten before it came is history from the start, if anything.
        let isBeaten = history.contains { $0.version == version.version }
        if !isBeaten { try record(.object(version)) }
        for old in history { try record(.object(old), continuing: !isBeaten) }
    }
}

/// Lets go of history: what its time has run out for, or what nothing needs.
struct ExpireHistory: Decision {
    let references: [VersionReference]

    func decide(_ context: inout CommitContext) throws(StorageError) {
        for reference in references {
            let register = try context.register(reference.name)
            guard register.history.contains(where: { $0.version == reference.version }) else {
                continue
            }
            try context.record(.versionExpired(reference))
        }
    }
}
