// What other regions wrote is taken only if its stamp is not too far ahead of this region's clock: at most by
// the bound (five minutes). An entry beyond it is held: it stays out of the merge, and so out of the clock
// with which this region stamps its own writes, until the clock here has come near enough. Held means not
// taken: the cursor stays in front of the entry, and its origin, which keeps it, is asked again.
//
// Nothing that could be taken is held up by that. An origin's clock never goes back, so what it wrote
// behind such an entry is stamped later still.

package import Storage

/// An entry that is held.
package struct HeldEntry: Sendable, Hashable {
    package var reference: VersionReference
    /// Its stamp less this region's clock.
    package var aheadMilliseconds: Int64

    package init(reference: VersionReference, aheadMilliseconds: Int64) {
        self.reference = reference
        self.aheadMilliseconds = aheadMilliseconds
    }
}

extension HeldEntry: CustomStringConvertible {
    package var description: String {
        "\(reference.name) is held: it is stamped \(aheadMilliseconds / 1000) seconds ahead of the clock here"
    }
}

struct SkewBound: Sendable {
    /// This region's clock.
    let nowMilliseconds: Int64
    let boundMilliseconds: Int64

    /// The ranges up to the first entry of each that is held, and the first of those.
    func cut(_ ranges: [FeedRange]) -> (ranges: [FeedRange], held: HeldEntry?) {
        var first: HeldEntry?
        let taken = ranges.compactMap { range -> FeedRange? in
            guard let index = range.entries.firstIndex(where: { held($0.object) != nil }) else {
                return range
            }
            if first == nil { first = held(range.entries[index].object) }
            var range = range
            range.entries.removeSubrange(index...)
            guard let last = range.entries.last?.object.position else { return nil }
            range.through = last
            return range
        }
        return (taken, first)
    }

    /// An answer whose entry is held says that it is still to come.
    func cut(_ answers: [EntryAnswer]) -> [EntryAnswer] {
        answers.map { answer in
            guard let entry = answer.entry, held(entry.object) != nil else { return answer }
            return EntryAnswer(name: answer.name, entry: nil, isPending: true)
        }
    }

    private func held(_ object: ObjectVersion) -> HeldEntry? {
        // A stamp has 48 bits of milliseconds.
        let ahead = Int64(object.version.stamp.milliseconds) - max(nowMilliseconds, 0)
        guard ahead > boundMilliseconds else { return nil }
        return HeldEntry(
            reference: object.reference, aheadMilliseconds: ahead)
    }
}
