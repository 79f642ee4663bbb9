// How far the digest of a multipart body has come: the parts that were hashed, in order, and the states of
// the hash at the ends of some of them. A pure value.
//
// Invariants: the parts are numbered from 1 on without a gap; the states' places ascend, and the last part
// has its state; no more states than the limit are kept, fewer the further back, so that dropping back a
// little is cheap and dropping back far is possible.

internal import Checksums

struct DigestChain: Sendable {
    private struct Mark: Sendable {
        /// Parts that the state has seen.
        var parts: Int
        /// Only ever copied.
        var state: MessageDigest
    }

    private let limit: Int
    private(set) var keys: [PartKey] = []
    private var marks: [Mark] = []

    init(limit: Int) {
        precondition(limit >= 2, "a chain keeps at least two states")
        self.limit = limit
    }

    /// The furthest state that has seen exactly the first of `wanted`, as a copy of its own, and how many
    /// it has seen. `nil` where none has seen one.
    func furthest(for wanted: [PartKey]) -> (parts: Int, state: MessageDigest)? {
        let agreed = zip(keys, wanted).prefix { $0 == $1 }.count
        guard let mark = marks.last(where: { $0.parts <= agreed }) else { return nil }
        return (mark.parts, mark.state.copy())
    }

    /// The state at the end of the chain, as a copy of its own; `nil` where it is at the start.
    var end: MessageDigest? { marks.last?.state.copy() }

    /// Whether this very part was hashed.
    func holds(_ key: PartKey) -> Bool {
        keys.indices.contains(key.number - 1) && keys[key.number - 1] == key
    }

    /// `state` has seen `key` after all that is here, and is not used by anyone afterwards.
    mutating func append(_ key: PartKey, _ state: MessageDigest) {
        precondition(key.number == keys.count + 1, "part \(key.number) is not the next one")
        keys.append(key)
        marks.append(Mark(parts: keys.count, state: state))
        guard marks.count > limit else { return }
        // Every second one of the older half goes.
        let half = marks.count / 2
        marks = marks.enumerated().filter { $0.offset >= half || $0.offset % 2 == 1 }
            .map(\.element)
    }

    /// Drops the part with this number, and all behind it, where it is not the one of `key`. The chain
    /// falls back to the last state it has before that.
    mutating func replace(_ key: PartKey) {
        guard keys.indices.contains(key.number - 1), !holds(key) else { return }
        marks.removeAll { $0.parts >= key.number }
        keys.removeSubrange((marks.last?.parts ?? 0)...)
    }
}
