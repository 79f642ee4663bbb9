// What an examination finds of tombstones: which of them wait, and what the others break.

internal import Storage

/// A tombstone that waits, with all that is known of its name.
struct WaitingDelete {
    var entry: PendingEntry
    var register: ObjectRegister
    /// Its versions that wait and are withheld by rules.
    var withheld: Set<VersionReference>

    /// There is nothing here that it could delete, nor will there be before it: it is in nobody's way.
    var deletesNothing: Bool {
        register.visible == nil
            && !register.pending.contains { version in
                version.content != nil && version.version < entry.version
                    && !withheld.contains(version.reference)
            }
    }

    func isSuperseded(but hopeless: Set<VersionReference>) -> Bool {
        guard let newest = register.newestPending(but: hopeless.union(withheld))
        else { return false }
        return newest.content != nil && newest.version > entry.version
    }
}

struct ExamineDeletes {
    let examination: ClosureExamination
    let hopeless: Set<VersionReference>
    var withheld: WithheldVersions

    /// By name. Of a tombstone that deletes nothing, nothing: it can be published.
    mutating func findings(
        _ deletes: [WaitingDelete]
    ) async throws -> [ObjectName: Examination.Finding] {
        let deletes = deletes.filter { !$0.deletesNothing }
        guard !deletes.isEmpty else { return [:] }
        let names = Set(deletes.map(\.entry.name))
        var reading = NamesAboveDeletes(
            names, hopeless: hopeless, withheld: withheld, examination: examination)
        let above = try await reading.read()
        let kept = reading.kept
        let order = OrderOfDeletes(
            names.subtracting(kept),
            superseded: Set(
                deletes.filter { $0.isSuperseded(but: hopeless) }.map(\.entry.name)),
            above: above, limit: examination.limits.conflictNames)
        var conflicts = TombstoneConflicts(examination: examination)
        var findings: [ObjectName: Examination.Finding] = [:]
        for name in names {
            if kept.contains(name) {
                findings[name] = .withheld
                continue
            }
            let waitsFor = order.waitsFor(name)
            var breaks: [ObjectName] = []
            if waitsFor.isEmpty {
                breaks = try await conflicts.names(brokenBy: name).filter { !order.isDeleted($0) }
            }
            findings[name] = .tombstone(breaks: breaks, waitsFor: waitsFor)
        }
        return findings
    }
}
