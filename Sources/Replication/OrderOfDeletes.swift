// When tombstones may be published. Puts are published from the bottom of an image up, each when what it needs
// is visible; deletes go from the top down. A tombstone waits
//
//  - for a newer put of its own name. It was superseded where it was written: whoever had asked for that feed
//    a moment later would never have heard of it. So the name goes from one complete version to the next, as
//    where it was overwritten, and does not vanish for as long as the new layers are on their way;
//  - for a newer version of a visible name that reaches what it deletes, through however many others (a tag
//    reaches its manifest, the manifest's links, and the bytes below them). A manifest was deleted, and its tag
//    pushed anew: until the new image is complete the tag shows the old one, and that one stays whole. Or the
//    tag is deleted too: then its own tombstone is published first, or with this one.
//
// What nothing newer will mend, a tombstone breaks, as it did where it was written; that is reported. To hide a
// name that is broken, or to keep what was deleted, would be the stronger promise, and the regions would never be
// equal: nobody ever tells the origin, which shows the broken name.
//
// No tombstone waits for ever. No put waits for a tombstone, and tombstones wait for names above them only. A put
// comes to an end: it is published or superseded, or there is no hope for it. That is so
//
//  - where what it reaches cannot be read, or its origin does not have it either;
//  - where, in several rounds, every region that is followed and not removed answered that it does not have
//    its bytes. One that cannot be asked may have them: it is waited for, until it is back or is removed;
//  - where it needs a name all of whose puts are without hope.
//
// A tombstone waits for none of these (`Replicator+Hopeless`). Should such a put become complete after all, it is
// published as any other is, and the regions are equal again: it is the newer version, whatever went before it.

internal import Storage

/// A visible name above a tombstone, of which a newer version waits.
struct NameAbove: Hashable {
    var name: ObjectName
    var isPut: Bool
}

struct OrderOfDeletes {
    /// Names of which a newer put waits.
    private let superseded: Set<ObjectName>
    /// By the name of a tombstone.
    private let above: [ObjectName: Set<NameAbove>]
    private let limit: Int
    /// Names whose tombstones can be published together.
    private var deleted: Set<ObjectName>

    init(
        _ deletes: Set<ObjectName>, superseded: Set<ObjectName>,
        above: [ObjectName: Set<NameAbove>], limit: Int
    ) {
        self.superseded = superseded
        self.above = above
        self.limit = limit
        deleted = deletes
        // Those that wait keep what they would have deleted: others wait for that in turn.
        while true {
            let waiting = deleted.filter(waits)
            guard !waiting.isEmpty else { return }
            deleted.subtract(waiting)
        }
    }

    /// Whether the tombstone of this name can be published.
    func isDeleted(_ name: ObjectName) -> Bool { deleted.contains(name) }

    /// What a tombstone waits for, in order; there may be more.
    func waitsFor(_ name: ObjectName) -> [ObjectName] {
        if superseded.contains(name) { return [name] }
        let names = (above[name] ?? []).filter(holdsBack).map(\.name)
        return Array(names.sorted().prefix(limit))
    }

    private func waits(_ name: ObjectName) -> Bool {
        superseded.contains(name) || (above[name] ?? []).contains(where: holdsBack)
    }

    private func holdsBack(_ other: NameAbove) -> Bool {
        other.isPut || !deleted.contains(other.name)
    }
}
