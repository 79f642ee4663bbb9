// What a transaction did to the listed versions of one name. A long one may write a name very often, and each
// write asks for the newest that are there.

internal import MetadataIndex

struct ListedChanges {
    /// By key, whether it is there now.
    private(set) var isThere: [Bytes: Bool] = [:]
    /// The keys, oldest version first, so that a newer one is mostly added at the end. Newer versions have lesser keys.
    private var oldestFirst: [Bytes] = []

    mutating func note(_ key: Bytes, isThere: Bool) {
        guard self.isThere.updateValue(isThere, forKey: key) == nil else { return }
        var place = oldestFirst.endIndex
        while place > 0, oldestFirst[place - 1].lexicographicallyPrecedes(key) { place -= 1 }
        oldestFirst.insert(key, at: place)
    }

    /// The keys that are there, newest version first.
    func newest(atMost count: Int) -> [Bytes] {
        Array(oldestFirst.reversed().lazy.filter { isThere[$0] == true }.prefix(count))
    }
}
