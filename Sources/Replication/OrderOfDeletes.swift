// When tombstones may be published. Puts are published from the bottom of an image up, each when what it needs
// is visible; deletes go from the top down. A tombstone waits
//
//  - for a newer put of its own name. It was superseded where it was written: whoever had asked for that feed
//    a moment later would never have heard of it. So the name goes from one complete version to the next, as
//    where it was overwritten, and does not vanish for as long as the new layers are on their way;
//  - for a newer version of a visible name that needs what it deletes. A manifest was deleted, and its tag
//    pushed anew: until the new image is complete the tag shows the old one, and that one stays whole. Or the
//    tag is deleted too: then its own tombstone is published first, or with this one.
//
// No put waits for a tombstone, and tombstones wait for names above them only, so none waits for ever that is
// not below something that does. What a tombstone breaks and no newer version will mend, it breaks, as it did
// where it was written; that is reported.

internal import Storage

struct OrderOfDeletes {
    /// Visible names that need the name of a tombstone.
    private let breaks: [ObjectName: [ObjectName]]
    /// The newest version that waits of each name that is deleted or broken.
    private let newest: [ObjectName: ObjectVersion?]
    /// Names whose tombstones can be published together.
    private var deleted: Set<ObjectName>

    init(
        _ deletes: [PendingEntry], breaks: [ObjectName: [ObjectName]],
        newest: [ObjectName: ObjectVersion?]
    ) {
        self.breaks = breaks
        self.newest = newest
        deleted = Set(deletes.map(\.name))
        // Those that wait keep what they would have deleted: others wait for that in turn.
        while true {
            let waiting = deleted.filter { !waits($0).isEmpty }
            guard !waiting.isEmpty else { return }
            deleted.subtract(waiting)
        }
    }

    func finding(_ delete: PendingEntry) -> Examination.Finding {
        let waits = waits(delete.name)
        guard waits.isEmpty else { return .tombstone(breaks: [], waitsFor: waits) }
        let breaks = (breaks[delete.name] ?? []).filter { !deleted.contains($0) }
        return .tombstone(breaks: breaks, waitsFor: [])
    }

    private func waits(_ name: ObjectName) -> [ObjectName] {
        if newest[name]??.content != nil { return [name] }
        return (breaks[name] ?? []).filter { broken in
            guard let version = newest[broken] ?? nil else { return false }
            return version.content != nil || !deleted.contains(broken)
        }
    }
}
